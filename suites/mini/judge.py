"""Runs in the judge container: the problem's own `check` questions the answer's function."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evalkit_judge import python_tests


def judge(answer: Any, task: dict[str, Any]) -> Iterator[Any]:
    return (yield from python_tests.run_check(answer, task["test"], task["entry_point"]))
