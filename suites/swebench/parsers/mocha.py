"""Mocha, Jest and Karma of the multimodal set: suites by indentation, or JSON in between."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from itertools import zip_longest

from ..instances import Instance
from ..statuses import FAILED, PASSED, Parser, Statuses

ANSI = re.compile(r"\x1B(?:[@-Z\\-_]|\[[0-?]*[ -/]*[@-~])")

Suites = list[tuple[str, int]]  # names with the indentation of their lines, the outermost first


def enter(suites: Suites, line: str) -> None:
    """An indented line is the name of a suite: inside those whose lines are indented less."""
    name = line.strip()
    indent = len(line) - len(line.lstrip())
    if indent:
        while suites and suites[-1][1] >= indent:
            suites.pop()
        suites.append((name, indent))


def path(suites: Suites, name: str) -> str:
    return " - ".join([*(suite for suite, _ in suites), name])


def highlightjs(text: str, instance: Instance) -> Statuses:
    """Up to the count of what passed. The last line that begins with two spaces is the suite of the tests."""
    statuses: Statuses = {}
    suite = None
    for line in re.split(r"\n[ \t]*\d+ passing", text, maxsplit=1)[0].split("\n"):
        content = line.strip()
        if content.startswith(("✓", "✔")):
            found, status = line.partition(content[0])[2], PASSED
        elif re.match(r"\d+\)", content):
            found, status = line.partition(")")[2], FAILED
        else:
            suite = content if line.startswith("  ") else suite
            continue
        name = re.sub(r"\(\d+ms\)", "", found).strip()
        statuses[name if suite is None else f"{suite}.{name}"] = status
    return statuses


def calypso(text: str, instance: Instance) -> Statuses:
    """Jest's tree behind each jest command. AttributeError for a mark without indentation, officially too."""
    statuses: Statuses = {}
    suites: Suites = []
    for part in text.split(" ./node_modules/.bin/jest ")[1:]:
        for line in part.split("\n"):
            mark = line.strip()[:1]
            if line.startswith(("Test Suites", "  ● ")):
                break
            if mark in ("✓", "✕"):
                duration = r"\(\d+ms\)"
                found = re.match(
                    rf"\s+{mark}\s(.*)" + (f"{duration}$" if re.search(duration, line) else ""), line
                )
                if found is None:
                    raise AttributeError(f"a test's line of another form: {line[:60]!r}")
                inside = " - ".join(suite for suite, _ in suites)
                statuses[f"{inside} - {found[1]}".strip()] = PASSED if mark == "✓" else FAILED
            else:
                enter(suites, line)
    return statuses


def next_design(text: str, instance: Instance) -> Statuses:
    """Two generations of one repository's runner."""
    return cypress_runs(text) if instance.version == "1.27" else browser_runs(text)


NOISE = ("ERROR", "LOG", "WARN", "Check", "in")


def browser_runs(text: str) -> Statuses:
    """Karma's tree behind each xvfb-run and the browser's start, without what assertions say."""
    statuses: Statuses = {}
    suites: Suites = []
    text = re.sub(r"AssertionError:\s+#([\s\S]*?)\n\n", "", ANSI.sub("", text))
    for part in text.split(" xvfb-run ")[1:]:
        for line in part.rpartition("Starting browser Chrome")[2].split("\n"):
            if line.startswith("TOTAL"):
                break
            if line.strip().startswith(NOISE):
                continue
            for mark, status in (("✗", FAILED), ("✓", PASSED)):
                if mark in line:
                    statuses[path(suites, line.partition(mark)[2].lstrip())] = status
                    break
            else:
                enter(suites, line)
    return statuses


HEADING = re.compile(r"Running\:(?:.*)\)\n{3}\s{2}(.*)\n")


def cypress_runs(text: str) -> Statuses:
    statuses: Statuses = {}
    headings = list(HEADING.finditer(text))
    ends = [heading.start() for heading in headings[1:]]
    for heading, end in zip_longest(headings, ends):
        part = text[heading.end() : end]
        for pattern, status in ((r"^\s{4}\d+\)\s(.*)", FAILED), (r"^\s{4}✓\s(.*)\(", PASSED)):
            for name in re.findall(pattern, part, re.MULTILINE):
                statuses[f"{heading[1]}: {name.strip()}"] = status
    return statuses


def lighthouse(jest: Parser) -> Parser:
    """By the project's version. ValueError for one that is no number."""

    def parse(text: str, instance: Instance) -> Statuses:
        if instance.version in ("9.5", "10.0", "10.2"):
            return mocha_runs(text)
        if float(instance.version) >= 3:
            return jest(text, instance)
        return json_runs(text)

    return parse


MOCHA = (
    (re.compile(r"✔\s(.*)\s\(\d+m+s\)"), PASSED),
    (re.compile(r"✔\s(.*)"), PASSED),
    (re.compile(r"\d+\)\s(.*)\s\(\d+m+s\)"), FAILED),
    (re.compile(r"\d+\)\s(.*)"), FAILED),
)


def mocha_runs(text: str) -> Statuses:
    """Trees between the count of files and the count of what passed."""
    statuses: Statuses = {}
    for run in re.split(r"running\s\d+\stest\sfiles", text)[1:]:
        suites: Suites = []
        for line in re.split(r"\d+\spassing", run, maxsplit=1)[0].strip().split("\n"):
            found = ((pattern.match(line.strip()), status) for pattern, status in MOCHA)
            for match, status in found:
                if match:
                    statuses[path(suites, match[1])] = status
                    break
            else:
                enter(suites, line)
    return statuses


def json_runs(text: str) -> Statuses:
    """Mocha's JSON, read for its full titles only: the last list of passes and of failures of each run."""
    statuses: Statuses = {}
    for run in text.split("./node_modules/.bin/mocha --reporter json")[1:]:
        for key, close, status in (("passes", "]", PASSED), ("failures", "],", FAILED)):
            content = run.rpartition(f'"{key}": [')[2]
            statuses |= dict.fromkeys(titles(content.rsplit(close, 1)[0]), status)
    return statuses


def titles(content: str) -> Iterable[str]:
    return re.findall(r'"fullTitle":\s"(.*)",\n', content)


def prismjs(text: str, instance: Instance) -> Statuses:
    """Mocha's JSON behind each of its commands. ValueError, KeyError or TypeError where there is none."""
    statuses: Statuses = {}
    for part in text.split("./node_modules/.bin/mocha tests/run.js --reporter json")[1:]:
        inside = part.split("{", 1)[-1].rsplit("}", 1)[0]
        result = json.loads("{" + inside + "}")
        for key, status in (("failures", FAILED), ("passes", PASSED)):
            statuses |= {test["fullTitle"]: status for test in result[key]}
    return statuses
