"""What reporters say of tests, read line by line: (name, status), as often as it was said.

Statuses are passed, failed and skipped. Lines that are none of a reporter's are passed over: they are an
answer's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from html import unescape

from .runners import Format

Said = Iterator[tuple[str, str]]


def said(form: Format, lines: Sequence[str]) -> list[tuple[str, str]]:
    return list(FORMATS[form](lines))


STATUSES = {"passed": "passed", "skipped": "skipped", "pending": "skipped", "todo": "skipped"}


def _lines(lines: Sequence[str]) -> Said:
    """Of our own reporters: a JSON object a line."""
    for line in lines:
        try:
            fact = json.loads(line)
            name, status = fact["name"], fact["status"]
        except (ValueError, TypeError, KeyError, RecursionError):
            continue
        if isinstance(name, str) and isinstance(status, str):
            yield name, STATUSES.get(status, "failed")


def _libtest(lines: Sequence[str]) -> Said:
    """Rust's --logfile: "ok name"; a test that should panic has more words behind its name."""
    statuses = {"ok": "passed", "failed": "failed", "ignored": "skipped"}
    for line in lines:
        status, _, name = line.partition(" ")
        if status in statuses and name:
            yield name.partition(" - ")[0].strip(), statuses[status]


def _catch(lines: Sequence[str]) -> Said:
    """Catch2's XML, written as tests end: a case is what its overall result says."""
    name = None
    for line in lines:
        if case := re.match(r"\s*<TestCase name=\"([^\"]*)\"", line):
            name = unescape(case[1])
        elif name is not None and (result := re.match(r"\s*<OverallResult success=\"(true|false)\"", line)):
            yield name, "passed" if result[1] == "true" else "failed"
            name = None


def _go(lines: Sequence[str]) -> Said:
    """What a Go test binary says with -test.v=test2json: lines marked with ^V. Parents fail with subtests."""
    for line in lines:
        if found := re.match(r".*?\x16--- (PASS|FAIL|SKIP): (\S+) \(", line):
            yield found[2], {"PASS": "passed", "FAIL": "failed", "SKIP": "skipped"}[found[1]]


FORMATS: dict[Format, Callable[[Sequence[str]], Said]] = {
    "lines": _lines,
    "libtest": _libtest,
    "catch": _catch,
    "go": _go,
}
