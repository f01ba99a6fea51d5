"""What the witness reported, by the official rules for ids and words, and more strictly where those can be
talked to.

Each report is one line as the runner itself prints it, read by the row's own parser. Of several results for
one id the worst counts. A test that is skipped by what the patch brought is not skipped but missing, and a
failure is only expected where the test itself is marked so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from evalkit.task import TestResult
from evalkit.witness import Launched, Traps

from ..grading import BREAKS, tests_status
from ..instances import Instance
from ..parsers import parser
from ..statuses import ERROR, FAILED, PASSED, SKIPPED, XFAIL, Statuses
from .scripts import runner

WORST = (FAILED, ERROR, SKIPPED, XFAIL, PASSED)  # the others, which officially say nothing, between
SHOWN = 3
NO_TEST = re.compile(r"\[ *\d+%\]")  # pytest's progress, which is among the expected "tests" of two instances
Fact = Mapping[str, Any]


def judged(
    instance: Instance, run: Launched, traps: Traps, changed: Collection[str]
) -> tuple[tuple[TestResult, ...], tuple[str, ...]]:
    """Each expected test's result, and why it is no pass. `changed`: files that the patch brought."""
    facts, faults = facts_of(run, runner(instance) == "pytest")
    faults += trap_faults(facts, traps)
    statuses = read(instance, [fact for fact in facts if fact["name"] not in traps.names], changed)
    lists = tests_status(instance, statuses)
    tests = tuple(
        TestResult(name, "passed" if key == "success" else "wrong")
        for each in lists.values()
        for key in ("success", "failure")
        for name in each[key]
    )
    tests = tuple(test for test in tests if not NO_TEST.fullmatch(test.name))
    missing = {*instance.fail_to_pass, *instance.pass_to_pass} - {test.name for test in tests}
    missing = {name for name in missing if not NO_TEST.fullmatch(name)}
    tests += tuple(TestResult(name, "wrong", "neither passed nor failed") for name in sorted(missing))
    wrong = [test.name for test in tests if test.status != "passed"]
    if wrong:
        more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        faults.append(
            f"{len(wrong)} of {len(tests)} expected tests did not pass: {', '.join(wrong[:SHOWN])}{more}"
        )
    return tests, tuple(faults)


def facts_of(run: Launched, ends: bool) -> tuple[list[Fact], list[str]]:
    """Reports that have the right shape, and what is wrong with the rest. `ends`: whether the runner says
    when it is done."""
    facts: list[Fact] = []
    faults = [f"more was reported than {len(run.lines)} lines"] if run.full else []
    over = 0
    for line in run.lines:
        if not line.strip():
            continue
        try:
            fact = json.loads(line)
        except (ValueError, RecursionError):
            fact = None
        if isinstance(fact, dict) and fact.get("end") is True:
            over += 1
        elif over:
            faults.append("results were reported after the end")
            break
        elif isinstance(fact, dict) and all(
            isinstance(fact.get(key), str) for key in ("name", "word", "line")
        ):
            facts.append(fact)
        else:
            faults.append("something else than results was reported")
            break
    if ends and over != 1:
        faults.append(
            "the end of the tests was reported twice" if over else "the tests did not come to their end"
        )
    return facts, faults


def trap_faults(facts: list[Fact], traps: Traps) -> list[str]:
    if not traps.names:
        return ["there is no test file that could hold a trap"]
    words: dict[str, set[str]] = {name: set() for name in traps.names}
    for fact in facts:
        if fact["name"] in words:
            words[fact["name"]].add(fact["word"])
    if any(PASSED in words[name] for name in traps.failing):
        return ["a test that cannot pass was reported as passed"]
    caught = [name for name in traps.failing if not words[name] or words[name] - {FAILED, ERROR}]
    caught += [name for name in traps.passing if words[name] != {PASSED}]
    if caught:
        return [f"{len(caught)} of {len(traps.names)} traps, which show whether all is run, did not come out"]
    return []


def read(instance: Instance, facts: list[Fact], changed: Collection[str]) -> Statuses:
    parse = parser(instance)
    statuses: Statuses = {}
    for fact in facts:
        word, line = fact["word"], fact["line"]
        if word == SKIPPED and fact.get("where") in changed:
            continue
        if word == XFAIL and not fact.get("marked"):
            line = line.replace(XFAIL, FAILED, 1)
        try:
            found = parse(line, instance)
        except BREAKS:
            continue
        for name, said in found.items():
            statuses[name] = worse(statuses.get(name, said), said)
    return statuses


def worse(one: str, other: str) -> str:
    return min(one, other, key=lambda word: WORST.index(word) if word in WORST else 2.5)
