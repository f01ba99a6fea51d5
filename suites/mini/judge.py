"""Runs in the judge's container: the problem's own check(candidate) questions the answer's function."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from evalkit_judge.python_tests import foresee_check, run_check


def judge(answer: Any, task: dict[str, Any]) -> Generator[Any, None, Any]:
    foresee_check(answer, task["test"], task["entry_point"])
    answer.load()
    return (yield from run_check(answer, task["test"], task["entry_point"], task_text=task["prompt"]))
