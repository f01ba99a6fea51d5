"""Changes of a case that a grader may stumble over: of one line of its log, or of the whole."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace

from .case import Case, Row

START, END, CODE = ">>>>> Start Test Output", ">>>>> End Test Output", ">>>>> Test Exit Code"


def with_mutations(case: Case, count: int) -> Iterator[Case]:
    yield case
    for number in range(1, count + 1):
        chance = random.Random(f"{case.source}/{number}")
        changed = replace(case, number=number)
        for _ in range(1 if chance.random() < 0.7 else 2):
            mutation = chance.choice(LINES if chance.random() < 0.6 else WHOLE)
            changed = mutation(changed, chance)
        yield changed


def a_list(row: Row, key: str) -> list[str]:
    value = row[key]
    return list(json.loads(value) if isinstance(value, str) else value)


def lines_of(case: Case) -> list[str]:
    return case.log.decode("utf-8", errors="surrogateescape").split("\n")


def with_lines(case: Case, lines: list[str]) -> Case:
    return replace(case, log="\n".join(lines).encode("utf-8", errors="surrogateescape"))


def telling(case: Case, chance: random.Random) -> int:
    """The number of a line that names an expected test, where there is one."""
    lines = lines_of(case)
    tests = a_list(case.row, "FAIL_TO_PASS") + a_list(case.row, "PASS_TO_PASS")
    test = chance.choice(tests) if tests else ""
    named = [number for number, line in enumerate(lines) if test and test in line]
    return chance.choice(named) if named else chance.randrange(len(lines))


WORDS = (
    ["PASSED", "FAILED", "SKIPPED", "ERROR", "XFAIL", "XPASS", "PASSEDLY", "ERROR:", "passed", ""],
    ["ok", "FAIL", "ERROR", "skipped 'why'", "OK", " OK", "expected failure", "E", "F", "f"],
    ["✓", "✕", "○", "✔", "✖", "✘", "↩", "×", "↓", "✗", "1)"],
    ["PASS", "FAIL", "SKIP", "ERR", "pass", "fail", "skip"],
    ["[ok]", "[err]", "[skip]", "[exception]"],
    ["success=\"true\"", "success=\"false\""],
    [".", "F", "E", "O"],
)  # fmt: skip


def other_word(case: Case, chance: random.Random) -> Case:
    """One line says another word of the sort that it says."""
    lines, number = lines_of(case), telling(case, chance)
    here = [(word, words) for words in WORDS for word in words if word and word in lines[number]]
    if not here:
        return drop(case, chance)
    word, words = chance.choice(here)
    before, _, after = (lines[number].rpartition if chance.random() < 0.5 else lines[number].partition)(word)
    lines[number] = before + chance.choice(words) + after
    return with_lines(case, lines)


def drop(case: Case, chance: random.Random) -> Case:
    lines, number = lines_of(case), telling(case, chance)
    return with_lines(case, lines[:number] + lines[number + 1 :])


def again(case: Case, chance: random.Random) -> Case:
    """A line stands a second time, elsewhere, perhaps with another word."""
    lines, number = lines_of(case), telling(case, chance)
    lines.insert(chance.randrange(len(lines) + 1), lines[number])
    copied = with_lines(case, lines)
    return other_word(copied, chance) if chance.random() < 0.6 else copied


def cut_line(case: Case, chance: random.Random) -> Case:
    lines, number = lines_of(case), telling(case, chance)
    place = chance.randrange(len(lines[number]) + 1)
    lines[number : number + 1] = [lines[number][:place], lines[number][place:]]
    if chance.random() < 0.5:
        del lines[number + chance.randrange(2)]
    return with_lines(case, lines)


ODD = [
    b"\xff\xfe", b"\r", b"\r\n", b"\x1b[32m", b"\x1b[0m", b"\t", b"\x0b", b"\x85", b"\xc2\xa0", b"\0",
    b"\xe2\x80\xa8", b" - ", b"[", b"]", b" ", b"  ", b"\xe2\x9c", "✓".encode(), b"<p>", b"{",
]  # fmt: skip


def odd_bytes(case: Case, chance: random.Random) -> Case:
    lines, number = lines_of(case), telling(case, chance)
    raw = lines[number].encode("utf-8", errors="surrogateescape")
    place = chance.choice([0, len(raw), chance.randrange(len(raw) + 1)])
    changed = raw[:place] + chance.choice(ODD) + raw[place:]
    lines[number] = changed.decode("utf-8", errors="surrogateescape")
    return with_lines(case, lines)


def indent(case: Case, chance: random.Random) -> Case:
    lines, number = lines_of(case), telling(case, chance)
    lines[number] = " " * chance.randrange(6) + lines[number].lstrip()
    return with_lines(case, lines)


MARKS = [
    START, END, f"+ : '{START}'", f"+ : '{END}'", f"{CODE}: 0", f"{CODE}: 1", f"{CODE}: -9", f"{CODE}:\n 2",
    f"{CODE}: x", ">>>>> Patch Apply Failed", ">>>>> Reset Failed", ">>>>> Tests Errored",
    ">>>>> Tests Timed Out", ">>>>> Some Tests Failed", ">>>>> Applied Patch", f"{CODE}: {'9' * 5000}",
]  # fmt: skip
SIGNS = [
    "Failed to launch the browser", "cannot open display: :0", "Killed", " Killed",
    "OutOfMemoryError: Java heap space", "Error response from daemon: no", "Could not resolve host: a",
    "Cannot find module 'b'", "ModuleNotFoundError: c", "collected 0 items", "no tests ran in 0.01s",
    "Timeout error: 1800 seconds exceeded.", "12 passing (3s)", "Executed 3 of 3 SUCCESS", "Executed 0 of 0",
    "Tests:       3 passed", "# tests 5", " # tests 5", "1 spec, 0 failures", "case a.js': ok",
    "TOTAL: 3 SUCCESS", "Test Suites: 1 failed, 2 total",
]  # fmt: skip


def a_mark(case: Case, chance: random.Random) -> Case:
    lines = lines_of(case)
    lines.insert(chance.randrange(len(lines) + 1), chance.choice(MARKS))
    return with_lines(case, lines)


def a_sign(case: Case, chance: random.Random) -> Case:
    lines = lines_of(case)
    lines.insert(chance.randrange(len(lines) + 1), chance.choice(SIGNS))
    return with_lines(case, lines)


LINES: list[Callable[[Case, random.Random], Case]] = [
    other_word, other_word, other_word, other_word, drop, again, cut_line, odd_bytes, odd_bytes, indent,
    a_mark, a_sign,
]  # fmt: skip


def no_mark(case: Case, chance: random.Random) -> Case:
    mark = chance.choice([START, END, CODE])
    return with_lines(case, [line for line in lines_of(case) if mark not in line])


def exit_code(case: Case, chance: random.Random) -> Case:
    code = chance.choice(["0", "1", "2", "137", "-1", ""])
    lines = [f"{CODE}: {code}" if line.startswith(CODE) else line for line in lines_of(case)]
    return with_lines(case, lines)


def only_good(case: Case, chance: random.Random) -> Case:
    """Without lines that speak of failures: forged, or a run that ended badly."""
    bad = ("FAIL", "ERROR", "✕", "✖", "✘", "×", "[err]", " F", " E")
    return with_lines(case, [line for line in lines_of(case) if not any(word in line for word in bad)])


def nothing(case: Case, chance: random.Random) -> Case:
    """What is between the marks is gone, or stands before them; or there is no log at all."""
    lines = lines_of(case)
    marks = [number for number, line in enumerate(lines) if START in line or END in line]
    if chance.random() < 0.2 or len(marks) < 2:
        return replace(case, log=b"")
    inside = lines[marks[0] + 1 : marks[1]]
    outside = lines[: marks[0] + 1] + lines[marks[1] :]
    if chance.random() < 0.4:
        inside = [chance.choice(SIGNS)]
    return with_lines(case, outside if chance.random() < 0.3 else inside + outside)


def end_early(case: Case, chance: random.Random) -> Case:
    log = case.log[: chance.randrange(len(case.log) + 1)]
    return replace(
        case, log=log + (b"\n\nTimeout error: 1800 seconds exceeded." if chance.random() < 0.5 else b"")
    )


def other_ends(case: Case, chance: random.Random) -> Case:
    return replace(
        case, log=case.log.replace(b"\n", chance.choice([b"\r\n", b"\r", b"\n\n", b" \n", b"\x85\n"]))
    )


def cut_ids(case: Case, chance: random.Random) -> Case:
    """Expected ids are cut at a bracket or anywhere, as the data set's own are."""
    key = chance.choice(["FAIL_TO_PASS", "PASS_TO_PASS"])
    tests = [
        test.partition(" ")[0]
        if chance.random() < 0.5
        else test[: test.find("[") + 2]
        if "[" in test
        else test
        for test in a_list(case.row, key)
    ]
    return replace(case, row=case.row | {key: tests})


def bracket(case: Case, chance: random.Random) -> Case:
    """Expected ids that begin several of the log's."""
    test = chance.choice(a_list(case.row, "FAIL_TO_PASS") or ["x"])
    lines = lines_of(case)
    end = next((number for number, line in enumerate(lines) if END in line), len(lines))
    words = ["PASSED", "PASSED", "XFAIL", "SKIPPED", "FAILED"]
    lines[end:end] = [f"{chance.choice(words)} {test}[{name}]" for name in "abc"[: 1 + chance.randrange(3)]]
    key = chance.choice(["FAIL_TO_PASS", "PASS_TO_PASS"])
    return replace(with_lines(case, lines), row=case.row | {key: [*a_list(case.row, key), f"{test}["]})


def other_lists(case: Case, chance: random.Random) -> Case:
    first, second = a_list(case.row, "FAIL_TO_PASS"), a_list(case.row, "PASS_TO_PASS")
    lists = chance.choice(
        [([], second), (first, []), ([], []), (second, first), (first * 2, ["no such test"])]
    )
    return replace(case, row=case.row | dict(zip(("FAIL_TO_PASS", "PASS_TO_PASS"), lists, strict=True)))


def other_type(case: Case, chance: random.Random) -> Case:
    other = {"pass_and_fail": "fail_only", "fail_only": "pass_and_fail"}[case.row["eval_type"]]
    return replace(case, row=case.row | {"eval_type": other})


PARSERS = [
    "pytest",
    "pytest_options",
    "pytest_v2",
    "django",
    "sympy",
    "seaborn",
    "matplotlib",
    "gotest",
    "tap",
    "jest",
    "xarray",
    "scikit",
    "vitest",
    "eslint",
    "p5js",
    "marked",
    "carbon",
    "gradle_custom",
    "minitest",
    "quarto_cli",
    "phpunit",
    "karma",
    "highlightjs",
    "maven",
    "ruby_unit",
    "openlayers",
    "lighthouse",
    "next",
    "calypso",
    "googletest",
]


def other_parser(case: Case, chance: random.Random) -> Case:
    return replace(case, row=case.row | {"log_parser": f"parse_log_{chance.choice(PARSERS)}"})


def other_patch(case: Case, chance: random.Random) -> Case:
    return replace(case, patch=chance.choice([None, "", "\n"]))


def shuffled(case: Case, chance: random.Random) -> Case:
    lines = lines_of(case)
    chance.shuffle(lines)
    return with_lines(case, lines)


WHOLE: list[Callable[[Case, random.Random], Case]] = [
    no_mark, exit_code, only_good, nothing, end_early, other_ends, cut_ids, bracket, other_lists, other_type,
    other_parser, other_patch, shuffled,
]  # fmt: skip
