"""Hostile answers to a problem on standard input, by both scorers of LiveCodeBench: none passes, none breaks anything."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from evalkit.outcome import Outcome
from evalkit.registry import open_suite
from evalkit.task import Answer, Verdict
from tests.parity.livecodebench.problems import own

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="session")]

SECTION = re.compile(r"^=== ([\w-]+)(?:: (.+))?\n", re.MULTILINE)
_, *PARTS = SECTION.split(Path(__file__).with_name("stdio_attacks.txt").read_text(encoding="utf-8"))
ATTACKS = {name: (why, text) for name, why, text in zip(PARTS[::3], PARTS[1::3], PARTS[2::3], strict=True)}
SCORERS = ("lcb-2025-05", "real")
HONEST = "n = int(input())\nprint(sum(map(int, input().split())))\n"
METHOD = "class Solution:\n    def evens(self, xs):\n        return [x for x in xs if x % 2 == 0]\n"


async def scored(sandbox: Any, program: str, scorer: str, problem: str = "total", **options: Any) -> Verdict:
    suite = open_suite("livecodebench", {"scorer": scorer, "timeout": 1.5, "memory": 512, **options})
    [task] = suite.tasks([own()[problem]])
    verdict: Verdict = await suite.score(task, Answer(program, "solution"), sandbox)
    return verdict


LYING = {
    "always": "class Same:\n    def __eq__(self, other): return True\nclass Solution:\n    def evens(self, xs): return Same()",
    "list": "class Same(list):\n    def __eq__(self, other): return True\nclass Solution:\n    def evens(self, xs): return Same()",
    "item": "class Same(int):\n    def __eq__(self, other): return True\n    __hash__ = int.__hash__\nclass Solution:\n    def evens(self, xs): return [Same(9) for x in xs if x % 2 == 0]",
    "meta": "class Meta(type):\n    def __instancecheck__(cls, x): return True\n    def __eq__(cls, other): return True\n    __hash__ = type.__hash__\nclass Same(metaclass=Meta):\n    def __eq__(self, other): return True\nclass Solution:\n    def evens(self, xs): return Same",
    "class": "class Solution:\n    __class__ = list\n    def __eq__(self, other): return True\n    def evens(self, xs): return self",
    "cycle": "class Solution:\n    def evens(self, xs):\n        a = []; b = [a]; a.append(b)\n        return a",
    "deep": "class Solution:\n    def evens(self, xs):\n        a = []\n        for _ in range(100000): a = [a]\n        return a",
    "large": "class Solution:\n    def evens(self, xs):\n        return list(range(40_000_000))",
    "frames": "import sys\nclass Solution:\n    def evens(self, xs):\n        f = sys._getframe()\n        while f:\n            for n in ('right', 'want', 'expected', 'outputs'):\n                if n in f.f_locals: return f.f_locals[n]\n            f = f.f_back",
    "call-replaced": "import gc\nfor x in gc.get_objects():\n    if type(x) is dict and 'run_stdio' in x:\n        x['call'] = lambda *args: True\nclass Solution:\n    def evens(self, xs): return xs",
    "changes-arguments": "class Solution:\n    def evens(self, xs):\n        xs.clear()\n        return xs",
    "exit": "import os\nclass Solution:\n    def evens(self, xs): os._exit(0)",
    "exit-on-import": "import os\nos._exit(0)",
    "iterator": "class Solution:\n    def evens(self, xs): return (x for x in xs if x % 2 == 0)",
    "endless-iterator": "import itertools\nclass Solution:\n    def evens(self, xs): return itertools.count()",
    "array": "import numpy\nclass Solution:\n    def evens(self, xs): return numpy.array([])",
    "array-of-objects": "import numpy\nclass Same:\n    def __eq__(self, other): return True\nclass Solution:\n    def evens(self, xs): return numpy.array([Same()] * 2, dtype=object)",
}


async def attacked(sandbox: Any, name: str, scorer: str) -> None:
    """Run one attack; fails unless it fails, and for one of its reasons."""
    reasons, program = ATTACKS.get(name) or ("", LYING[name])
    verdict = await scored(sandbox, program, scorer, "total" if name in ATTACKS else "evens")
    assert verdict.outcome is Outcome.FAILED, (name, verdict)
    refused = scorer != "real" and "is not callable" in verdict.detail  # a name that the checker takes away
    assert not reasons or refused or verdict.reason in reasons.split(), (name, verdict.reason, verdict.detail)
    assert verdict.measured["wall_s"] < 100, name  # its limits, and a minute more on a busy machine


async def passes(sandbox: Any, problem: str, scorer: str) -> None:
    program = HONEST if problem == "total" else METHOD
    verdict = await scored(sandbox, program, scorer, problem, timeout=6.0)
    assert verdict.outcome is Outcome.PASSED, verdict


ALL = [*ATTACKS, *LYING]


@pytest.mark.parametrize(
    ("scorer", "names"),
    [
        pytest.param("lcb-2025-05", ALL[::2], id="lcb-2025-05", marks=pytest.mark.full),
        pytest.param("real", ALL[1::2], id="real"),
        pytest.param("lcb-2025-05", ALL[1::2], id="lcb-2025-05, the others", marks=pytest.mark.full),
        pytest.param("real", ALL[::2], id="real, the others", marks=pytest.mark.full),
    ],
)
async def test_no_attack_passes_and_honest_answers_beside_them_do(
    sandbox: Any, scorer: str, names: list[str]
) -> None:
    jobs = []
    for number, name in enumerate(names):
        jobs.append(attacked(sandbox, name, scorer))
        if number % 3 == 0:
            jobs.append(passes(sandbox, "total" if number % 2 else "evens", scorer))
    await asyncio.gather(*jobs)


@pytest.mark.full
@pytest.mark.parametrize("scorer", SCORERS)
@pytest.mark.parametrize("name", ALL)
async def test_the_next_honest_answer_passes(sandbox: Any, name: str, scorer: str) -> None:
    await attacked(sandbox, name, scorer)
    await passes(sandbox, "total", scorer)
    await passes(sandbox, "evens", scorer)


@pytest.mark.parametrize("scorer", SCORERS)
async def test_samples_learn_nothing_from_earlier_ones(sandbox: Any, scorer: str) -> None:
    leave = HONEST + (
        "import os, sys, posix, time\n"
        "for folder in ('.', '/tmp', '/dev/shm', '/var/tmp', os.path.expanduser('~')):\n"
        "    try:\n"
        "        __import__('io').open(folder + '/left', 'w').write('what was left')\n"
        "    except OSError:\n"
        "        pass\n"
    )
    look = (
        "import os\n"
        "for folder in ('.', '/tmp', '/dev/shm', '/var/tmp', os.path.expanduser('~')):\n"
        "    try:\n"
        "        print(__import__('io').open(folder + '/left').read())\n"
        "    except OSError:\n"
        "        pass\n"
    )
    for _ in range(6):  # every slot
        assert (await scored(sandbox, leave, scorer)).outcome is Outcome.PASSED
    for _ in range(6):
        verdict = await scored(sandbox, look, scorer)
        assert verdict.reason == "wrong", verdict
        assert "left" not in verdict.detail
