"""Programs that behave oddly: at their top level, while called, or as a text.

Most stand in odd_programs.txt; here are those that a plain text file cannot hold, and changes of
the whole text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

SECTION = re.compile(r"^=== (piece|slow piece|call|slow call) (\S+)\n", re.MULTILINE)
CALL = """@GOLD@

_gold_answer = @F@
def @F@(*args, **kwargs):
    gold = _gold_answer
"""


def _read() -> dict[str, dict[str, str]]:
    """The sections of odd_programs.txt: text by name, by kind. Calls are whole programs already."""
    _, *parts = SECTION.split(Path(__file__).with_suffix(".txt").read_text(encoding="utf-8"))
    found: dict[str, dict[str, str]] = {}
    for kind, name, text in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        if kind.endswith("call"):
            text = CALL + "".join(f"    {line}\n" for line in text.splitlines())
        found.setdefault(kind, {})[name] = text
    return found


READ = _read()
CHARACTERS = {
    "nul": "@GOLD@\n# \0\n",
    "surrogate-in-comment": "@GOLD@\n# \ud800\n",
    "unicode-name": "@GOLD@\nπ = 3\nassert π == 3\n",
    "unicode-text": "@GOLD@\ns = '日本語 🐍'\nassert len(s) == 5\n",
    "no-break-space": "@GOLD@\nx =\u00a01\n",
    "byte-order-mark": "\ufeff@GOLD@\n",
    "coding-latin": "# -*- coding: latin-1 -*-\n@GOLD@\nassert len('é') == 1\n",
    "form-feed": "@GOLD@\n\f\nx = 1\n",
    "open-if": "@GOLD@\nif True:",
    "trailing-backslash": "@GOLD@\nx = 1 \\",
    "trailing-decorator": "@GOLD@\n@staticmethod",
    "trailing-comment": "@GOLD@\n# the end",
    "trailing-spaces": "@GOLD@\n    ",
    "many-brackets": f"@GOLD@\nx = {'(' * 150}1{')' * 150}\n",
    "too-many-brackets": f"@GOLD@\nx = {'(' * 250}1{')' * 250}\n",
    "huge-literal": f"@GOLD@\nx = {'9' * 5000}\n",
    "empty": "",
    "only-text": "I cannot solve this problem.",
}
QUICK: dict[str, str] = {**READ["piece"], **READ["call"], **CHARACTERS}
SLOW: dict[str, str] = {**READ["slow piece"], **READ["slow call"]}


def _unix(gold: str) -> str:
    return gold.replace("\r\n", "\n")


def _indented(gold: str) -> str:
    return "\n".join("    " + line for line in gold.split("\n"))


TEXTS: dict[str, Callable[[str], str]] = {
    "crlf": lambda gold: _unix(gold).replace("\n", "\r\n"),
    "cr": lambda gold: _unix(gold).replace("\n", "\r"),
    "tabs": lambda gold: gold.replace("    ", "\t"),
    "mixed-tabs": lambda gold: gold.replace("    ", "\t", 1),
    "indented": _indented,
    "cut": lambda gold: gold[: len(gold) * 9 // 10],
    "half": lambda gold: gold[: len(gold) // 2],
    "source-twice": lambda gold: gold + "\n\n" + gold,
    "blank-lines": lambda gold: "\n\n\n" + gold + "\n\n\n",
    "in-class": lambda gold: "class Solution:\n" + _indented(gold) + "\n",
    "in-if": lambda gold: "if True:\n" + _indented(gold) + "\n",
}


def odd_program(gold: str, entry: str, name: str) -> str:
    """The gold program made odd by the entry `name` of QUICK, SLOW or TEXTS."""
    if name in TEXTS:
        return TEXTS[name](gold)
    return (QUICK | SLOW)[name].replace("@GOLD@", gold).replace("@F@", entry)
