"""Runs in the judge's container: a case's tests in the form that was asked for."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from evalkit_judge import Test
from evalkit_judge.python_tests import run_asserts, run_check, short


def judge(answer: Any, task: dict[str, Any]) -> Generator[Any, None, Any]:
    """`form`: "check" (HumanEval's), "asserts" (MBPP's), "calls" (arguments and expected results) or
    "stdio" (input and expected output of a whole program)."""
    if task["form"] == "stdio":
        yield from whole_program(answer, task)
        return
    answer.load()
    if task["form"] == "check":
        yield from run_check(answer, task["check"], task["name"])
    elif task["form"] == "asserts":
        yield from run_asserts(answer, task["asserts"], entry_point=task["name"])
    else:
        for number, (args, expected) in enumerate(task["io"], 1):
            got = answer.call(task["name"], *args)
            yield Test(f"call {number}", "passed" if equal(got, expected) else "wrong", f"got {short(got)}")


def whole_program(answer: Any, task: dict[str, Any]) -> Generator[Any, None, None]:
    for number, (given, expected) in enumerate(task["io"], 1):
        run = answer.run(given)
        right = run.status == 0 and run.stdout.split("\n") == expected.split("\n")
        yield Test(f"input {number}", "passed" if right else "wrong", f"printed {short(run.stdout)}")
        if not right:
            return


def equal(got: Any, expected: Any) -> bool:
    """By Python's own `==`. Where that gives no truth value (an array's), they are not equal."""
    try:
        return bool(got == expected)
    except (ValueError, TypeError, RecursionError):
        return False
