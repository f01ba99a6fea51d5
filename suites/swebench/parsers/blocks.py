"""Reporters whose tests take several lines, or stand under headings."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import deque

from ..instances import Instance
from ..statuses import FAILED, PASSED, SKIPPED, Statuses

BUILDS = {"BUILD SUCCESS": PASSED, "BUILD FAILURE": FAILED}


def maven(text: str, instance: Instance) -> Statuses:
    """One build a test: its command, as `set -x` prints it, names the test; the build's end is the test's.

    An end takes the oldest command that waits. Ends before any command serve, in their order, those that are
    left at last.
    """
    statuses: Statuses = {}
    waiting: deque[str] = deque()
    early: deque[str] = deque()
    for line in map(str.strip, text.split("\n")):
        if command := re.match(r".*-Dtest=(\S+)", line):
            waiting.append(command[1])
        if end := next(filter(line.endswith, BUILDS), None):
            if waiting:
                statuses[waiting.popleft()] = BUILDS[end]
            else:
                early.append(end)
    return statuses | {test: BUILDS[end] for test, end in zip(waiting, early, strict=False)}


GRADLE = {"PASSED": PASSED, "FAILED": FAILED}
WHOLE = re.compile(r"([^>].+)\s(PASSED|FAILED)$")
NAME = re.compile(r"[^>]\S*\s+>\s+\S+$")


def gradle(text: str, instance: Instance) -> Statuses:
    """ "Class > method PASSED", or the word on a line of its own, some lines later."""
    statuses: Statuses = {}
    waiting = None
    for line in map(str.strip, text.split("\n")):
        if whole := WHOLE.match(line):
            statuses[whole[1]] = GRADLE[whole[2]]
            waiting = None
        elif NAME.match(line):
            waiting = line
        elif waiting and line in GRADLE:
            statuses[waiting] = GRADLE[line]
            waiting = None
    return statuses


PHPUNIT = {"✔": PASSED, "✘": FAILED, "↩": SKIPPED}
TESTDOX = re.compile(r"\s*([✔✘↩])\s*(.*)")


def phpunit(text: str, instance: Instance) -> Statuses:
    """--testdox: a heading "Class (Name\\Of\\Class)", then a mark and a sentence for each test."""
    statuses: Statuses = {}
    heading = None
    for line in text.split("\n"):
        bracket = line.rfind(" (", 0, max(len(line) - 2, 0)) if line.endswith(")") else -1
        if bracket >= 2 and re.match(r"\w", line):
            heading = line[:bracket]
        elif test := TESTDOX.match(line):
            statuses[f"{heading} > {test[2]}"] = PHPUNIT[test[1]]
    return statuses


KARMA = {"✔": PASSED, "✖": FAILED}
INDENTED = re.compile(r"(\s*)([✔✖]?)\s(.*)")


def karma(text: str, instance: Instance) -> Statuses:
    """Suites by indentation, between the browser's start and the summary.

    A line that is indented less than the one before only closes a suite: the name it carries is lost.
    """
    statuses: Statuses = {}
    indent, suites, started = -1, list[str](), False
    for line in text.split("\n"):
        if line.startswith("SUMMARY:"):
            break
        if "Starting browser" in line:
            started = True
        elif started and (found := INDENTED.match(line)):
            space, mark, name = found.groups()
            if mark:
                statuses[" > ".join([*suites, name])] = KARMA[mark]
            elif len(space) > max(indent, 0):
                indent = len(space)
                suites.append(name)
            elif space and len(space) < indent:
                indent = len(space)
                suites.pop()  # IndexError where none is open, officially too
    return statuses


def doctest(text: str, instance: Instance) -> Statuses:
    """doctest's XML reporter: a subcase passes where all its expressions do. ParseError for other XML."""
    begin = text.find("<doctest")
    if begin < 0:
        return {}
    close = "</doctest>"
    root = ET.fromstring(text[begin : text.find(close, begin) + len(close)])
    return {
        f"{case.get('name')} > {part.get('name')}": (
            PASSED if all(each.get("success") == "true" for each in part.iter("Expression")) else FAILED
        )
        for case in root.iterfind(".//TestCase")
        for part in case.iterfind(".//SubCase")
    }


TEMPORARY = (re.compile(r"/tmp/(\w+)\.qmd"), re.compile(r"/tmp/(\w+)/"))


def quarto(text: str, instance: Instance) -> Statuses:
    """Deno's coloured lines "[smoke] > name ... ok": up to the errors' listing; no word is a failure.

    Temporary names are numbered in the order in which they appear.
    """
    statuses: Statuses = {}
    numbers: dict[str, int] = {}
    for line in text.split("\n"):
        if "ERRORS" in line or "failures:" in line:
            break
        if "[smoke]" not in line and "[unit]" not in line:
            continue
        for temporary in TEMPORARY:
            if found := temporary.search(line):
                number = numbers.setdefault(found[0], len(numbers))
                line = temporary.sub(f"/tmp/{number}", line)
        counts = all(word in line for word in ("passed", "failed", "steps"))
        if counts or line.startswith("test result:") or "34mINFO" in line:
            continue
        name = line.partition("...")[0].strip()
        if "32mok" in line:
            statuses[name] = PASSED
        elif "31mFAILED" in line:
            statuses[name] = FAILED
        else:
            statuses.setdefault(name, FAILED)
    return statuses
