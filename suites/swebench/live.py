"""SWE-bench-Live: its rows, and its own evaluator's verdict on what the tests printed.

Its rows bring commands instead of a script, and a log parser that is `pytest` or Python code. Its rules are
others than SWE-bench's: a test of FAIL_TO_PASS must be seen passing, one of PASS_TO_PASS must not be seen
failing; who is absent does no harm there. (microsoft/SWE-bench-Live at 70ec57e, evaluation/evaluation.py;
read 2026-11-26.)
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalkit.errors import DataError
from evalkit.recipe import Part, Recipe

from .instances import NAME, test_ids

PYTEST = "pytest"  # the parser that is not in the row
WORDS = ("PASSED", "FAILED", "SKIPPED", "ERROR", "XFAIL")
# as their runtime takes escapes and carriage returns out of what a terminal shows
ESCAPE = re.compile(r"\x1B(?:[@-Z\\-_]|\[[0-?]*[ -/]*[@-~])")
# where parsers that rows bring are run
PARSER = Recipe(
    "swebench-live-parser",
    parts=(Part("python", gives=("python",), debs=("python3",), check=("python3", "-c", "import json")),),
)


@dataclass(frozen=True)
class LiveInstance:
    """What running and grading need of a row. `parser`: PYTEST, or code that defines `parser(log)`."""

    id: str
    repo: str
    image: str
    test_patch: str
    rebuild: str
    test: str
    show: str
    parser: str
    fail_to_pass: tuple[str, ...]
    pass_to_pass: tuple[str, ...]


def is_live(row: Mapping[str, Any]) -> bool:
    return "test_cmds" in row


def read_live(row: Mapping[str, Any]) -> LiveInstance:
    """DataError, naming instance and field, for a row that is none of Live's."""
    name = row.get("instance_id")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise DataError(f"instance_id {str(name)[:80]!r} is no name of an instance")
    for key in ("repo", "test_patch"):
        if not isinstance(row.get(key), str):
            raise DataError(f"{name}: {key} is no text", "a row of SWE-bench-Live has it")
    parser = row.get("log_parser") or row.get("parser") or ""
    if not isinstance(parser, str) or not parser.strip():
        raise DataError(f"{name}: no log_parser", "pytest, or code that defines parser(log)")
    if not (test := joined(name, row, "test_cmds")).strip():
        raise DataError(f"{name}: test_cmds says nothing to run")
    return LiveInstance(
        id=name,
        repo=row["repo"],
        image=image_of(row),
        test_patch=row["test_patch"],
        rebuild=joined(name, row, "rebuild_cmds"),
        test=test,
        show=joined(name, row, "print_cmds"),
        parser=parser,
        fail_to_pass=test_ids(name, "FAIL_TO_PASS", row.get("FAIL_TO_PASS")),
        pass_to_pass=test_ids(name, "PASS_TO_PASS", row.get("PASS_TO_PASS")),
    )


def joined(name: str, row: Mapping[str, Any], key: str) -> str:
    """Commands as one line, as their evaluator sends them."""
    lines = row.get(key) or []
    if isinstance(lines, str) or not all(isinstance(line, str) for line in lines):
        raise DataError(f"{name}: {key} is no list of commands")
    return " ; ".join(lines)


def image_of(row: Mapping[str, Any]) -> str:
    """The row's own, else the one that its name stands for. Those for Windows cannot run here."""
    if named := row.get("docker_image"):
        return str(named)
    return f"starryzhang/sweb.eval.x86_64.{str(row['instance_id']).replace('__', '_1776_').lower()}"


# -- the verdict -----------------------------------------------------------------------------------


def cleaned(log: bytes) -> str:
    return ESCAPE.sub("", log.decode("utf-8", "ignore")).replace("\r", "")


def by_pytest(log: str) -> dict[str, str]:
    """What `pytest -rA` says, in Live's words: pass, skip, fail (an expected failure is one, too)."""
    found = {}
    for line in log.split("\n"):
        if not line.startswith(WORDS):
            continue
        words = (line.replace(" - ", " ") if line.startswith("FAILED") else line).split()
        if len(words) > 1:
            word = words[0].lower()
            found[words[1]] = "pass" if "pass" in word else "skip" if "skip" in word else "fail"
    return found


def live_report(instance: LiveInstance, statuses: Mapping[str, str]) -> dict[str, Any]:
    """What their report.json says: {"instance_id", "resolved", "PASS_TO_PASS" and "FAIL_TO_PASS": {"success",
    "failure"}}, ids sorted (theirs are in no order)."""
    good = {test for test, word in statuses.items() if "pass" in word.lower()}
    bad = {test for test, word in statuses.items() if "fail" in word.lower()}

    def lists(tests: Sequence[str]) -> dict[str, list[str]]:
        return {"success": sorted(good & set(tests)), "failure": sorted(bad & set(tests))}

    must, kept = lists(instance.fail_to_pass), lists(instance.pass_to_pass)
    seen = set(instance.fail_to_pass) <= set(must["success"])
    resolved = seen and not must["failure"] and not kept["failure"]
    return {"instance_id": instance.id, "resolved": resolved, "PASS_TO_PASS": kept, "FAIL_TO_PASS": must}


def why(instance: LiveInstance, report: Mapping[str, Any]) -> str:
    """In words, of one that is not resolved."""
    unseen = sorted(set(instance.fail_to_pass) - set(report["FAIL_TO_PASS"]["success"]))
    failed = report["PASS_TO_PASS"]["failure"]
    parts = [("FAIL_TO_PASS not seen passing", unseen), ("PASS_TO_PASS seen failing", failed)]
    return "; ".join(f"{len(names)} {what}: {', '.join(names[:3])}" for what, names in parts if names)
