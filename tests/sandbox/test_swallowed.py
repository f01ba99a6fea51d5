"""Test code that catches everything, or raises what only an interpreter does: neither an error nor a pass."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.asking import check

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="session")]

RAISED = ["KeyboardInterrupt", "SystemExit(0)", "GeneratorExit", "BaseException('x')"]
RAISED += ["BaseExceptionGroup('x', [KeyboardInterrupt()])"]


@pytest.mark.parametrize("error", RAISED)
async def test_whatever_an_evaluated_value_raises_in_the_test_is_a_wrong_answer(
    sandbox: Any, error: str
) -> None:
    """A test that evaluates what the answer gave runs its words: they are not the judge's own fault."""
    text = f"(_ for _ in ()).throw({error})"
    program = f"def f(*args): return args[0]() if args else {text!r}"
    said = await check(sandbox, program, "assert eval(candidate()) == 24")
    assert (said.status, error.split("(")[0] in said.detail) == ("wrong", True)
    lent = f"def give():\n    {text}\ncandidate(give)"
    assert (await check(sandbox, program, lent)).status == "wrong"


async def test_a_bare_except_does_not_hide_that_the_test_took_too_long(sandbox: Any) -> None:
    """What ends a test is raised in it, where it may be caught; the time is over all the same."""
    test = "try:\n    for _ in range(candidate(1)): pass\nexcept:\n    pass"
    said = await check(sandbox, "def f(n): return 10**12", test, wall_s=1.0)
    assert (said.status, said.detail) == ("timeout", "the test did not end within the time limit")
    assert said.measured["had_s"] > 0.998  # a millisecond is near enough
    assert "first_wall_s" not in said.measured, "nobody held the program up: it is not tried again"
    said = await check(sandbox, "def f(n): return 10", test, wall_s=1.0)
    assert said.status == "passed"


ENDS = {
    "SystemExit": ("raise SystemExit(0)", "crashed"),
    "KeyboardInterrupt": ("raise KeyboardInterrupt", "crashed"),
    "GeneratorExit": ("raise GeneratorExit", "crashed"),
    "its end": ("import os; os._exit(0)", "crashed"),
    "a value that is too large": ("return 'x' * (65 << 20)", "output"),
    "an Exception": ("raise type('Mine', (Exception,), {})", "passed"),
    "StopIteration": ("raise StopIteration", "passed"),
    "no memory": ("return bytearray(1 << 40)", "passed"),
}


@pytest.mark.parametrize(("body", "status"), ENDS.values(), ids=ENDS)
async def test_except_exception_catches_what_it_would_without_a_judge(
    sandbox: Any, body: str, status: str
) -> None:
    """SystemExit is no Exception: a test that wants an error is not passed by leaving."""
    test = "try:\n    candidate(1)\nexcept Exception:\n    pass\nelse:\n    assert False"
    assert (await check(sandbox, f"def f(n): {body}", test)).status == status
