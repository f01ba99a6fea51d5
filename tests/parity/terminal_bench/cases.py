"""Screens and reward files, all of them our own: what tests print, what they do not, and what forgers might.

Nothing of evalkit is imported here: the recorder runs in the authors' environment.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

HEAD = "=" * 27 + " short test summary info " + "=" * 28
TAIL = "=" * 30 + " 1 failed, 2 passed in 0.12s " + "=" * 31

PYTEST = (
    "",
    "root@box:/app# bash /tests/run-tests.sh\nbash: uv: command not found\nroot@box:/app# ",
    f"{HEAD}\nPASSED ../tests/test_outputs.py::test_one\n{TAIL}\n",
    f"collected 3 items\n{HEAD}\nPASSED t.py::a\nFAILED t.py::b - assert 1 == 2\nPASSED t.py::c\n{TAIL}",
    f"{HEAD}\nSKIPPED [1] t.py:3: not here\nXFAIL t.py::x - known\nXPASS t.py::y\nERROR t.py::z - boom\n",
    f"{HEAD}\nERROR t.py - ImportError: cannot import\n{TAIL}",
    f"{HEAD}\n{TAIL}",
    f"{HEAD}\nFAILED t.py::a - a - b - c\nFAILED t.py::a[x - y]\nFAILED t.py::d[p - q] - why\n",
    f"{HEAD}\nPASSED t.py::a\nFAILED t.py::a\n{HEAD}\nPASSED t.py::a\n",
    "=== Short  Test SUMMARY info ===\nPASSED t.py::a",
    "==== SHORT TEST SUMMARY INFO ====\npassed t.py::a\nPASSED: t.py::b\n:FAILED: t.py::c\n",
    "=\nshort test summary info\n=\nPASSED x::y",
    "short test summary info\nPASSED t.py::a",
    f"{HEAD}\nPASSED\nPASSED \nPASSED ::\nPASSED a::\nPASSED ::b\n  PASSED t.py::padded  \n",
    f"{HEAD}\nUNKNOWN t.py::a\nPASSEDLY t.py::b\nOK t.py::c\nFAILED\n",
    f"{HEAD}\nFAILED t.py::TestA::test_b - E   AssertionError: - \n",
    f"{HEAD}\nPASSED t.py::wrapped_" + "x" * 140 + "\nyyy\nFAILED t.py::" + "z" * 150 + "\n - late\n",
    f"{HEAD}\r\nPASSED t.py::a\r\nFAILED t.py::b - c\r\n",
    f"{HEAD}\nPASSED t.py::a\x0bFAILED t.py::b\u2028PASSED t.py::c\x0cERROR t.py::d",
    f"{HEAD} PASSED t.py::same_line\nPASSED t.py::a b c\n",
    f"{HEAD}\nPASSED t.py::\u00fc\u4e2d\u6587\nFAILED t.py::\U0001f600 - \u2014 - \u2013\n",
    f"{HEAD}\nFAILED - x\nFAILED t.py::q -\nFAILED t.py::r  -  s\nERROR: t.py::e - f - g\n",
)
START, END = "SWEBench results starts here", "SWEBench results ends here"
SWEBENCH = (
    f"{START}\nPASSED\n{END}",
    f"x{START} PASSED {END}y",
    f"{START}\nFAILED\n{END}",
    f"{START}\nPASSED\n",
    f"PASSED\n{END}",
    f"{END}\nPASSED\n{START}",
    f"{START}\nPASSED\n{END}\n{START}\nFAILED\n{END}",
    f"{START}\n{START}\nPASSED\n{END}",
    f"{START}\npassed\n{END}",
    f"{START}{END}",
    "",
)
SWELANCER = (
    "SWE Lancer Success",
    "swe lancer failure",
    "swe lancer failure\nswe lancer success",
    "user_tool ... Completed",
    "user_tool completed, swe lancer failure",
    "completed",
    "user_tool",
    "",
)


def swapped(text: str, start: str, end: str) -> str:
    return text.replace(START, start).replace(END, end)


def screens() -> Iterator[tuple[str, str]]:
    """(parser, screen)."""
    for text in PYTEST:
        yield "pytest", text
        for number in range(12):
            yield "pytest", mutated(text, number)
    for text in SWEBENCH:
        yield "swebench", text
        yield "sweperf", swapped(text, "SWE-Perf results starts here", "SWE-Perf results ends here")
        perf = text.replace("PASSED", "ALL TESTS PASSED")
        yield "mlebench", swapped(perf, "MLEBench results starts here", "MLEBench results ends here")
    for text in SWELANCER:
        yield "swelancer", text
    yield "mlebench", "ALL TESTS PASSED"
    yield "mlebench", " ALL TESTS PASSED \n"


def mutated(text: str, number: int) -> str:
    """The same for the same number: lines lost, doubled, wrapped, mixed, cut, or with another word."""
    draw = random.Random(f"{number}:{text}")
    lines = text.split("\n")
    at = draw.randrange(len(lines))
    kind = number % 6
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines.insert(at, lines[draw.randrange(len(lines))])
    elif kind == 2:
        lines = [line[i : i + 40] for line in lines for i in range(0, max(1, len(line)), 40)]
    elif kind == 3:
        draw.shuffle(lines)
    elif kind == 4:
        lines[at] = lines[at][: draw.randrange(len(lines[at]) + 1)]
    else:
        word = draw.choice(("PASSED", "FAILED", "XPASS", "ERROR:", "SKIPPED", "UNKNOWN", " FAILED"))
        lines[at] = f"{word} {lines[at].partition(' ')[2]}"
    return "\n".join(lines)


@dataclass(frozen=True)
class Left:
    """What lies where rewards are written; None: no such file."""

    json: bytes | None = None
    text: bytes | None = None


REWARDS = (
    Left(),
    Left(text=b"1"),
    Left(text=b"0\n"),
    Left(text=b" 0.5 \n"),
    Left(text=b"1_0"),
    Left(text=b"1e3"),
    Left(text=b"-1"),
    Left(text=b""),
    Left(text=b"\n"),
    Left(text=b"one"),
    Left(text=b"1 1"),
    Left(text=b"nan"),
    Left(text=b"inf"),
    Left(text=b"1e999"),
    Left(text=b"\xff1"),
    Left(text="\u0661".encode()),
    Left(text=b"True"),
    Left(json=b"", text=b"1"),
    Left(json=b"{", text=b"1"),
    Left(json=b'{"reward": 1}', text=b"0"),
    Left(json=b'{"reward": 0.25, "style": 1}'),
    Left(json=b'{"reward": true}'),
    Left(json=b'{"reward": null}'),
    Left(json=b'{"reward": "1"}'),
    Left(json=b'{"reward": NaN}'),
    Left(json=b'{"reward": Infinity}'),
    Left(json=b'{"reward": 1e309}'),
    Left(json=b'{"reward": [1]}'),
    Left(json=b'{"a": {"b": 1}}'),
    Left(json=b'{"reward": 1, "reward": 0}'),
    Left(json=b"1"),
    Left(json=b"[1]"),
    Left(json=b'"1"'),
    Left(json=b"{}"),
    Left(json=b'\xef\xbb\xbf{"reward": 1}'),
    Left(json=b'{"reward": 1} x'),
    Left(json=b' {\n"reward" : 1.0 }\n'),
    Left(json=b'{"": 1}'),
    Left(json='{"r\u00e9sultat": 1}'.encode()),
    Left(json=b"[" * 100_000),
)
