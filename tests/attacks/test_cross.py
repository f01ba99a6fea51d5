"""Every case of the corpus through every suite that it fits, by the command line with default settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalkit.selftest.cases import Case, cases
from tests.attacks.kinds import FUNCTIONS, PROGRAMS, Question, judge

pytestmark = pytest.mark.docker

ALONE = [case for case in cases() if case.kind != "pair"]
ALONE = [case for case in ALONE if case.group != "clocks"]  # their time is not every suite's limit
# what a suite's own rules make of a case, where it is not what the case says
OTHERWISE = {
    # LiveCodeBench catches what is printed in Python, and hears nothing of os.write
    ("program-honest-fast-input", "livecodebench"): "failed",
    # it puts imports before the program, after which no `from __future__` may come
    ("honest-dataclass", "livecodebench"): "failed",
    # it takes a tuple for a list
    ("object-tuple", "livecodebench"): "passed",
    ("object-tuple", "livecodebench real"): "passed",
    # its stand-in for standard input is a further descriptor, of nothing
    ("read-own-descriptors", "livecodebench"): "passed",
}


def question(case: Case) -> Question:
    name = case.task.name if case.task.kind == "function" else ""
    return Question(name, case.task.solution, case.task.io, case.code)


def expected(case: Case, suite: str) -> str:
    guarded = case.guarded and not suite.endswith("real")
    return OTHERWISE.get((case.id, suite), case.guarded if guarded else case.expect)


def crossed(folder: Path, suite: str, chosen: list[Case]) -> None:
    done = judge(folder, FUNCTIONS[suite], [question(case) for case in chosen])
    wrong = [
        (case.id, record["outcome"], record["reason"], record["detail"])
        for case, record in zip(chosen, done.records, strict=True)
        if record["outcome"] != expected(case, suite)
    ]
    assert not wrong
    assert done.code == 0, done.stderr


@pytest.mark.full
@pytest.mark.parametrize("suite", FUNCTIONS)
def test_functions(tmp_path: Path, suite: str) -> None:
    crossed(tmp_path, suite, [case for case in ALONE if case.kind == "function"])


@pytest.mark.parametrize("suite", PROGRAMS)
def test_programs(tmp_path: Path, suite: str) -> None:
    crossed(tmp_path, suite, [case for case in ALONE if case.kind == "stdio"])


UNGUARDED = ("humaneval real", "mbpp real")  # the same judges once more, without the official guards


@pytest.mark.parametrize(
    "suite", [pytest.param(name, marks=pytest.mark.full if name in UNGUARDED else []) for name in FUNCTIONS]
)
def test_a_few_functions(tmp_path: Path, suite: str) -> None:
    few = ("exit-del", "object-any", "forged-reply-true", "value-eval", "honest-numpy", "honest-counter")
    crossed(tmp_path, suite, [case for case in ALONE if case.id in few])
