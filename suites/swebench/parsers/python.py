"""pytest in three dialects, Django's and SymPy's runners."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from ..instances import Instance
from ..statuses import ERROR, FAILED, KNOWN, PASSED, SKIPPED, Statuses

COUNT = re.compile(r"\[\d+\]")  # "SKIPPED [2] tests/a.py:3: why": no test
COLOUR = re.compile(r"\[\d+m")
CONTROL = dict.fromkeys(range(1, 32))


def pytest(text: str, instance: Instance) -> Statuses:
    """Lines of `pytest -rA` that begin with a status: the second word is the test, whatever follows."""
    return {name: word for word, name in two_words(text)}


def pytest_options(text: str, instance: Instance) -> Statuses:
    """The same, with a parameter that is a path cut down to the path's last part."""
    return {without_folders(name): word for word, name in two_words(text)}


def matplotlib(text: str, instance: Instance) -> Statuses:
    """The same, with mouse buttons as the numbers that older Pythons print."""
    return pytest(text.replace("MouseButton.LEFT", "1").replace("MouseButton.RIGHT", "3"), instance)


def two_words(text: str) -> Iterator[tuple[str, str]]:
    """(first word, second word) of lines that begin with a status; the first may go on: "PASSEDLY"."""
    for line in text.split("\n"):
        if line.startswith(KNOWN):
            words = (line.replace(" - ", " ") if line.startswith(FAILED) else line).split()
            if len(words) > 1 and not skip_count(words):
                yield words[0], words[1]


def skip_count(words: list[str]) -> bool:
    return words[0] == SKIPPED and COUNT.fullmatch(words[1]) is not None


def without_folders(name: str) -> str:
    """What stands behind the last "]" is lost, officially too."""
    begin, end = name.find("["), name.rfind("]")
    if begin < 0 or end < begin:
        return name
    option = name[begin + 1 : end]
    if option.startswith("/") and not option.startswith("//") and "*" not in option:
        option = "/" + option.rpartition("/")[2]
    return f"{name[:begin]}[{option}]"


def pytest_v2(text: str, instance: Instance) -> Statuses:
    """Without colours and control characters; the test is all words but the status, which may stand at either
    end of the line."""
    statuses: Statuses = {}
    for raw in text.split("\n"):
        line = COLOUR.sub("", raw).translate(CONTROL)
        if line.startswith(KNOWN):
            words = (line.partition(" - ")[0] if line.startswith(FAILED) else line).split()
            if len(words) > 1 and not skip_count(words):
                statuses[" ".join(words[1:])] = words[0]
        elif line.endswith(KNOWN):
            words = line.split()
            if len(words) > 1:
                statuses[" ".join(words[:-1])] = words[-1]
    return statuses


def seaborn(text: str, instance: Instance) -> Statuses:
    """Only passes and failures: what errs or is skipped is as if it were not there."""
    statuses: Statuses = {}
    for line in text.split("\n"):
        words = line.split()
        if len(words) < 2:
            continue
        if line.startswith(FAILED):
            statuses[words[1]] = FAILED
        elif f" {PASSED} " in line:
            if words[1] == PASSED:
                statuses[words[0]] = PASSED
        elif line.startswith(PASSED):
            statuses[words[1]] = PASSED
    return statuses


OK = (" ... ok", " ... OK", " ...  OK")
MIGRATION = "Applying sites.0002_alter_domain_unique...test_no_migrations"
VERSION = "--version is equivalent to version"


def django(text: str, instance: Instance) -> Statuses:
    """Lines "test ... ok" of unittest at verbosity 2; the name, or docstring, is before the dots.

    An "ok" that begins a later line belongs to the last test that was announced.
    """
    statuses: Statuses = {}
    announced = None
    for line in map(str.strip, text.split("\n")):
        if VERSION in line:
            statuses[VERSION] = PASSED
        if " ... " in line:
            announced = line.partition(" ... ")[0]
        if ok := next(filter(line.endswith, OK), None):
            if line.startswith(MIGRATION):  # its name is printed behind another line's end
                line = line.partition("...")[2].strip()
            statuses[line.removesuffix(ok)] = PASSED
        if " ... skipped" in line:
            statuses[line.partition(" ... skipped")[0]] = SKIPPED
        for end, begin, word in ((" ... FAIL", "FAIL:", FAILED), (" ... ERROR", "ERROR:", ERROR)):
            if line.endswith(end):
                statuses[line.partition(end)[0]] = word
            if line.startswith(begin):
                statuses[line.split()[1]] = word  # IndexError without a name, officially too
        if line.startswith("ok") and announced is not None:
            statuses[announced] = PASSED
    return statuses | dict.fromkeys(interrupted(text), PASSED)


HEAD = r"^(.*?)\s\.\.\.\s"
SETTINGS = re.compile(HEAD + r"Testing against Django installed in ", re.MULTILINE)
SILENCED = re.compile(r" silenced\)\.\nok$", re.MULTILINE)
SERVER_ERROR = re.compile(HEAD + r"Internal Server Error: /", re.MULTILINE)
CHECKED = re.compile(HEAD + r"System check identified no issues \(0 silenced\)\nok$", re.MULTILINE)


def interrupted(text: str) -> Iterator[str]:
    """Tests into whose line one of three known messages was printed, before an "ok" on a line of its own.

    The message may be of any length: each is looked for once, so that no log takes more than linear time.
    """
    ends = [(found.start(), found.end()) for found in SILENCED.finditer(text)]
    done = 0
    for found in SETTINGS.finditer(text):
        number = bisect_left(ends, (found.end(), 0))
        if found.start() >= done and number < len(ends):
            done = ends[number][1]
            yield found[1]
    for found in SERVER_ERROR.finditer(text):
        end = text.find("\n", found.end())
        if end > found.end() and text[end - 1] == "/" and text[end + 1 : end + 4] in ("ok", "ok\n"):
            yield found[1]
    for found in CHECKED.finditer(text):
        yield found[1]


SYMPY = {" E": ERROR, " F": FAILED, " ok": PASSED}


def sympy(text: str, instance: Instance) -> Statuses:
    """Lines "test_x ok"; and headings "____ file.py:test ____" of failures, which stand under other names."""
    statuses: Statuses = {}
    lines = text.split("\n")
    for line in lines:
        begin, end = line.find(" ") + 1, line.rfind(" ")
        colon = line.rfind(".py:", begin, max(end, 0))
        if begin and colon >= 0:
            statuses[f"{line[begin:colon]}.py:{line[colon + 4 : end]}"] = FAILED
    for line in map(str.strip, lines):
        if line.startswith("test_") and (end_word := next(filter(line.endswith, SYMPY), None)):
            statuses[line.split()[0]] = SYMPY[end_word]
    return statuses
