"""Programs for every problem of LiveCodeBench that know the tests at hand, and what they do with them."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

from evalkit_suites.livecodebench.records import Tests, tests_of

from ..make_corpus import Sample
from .problems import Record, sections

SUITE = "livecodebench"
SEED = "evalkit parity 1 livecodebench"
ARGUMENTS = "json.dumps(args)"


def told_samples(problems: dict[str, Record]) -> Iterator[Sample]:
    """Two programs a problem: one that is right by the tests at hand, and one of the other ways."""
    stdio, call = dict(sections("told_stdio.txt")), dict(sections("told_call.txt"))
    for name, record in problems.items():
        tests = tests_of(record)
        ways = call if tests.function else stdio
        other = random.Random(f"{SEED} {name}").choice([way for way in ways if way != "told"])
        for way in ("told", other):
            yield Sample(SUITE, name, f"told:{way}", program(ways[way], tests))


def program(text: str, tests: Tests) -> str:
    marks = {"@TOLD@": table(tests), "@NAME@": tests.function, "@ARGS@": ARGUMENTS}
    for mark, part in marks.items():
        text = text.replace(mark, part)
    return text


def table(tests: Tests) -> str:
    pairs = list(zip(tests.inputs, tests.outputs, strict=True))
    if tests.function:
        known = {
            json.dumps([json.loads(line) for line in given.split("\n")]): json.loads(right)
            for given, right in pairs
        }
    else:
        known = dict(pairs)
    return f"TOLD = {known!r}"
