"""The programs of LiveCodeBench's parity corpus: right ones, mutated ones and odd ones, in a fixed order."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from ..make_corpus import Sample
from ..mutations import mutate
from .problems import PRINTED, RETURNED, sections

SUITE = "livecodebench"
SEED = "evalkit parity 1 livecodebench"
MUTANTS = 9  # a right program
READ = "n = int(input())\nxs = list(map(int, input().split()))"
METHOD = "class Solution:\n    def evens(self, xs):\n        return [x for x in xs if x % 2 == 0]"
RIGHT = "[x for x in xs if x % 2 == 0]"
IMPORTS = (
    "import numpy\nfrom array import array\nfrom collections import UserString\nfrom decimal import Decimal\n"
)
IMPORTS += "from fractions import Fraction\n"


def own_samples() -> Iterator[Sample]:
    """Programs for the problems of our own."""
    for name, text in sections("odd_stdio.txt"):
        yield sample("total", name, fill(text))
    for name, text in sections("odd_call.txt"):
        yield sample("evens", name, fill(text))
    for number, texts in enumerate(PRINTED.values()):
        for n, text in enumerate(texts):
            yield Sample(SUITE, f"printed-{number}", f"odd:{n}", f"print({text!r}, end='')\n")
    for number, values in enumerate(RETURNED.values()):
        for n, value in enumerate(values):
            program = f"{IMPORTS}class Solution:\n    def value(self, x):\n        return {value}\n"
            yield Sample(SUITE, f"returned-{number}", f"odd:{n}", program)


def real_samples() -> Iterator[Sample]:
    """Right programs for problems of LiveCodeBench, and what small wrong turns make of them."""
    for name, text in sections("gold.txt"):
        yield Sample(SUITE, name, "gold", text)
        rng = random.Random(f"{SEED} {name}")
        for number, (kind, program) in enumerate(mutate(text, rng, MUTANTS)):
            yield Sample(SUITE, name, f"mutant:{kind}:{number}", program)


def sample(task_id: str, name: str, program: str) -> Sample:
    return Sample(SUITE, task_id, f"odd:{name.replace(': ', '-')}", program)


def fill(text: str) -> str:
    """Put the common parts in, at the place's own indentation."""
    text = re.sub(r"^([ \t]*)@N@", lambda m: indented(READ, m[1]), text, flags=re.MULTILINE)
    text = re.sub(r"^([ \t]*)@M@", lambda m: indented(METHOD, m[1]), text, flags=re.MULTILINE)
    parts = {
        "@B@": RIGHT,
        "@ONES@": " + ".join(["1"] * 3000) + " - 3000",
        "@DEEP@": "-" * 500 + "0",
        "@BRACKETS@": "(" * 250 + "0" + ")" * 250,
        "\\0\n": "\0\n",
    }
    for mark, part in parts.items():
        text = text.replace(mark, part) if mark != "\\0\n" else re.sub(r"# \\0\n", "# \0\n", text)
    return text


def indented(text: str, space: str) -> str:
    return "\n".join(space + line for line in text.split("\n"))
