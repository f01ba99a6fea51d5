"""Calls sent ahead: the same verdicts with fewer round trips, and a fresh start where a guess was wrong."""

from __future__ import annotations

from typing import Any

import pytest

from evalkit.program import Job, Judgement, Limits
from evalkit.sandbox import open_program_sandbox
from evalkit.sandbox.inside.evalkit_judge.ahead import calls_of_check, calls_of_statements

FORESEEING = """
from evalkit_judge.python_tests import foresee_check, run_check

def judge(answer, task):
    foresee_check(answer, task["test"], "f")
    answer.load()
    yield from run_check(answer, task["test"], "f")
    return {"processes": len(answer._lines), "sent": len(answer._lines[0].ahead)}
"""


def test_only_calls_that_no_answer_can_change_are_foreseen() -> None:
    source = """
def check(candidate):
    assert sorted([2, 1], key=candidate) == [1, 2]
    assert candidate(1) == 1
"""
    assert list(calls_of_check(source)) == []  # the name as a value may mean anything
    source = """
METADATA = {}
def check(candidate):
    assert True, "this prints"
    assert candidate([1, (2, 3)], key={"a": -1.5}) == 4, candidate(0)
    assert abs(candidate(1) - candidate(2)) < 1e-6
    assert not candidate("x")
    assert candidate(candidate(3)) == 3
    assert candidate(5) == 5
"""
    foreseen = [([[1, (2, 3)]], {"key": {"a": -1.5}}), ([1], {}), ([2], {}), (["x"], {})]
    assert list(calls_of_check(source)) == foreseen


@pytest.mark.parametrize(
    "statement",
    [
        "for n in [1]: assert candidate(n)",
        "x = candidate(1)",
        "assert candidate(*[1])",
        "assert candidate(**{})",
        "assert candidate(y) == 1",
        "assert 1 < candidate(1) < candidate(2)",
        "assert candidate(1) or candidate(2)",
        "assert [candidate(n) for n in [1]]",
        "assert (lambda: candidate(1))()",
        "assert candidate(1) if True else candidate(2)",
        "assert candidate(f'{1}')",
        "if True: assert candidate(1)",
    ],
)
def test_where_it_depends_the_guessing_ends(statement: str) -> None:
    source = f"def check(candidate):\n    {statement}\n    assert candidate(7) == 7"
    assert ([7], {}) not in list(calls_of_check(source))


def test_statements_end_with_the_first_that_is_no_assert() -> None:
    statements = ["assert f(1) == 1", "assert f(2) == 2", "x = 3", "assert f(4) == 4"]
    assert list(calls_of_statements(statements, "f")) == [([1], {}), ([2], {})]
    assert list(calls_of_check("def check(")) == []
    assert list(calls_of_check("def check(a, b): a(1)")) == []


async def asked(sandbox: Any, program: str, body: str, **limits: Any) -> Judgement:
    test = "def check(candidate):\n" + "\n".join(f"    {line}" for line in body.splitlines())
    chosen = Limits(**{"wall_s": 5.0, "memory_bytes": 1 << 30, **limits})
    said: Judgement = await sandbox.judge(Job(program, FORESEEING, {"test": test}, chosen))
    return said


STRAIGHT = "\n".join(f"assert candidate({n}) == {n * 3}" for n in range(8))

PROGRAMS = {
    "right": ("def f(n): return n * 3", "passed", 8),
    "wrong at the fourth": ("def f(n): return n * 3 if n != 3 else 0", "wrong", 4),
    "wrong, and the next call never ends": (
        "def f(n):\n    while n > 4: pass\n    return n * 3 if n != 4 else 0",
        "wrong",
        5,
    ),
    "wrong with much to say, and the next call ends the process": (
        "import os\ndef f(n):\n    if n == 5: os._exit(0)\n    return n * 3 if n != 4 else 'x' * 150_000",
        "wrong",
        5,
    ),
    "never ends at the third": ("def f(n):\n    while n == 2: pass\n    return n * 3", "timeout", 3),
    "ends at the third": ("import os\ndef f(n):\n    if n == 2: os._exit(0)\n    return n * 3", "crashed", 3),
    "raises at the second": ("def f(n):\n    if n == 1: raise ValueError\n    return n * 3", "crashed", 2),
    "does not load": ("raise OSError('no')", "crashed", 0),
    "answers every question at once": (
        "import os\nos.write(3, b'\\x02\\0\\0\\0VN' * 9)\ndef f(n): return n * 3",
        "wrong",
        1,
    ),
    "reads what was sent ahead": (
        "import os, socket\nlater = socket.socket(fileno=os.dup(3)).recv(1 << 20)\ndef f(n): return n * 3",
        "timeout",
        0,
    ),
}


@pytest.mark.docker
@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize(("program", "status", "calls"), PROGRAMS.values(), ids=PROGRAMS)
async def test_verdicts_are_those_of_one_question_after_the_other(
    sandbox: Any, program: str, status: str, calls: int
) -> None:
    said = await asked(sandbox, program, STRAIGHT, wall_s=1.0)
    assert said.status == status, said
    assert said.measured["calls"] == calls
    assert said.data.get("processes", 1) == 1


@pytest.mark.docker
@pytest.mark.asyncio(loop_scope="session")
async def test_a_wrong_guess_starts_the_program_anew(sandbox: Any) -> None:
    """The test calls another function than was foreseen, inside a bare except; state shows the fresh start."""
    body = "try:\n    other = g(1)\nexcept:\n    other = None\nassert other == 1\nassert candidate(2) == 2"
    program = "count = 0\ndef f(n):\n    global count\n    count += 1\n    return n if count == 1 else -1\ndef g(n): return n"
    guessing = "assert g(1) == 1\nassert candidate(2) == 2\nassert candidate(3) == -1"
    for test in (body, guessing):
        said = await asked(sandbox, program, test)
        assert said.status == "passed", said


LOOPS_AT_FIRST = """
from evalkit_judge import Test

seen = []

def judge(answer, task):
    seen.append(0)
    if task["loops"] and len(seen) == 1:
        answer.foresee("f", lambda: [((1,), {})])
        answer.load()
        try:
            answer.call("f", 2)
        except BaseException:
            while True: pass
    yield Test("seen", "passed")
    return {"seen": len(seen)}
"""


@pytest.mark.docker
@pytest.mark.asyncio(loop_scope="session")
async def test_a_worker_interrupted_in_the_attempt_that_does_not_count_takes_no_other_job(
    docker_engine: Any,
) -> None:
    opened = await open_program_sandbox(judges=1, run_label="interrupted", trusted=True)
    try:
        for loops, seen in ((True, 2), (False, 1), (False, 2)):
            job = Job("def f(n): return n", LOOPS_AT_FIRST, {"loops": loops}, Limits(wall_s=0.5))
            said = await opened.judge(job)
            assert (said.status, said.data) == ("passed", {"seen": seen}), said
    finally:
        await opened.close()
