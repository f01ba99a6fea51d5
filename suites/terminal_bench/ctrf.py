"""Per-test results that a verifier left beside its reward: CTRF (ctrf.json) or JUnit (*.xml).

They say more about a verdict, and make none. Whatever cannot be read is no result.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

from evalkit.task import TestResult
from evalkit.workspace import File

MOST_TESTS, NAME, DETAIL = 5_000, 300, 400
MOST_BYTES = 16 << 20
PASSES = ("passed", "skipped", "pending")
BAD = ("failure", "error")  # elements of JUnit
PYTEST = "pytest"  # pytest-json-ctrf 0.3.5 writes seconds, where the format has milliseconds


def read_tests(files: Mapping[str, File]) -> tuple[TestResult, ...]:
    """From the verifier's folder: the CTRF file's, else those of the first JUnit file by name."""
    for name in sorted(files, key=lambda name: (name != "ctrf.json", name)):
        data = files[name].data
        if not 0 < len(data) <= MOST_BYTES or "/" in name:
            continue
        found = of_ctrf(data) if name.endswith(".json") else of_junit(data) if name.endswith(".xml") else ()
        if found:
            return found
    return ()


def of_ctrf(data: bytes) -> tuple[TestResult, ...]:
    try:
        results = json.loads(data)["results"]
        rows = [test for test in results["tests"][:MOST_TESTS] if isinstance(test, dict)]
        tool = results.get("tool", {}).get("name")
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
        return ()
    return tuple(ctrf_test(test, 1.0 if tool == PYTEST else 1e-3) for test in rows)


def ctrf_test(test: Mapping[str, Any], unit_s: float) -> TestResult:
    status, duration = str(test.get("status", "")), test.get("duration")
    seconds = float(duration) * unit_s if isinstance(duration, int | float) and 0 <= duration < 1e12 else None
    return result(str(test.get("name", "")), status, test.get("message") or test.get("trace"), seconds)


def of_junit(data: bytes) -> tuple[TestResult, ...]:
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:  # no report has either, and what they do costs
        return ()
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError):
        return ()
    return tuple(limited(junit_tests(root))) if root.tag in ("testsuite", "testsuites") else ()


def junit_tests(root: ElementTree.Element) -> Iterator[TestResult]:
    for case in root.iter("testcase"):
        bad = next((child for child in case if child.tag in BAD), None)
        skipped = any(child.tag == "skipped" for child in case)
        name = "::".join(filter(None, (case.get("classname", ""), case.get("name", ""))))
        status = "failed" if bad is not None else "skipped" if skipped else "passed"
        try:
            seconds = float(case.get("time", ""))
        except ValueError:
            seconds = None
        message = (bad.get("message") or bad.text) if bad is not None else None
        yield result(name, status, message, seconds)


def limited(tests: Iterable[TestResult]) -> Iterator[TestResult]:
    for _, test in zip(range(MOST_TESTS), tests, strict=False):
        yield test


def result(name: str, status: str, message: object, seconds: float | None) -> TestResult:
    passes = status in PASSES
    said = "" if passes and status == "passed" else str(message or status)[-DETAIL:]
    finite = seconds if seconds is not None and 0 <= seconds < 1e9 else None
    return TestResult(name[:NAME], "passed" if passes else "wrong", said, finite)
