"""Reporters that say a test and its end on one line: a pattern with `name` and `word`, and what words mean.

Lines are stripped before they are matched. A word without a meaning is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial

from ..instances import Instance
from ..statuses import FAILED, PASSED, SKIPPED, Parser, Statuses

DURATION = r"(?:\s\(\d+\s*m?s\))?"


def by_line(pattern: str, words: Mapping[str, str], trim: Callable[[str, str], str] | None = None) -> Parser:
    """`trim(name, word)`: the name as it is wanted."""
    matches = re.compile(pattern).match

    def parse(text: str, instance: Instance) -> Statuses:
        statuses: Statuses = {}
        for line in text.split("\n"):
            found = matches(line.strip())
            if found and (status := words.get(found["word"])):
                statuses[trim(found["name"], found["word"]) if trim else found["name"]] = status
        return statuses

    return parse


def outside_a_file(name: str, word: str) -> str:
    """Redis' failures name the file behind the test: " in tests/unit/a.tcl"."""
    return re.sub(r"\s+in\s+\S+$", "", name) if word == "err" else name


MINITEST = {".": PASSED, "F": FAILED, "E": FAILED}


def minitest(text: str, instance: Instance) -> Statuses:
    """Lines "Class#test. = 0.01 s = .": the last letter is the end, the name stops before an "=".

    Searched from the right, in linear time.
    """
    statuses: Statuses = {}
    for line in map(str.strip, text.split("\n")):
        word = max(line.rfind(letter) for letter in MINITEST)
        equals = line.rfind("=", 0, max(word, 0))
        stop = line.rfind(". ", 0, max(equals, 0))
        if stop > 0:
            statuses[line[:stop]] = MINITEST[line[word]]
    return statuses


GOOGLE = {"OK": PASSED, "FAILED": FAILED}


def googletest(text: str, instance: Instance) -> Statuses:
    """Lines "[  OK ] Suite.Test (0 ms)": the name is between the last bracket and the last parenthesis.

    Searched for each apart, in linear time.
    """
    statuses: Statuses = {}
    for line in map(str.strip, text.split("\n")):
        if not line.endswith(")"):
            continue
        times = [found.start() for found in re.finditer(r"\s\(", line) if found.end() < len(line)]
        words = list(re.finditer(r"\[\s*(OK|FAILED)\s*\]\s", line)) if times else []
        if word := next((word for word in reversed(words) if word.end() <= times[-1]), None):
            statuses[line[word.end() : times[-1]]] = GOOGLE[word[1]]
    return statuses


def jest_files(text: str, instance: Instance) -> Statuses:
    """Lines "PASS file (1.2 s)": whole files of tests. The duration is looked for in ms first, then in s."""
    statuses: Statuses = {}
    for line in text.split("\n"):
        for word, status in (("PASS", PASSED), ("FAIL", FAILED)):
            for duration in (r"\s\([\d.]+ms\)", r"\s\([\d.]+\ss\)", r"\s\([\d.]+s\)", ""):
                if found := re.match(rf"{word}\s(.*){duration}", line):
                    statuses[found[1]] = status
                    break
    return statuses


def grommet(text: str, instance: Instance) -> Statuses:
    """Files too; a name may stand on the line behind its word, and passes outdo failures."""
    statuses: Statuses = {}
    for word, status in (("FAIL", FAILED), ("PASS", PASSED)):
        for name in re.findall(rf"^{word}\s(.*)", text, re.MULTILINE):
            statuses[re.sub(r"\s\([\d.]+\s?(?:ms|s)\)$", "", name.strip())] = status
    return statuses


CARBON: Parser = jest_files

LINES: dict[str, Parser] = {
    "redis": by_line(
        rf"\[(?P<word>ok|err|skip|ignore)\]:\s(?P<name>.+?){DURATION}$",
        {"ok": PASSED, "err": FAILED, "skip": SKIPPED, "ignore": SKIPPED},
        outside_a_file,
    ),
    "jq": by_line(r"(?P<word>PASS|FAIL):\s(?P<name>.+)", {"PASS": PASSED, "FAIL": FAILED}),
    "micropython_test": by_line(
        r"(?P<word>pass|FAIL|skip)\s+(?P<name>.+)", {"pass": PASSED, "FAIL": FAILED, "skip": SKIPPED}
    ),
    "googletest": googletest,
    "gotest": by_line(
        r"(?=.*\)$)--- (?P<word>PASS|FAIL|SKIP): (?P<name>.+) \(.+\)$",
        {"PASS": PASSED, "FAIL": FAILED, "SKIP": SKIPPED},
    ),
    "ant": by_line(
        r"\[junit\]\s+\[(?P<word>PASS|FAIL|ERR)\]\s+(?P<name>.*)",
        {"PASS": PASSED, "FAIL": FAILED, "ERR": FAILED},
    ),
    "jest": by_line(
        rf"(?P<word>✓|✕|○)\s(?P<name>.+?){DURATION}$",
        {"✓": PASSED, "✕": FAILED, "○": SKIPPED},
        lambda name, word: name.strip(),
    ),
    "jest_json": by_line(r"\[(?P<word>PASSED|FAILED)\]\s(?P<name>.+)", {"PASSED": PASSED, "FAILED": FAILED}),
    "vitest": by_line(
        r"(?P<word>✓|×|↓)\s(?P<name>.+?)(?:\s(?:\d+\s*m?s?|\[skipped\]))?$",
        {"✓": PASSED, "×": FAILED, "↓": SKIPPED},
    ),
    "tap": by_line(r"(?P<word>ok|not ok) \d+ (?P<name>.+)", {"ok": PASSED, "not ok": FAILED}),
    "cucumber": by_line(r"(?P<name>.*) \.+(?P<word>\.|F)", {".": PASSED, "F": FAILED}),
    "ruby_unit": by_line(
        r"(?:test: )?(?P<name>.+):\s+(?P<word>\.|E\b|F\b|O\b)",
        {".": PASSED, "E": FAILED, "F": FAILED, "O": SKIPPED},
    ),
    "rspec_transformed_json": by_line(
        r"(?P<name>.+) - (?P<word>passed|failed)", {"passed": PASSED, "failed": FAILED}
    ),
    "cargo": by_line(r"test\s+(?P<name>\S+)\s+\.\.\.\s+(?P<word>\w+)$", {"ok": PASSED, "FAILED": FAILED}),
    "minitest": minitest,
    "carbon": jest_files,
    "react_pdf": jest_files,
}


def by_instance(parsers: Mapping[str, str], text: str, instance: Instance) -> Statuses:
    """`parsers`: number of the pull request -> name. Repositories that changed their runner."""
    number = instance.id.split("-")[-1]
    if number not in parsers:
        raise ValueError("which runner this instance has is not known")
    return LINES[parsers[number]](text, instance)


immutable_js: Parser = partial(by_instance, {"2006": "jest", "2005": "jest_json"})
jekyll: Parser = partial(
    by_instance,
    {**dict.fromkeys(["9141", "8047", "8167"], "minitest"), **dict.fromkeys(["8761", "8771"], "cucumber")},
)
