"""The verdict that a screen shows: the parsers of terminal-bench 0.2.18 by rules written anew.

Each gives the tests that it names and whether they count as passed; a screen that it cannot read raises
`Unreadable`, officially `parse_error`. A task is resolved where all tests that are named passed, so also
where none is. Held equal to the authors' package by tests/parity/test_terminal_bench.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

SUMMARY = re.compile("short test summary info", re.IGNORECASE)
WORDS = {
    "PASSED": True,
    "SKIPPED": True,
    "XFAIL": True,
    "FAILED": False,
    "ERROR": False,
    "XPASS": False,
}
MARKS = {
    "swebench": ("SWEBench results starts here", "SWEBench results ends here", "PASSED"),
    "sweperf": ("SWE-Perf results starts here", "SWE-Perf results ends here", "PASSED"),
    "mlebench": ("MLEBench results starts here", "MLEBench results ends here", "ALL TESTS PASSED"),
}
WHOLE = "tests"  # the one name that parsers of marks give
LANCER = "swelancer_task"

Results = dict[str, bool]


class Unreadable(Exception):
    """No verdict stands on the screen."""


def read_screen(parser: str, text: str) -> Results:
    """Whether each named test passed. `parser`: pytest, swebench, sweperf, mlebench, swelancer."""
    return PARSERS[parser](text)


def resolved(results: Mapping[str, bool]) -> bool:
    return all(results.values())


def pytest(text: str) -> Results:
    """What follows the first summary's headline, a line a test: STATUS path::name. Of a failed one's line the
    last " - " and what follows is its message. A name that comes twice counts as it did last."""
    found = (summary_line(line) for line in text[after_headline(text) :].splitlines())
    return dict(result for result in found if result)


def after_headline(text: str) -> int:
    """Where the first headline between signs of equality ends. In steps, not by one expression, which takes
    hours for a screen that is made for it."""
    for words in SUMMARY.finditer(text):
        before, after = words.start(), words.end()
        while before > 0 and text[before - 1].isspace():
            before -= 1
        while after < len(text) and text[after].isspace():
            after += 1
        if text.endswith("=", 0, before) and text.startswith("=", after):
            while text.startswith("=", after):
                after += 1
            return after
    raise Unreadable("no summary of pytest's on the screen")


def summary_line(line: str) -> tuple[str, bool] | None:
    if line.startswith("FAILED") and " - " in line:
        line = line.rpartition(" - ")[0]
    words = line.split(maxsplit=1)
    if len(words) < 2:
        return None
    status, path = words[0].strip(":"), words[1].strip()
    name = path.partition("::")[2] if "::" in path else path
    return (name, WORDS[status]) if status in WORDS and name else None


def marked(parser: str, *, must: bool) -> Callable[[str], Results]:
    """The text between two marks is one word, or it is not. `must`: both have to be there."""
    start, end, word = MARKS[parser]

    def read(text: str) -> Results:
        if must and not (start in text and end in text):
            raise Unreadable(f"no results between the marks of {parser} on the screen")
        inside = text.split(start, 1)[-1].rsplit(end, 1)[0]
        return {WHOLE: inside.strip() == word}

    return read


def swelancer(text: str) -> Results:
    """A word of success anywhere, or, where no failure is named, that the user's tool completed."""
    said = text.lower()
    if "swe lancer success" in said:
        return {LANCER: True}
    completed = "user_tool" in said and "completed" in said
    return {LANCER: "swe lancer failure" not in said and completed}


PARSERS: Mapping[str, Callable[[str], Results]] = {
    "pytest": pytest,
    "swebench": marked("swebench", must=True),
    "sweperf": marked("sweperf", must=True),
    "mlebench": marked("mlebench", must=False),
    "swelancer": swelancer,
}
