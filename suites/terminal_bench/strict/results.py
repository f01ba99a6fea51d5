"""What the reporter said of a task's tests: whether each was seen to pass, and what speaks against it."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from evalkit.task import TestResult
from evalkit.witness import Traps
from evalkit.workspace import File

SHOWN = 3
Fact = Mapping[str, Any]


def judged(
    lines: Sequence[str], tests: Mapping[str, File], given: Iterable[str], traps: Traps
) -> tuple[tuple[TestResult, ...], tuple[str, ...]]:
    """Each test's result, and why they are no pass. `given`: names of the files that pytest was to run."""
    facts, faults = read(lines)
    if not any(fact["e"] == "collected" for fact in facts):
        return (), (*faults, "the tests were not run")
    words: dict[str, list[str]] = {}
    for fact in facts:
        if fact["e"] == "report":
            words.setdefault(fact["id"], []).append(fact["outcome"])
        elif fact["e"] == "uncollected":
            words.setdefault(fact["id"], []).append("failed")
        elif fact["e"] == "collected":
            for name in fact["ids"]:
                words.setdefault(name, [])
    faults += trap_faults(words, traps)
    results = tuple(
        TestResult(name, "passed" if said == ["passed"] * 3 else "wrong", ", ".join(said))
        for name, said in words.items()
        if last(name) not in traps.names
    )
    wrong = [result.name for result in results if result.status != "passed"]
    if wrong:
        more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        faults.append(f"{len(wrong)} of {len(results)} tests did not pass: {', '.join(wrong[:SHOWN])}{more}")
    seen = {(PurePosixPath(name.partition("::")[0]).name, last(name)) for name in words}
    missing = [
        f"{PurePosixPath(path).name}::{name}"
        for path, file in tests.items()
        if PurePosixPath(path).name in set(given)
        for name in written(file)
        if (PurePosixPath(path).name, name) not in seen
    ]
    if missing:
        faults.append(f"{len(missing)} tests were not run: {', '.join(missing[:SHOWN])}")
    return results, tuple(faults)


def read(lines: Sequence[str]) -> tuple[list[Fact], list[str]]:
    """Facts of the right shape, and what is wrong with the rest."""
    facts: list[Fact] = []
    for line in lines:
        try:
            fact = json.loads(line)
        except (ValueError, RecursionError):
            fact = None
        if not (isinstance(fact, dict) and whole(fact)):
            return facts, ["something else than results was reported"]
        if facts and facts[-1]["e"] == "exit":
            return facts, ["something was reported after the end"]
        facts.append(fact)
    began = [fact["e"] for fact in facts].count("began")
    if facts and (began != 1 or facts[0]["e"] != "began" or facts[-1]["e"] != "exit"):
        return facts, ["the tests did not come to their end"]
    return facts, []


def whole(fact: Mapping[str, Any]) -> bool:
    kind = fact.get("e")
    if kind == "collected":
        ids = fact.get("ids")
        return isinstance(ids, list) and all(isinstance(name, str) for name in ids)
    if kind in ("report", "uncollected"):
        return isinstance(fact.get("id"), str) and isinstance(fact.get("outcome", ""), str)
    return kind in ("began", "exit")


def trap_faults(words: Mapping[str, Sequence[str]], traps: Traps) -> list[str]:
    if not traps.names:
        return ["there is no test file that could hold a trap"]
    said = {last(name): outcomes for name, outcomes in words.items() if last(name) in traps.names}
    if any(list(said.get(name, ())) == ["passed"] * 3 for name in traps.failing):
        return ["a test that cannot pass was reported as passed"]
    caught = [name for name in traps.failing if "failed" not in said.get(name, ())]
    caught += [name for name in traps.passing if list(said.get(name, ())) != ["passed"] * 3]
    if caught:
        return [f"{len(caught)} of {len(traps.names)} traps, which show whether all is run, did not come out"]
    return []


def last(name: str) -> str:
    """A test's own name, without its parameters."""
    return name.rpartition("::")[2].partition("[")[0]


def written(file: File) -> list[str]:
    """Names of the tests that a file has, as its text shows them: functions, and methods of test classes."""
    try:
        tree = ast.parse(file.data.decode("utf-8", "replace"))
    except (SyntaxError, ValueError, RecursionError):
        return []
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    found = [node.name for node in tree.body if isinstance(node, functions)]
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            found += [each.name for each in node.body if isinstance(each, functions)]
    return [name for name in found if name.startswith("test")]
