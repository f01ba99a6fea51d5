"""How these tests ask a sandbox: a program, and test code that runs on the judge's side."""

from __future__ import annotations

from typing import Any

from evalkit.program import Job, Judgement, Limits

CHECK = """
from evalkit_judge.python_tests import run_check

def judge(answer, task):
    answer.load()
    yield from run_check(answer, task["test"], task["entry_point"], task["helpers"], task["text"])
"""

ASSERTS = """
from evalkit_judge.python_tests import run_asserts

def judge(answer, task):
    answer.load()
    yield from run_asserts(answer, task["asserts"], setup=task["setup"], entry_point=task["entry_point"])
"""


async def check(
    sandbox: Any,
    program: str,
    test: str,
    *,
    entry_point: str = "f",
    helpers: str = "",
    text: str = "",
    guard: str = "none",
    **limits: Any,
) -> Judgement:
    """Judge with check(candidate), whose body is `test`; `text` is what the task itself says."""
    body = "def check(candidate):\n" + "\n".join("    " + line for line in test.strip().splitlines())
    task = {"test": body, "entry_point": entry_point, "helpers": helpers, "text": text}
    return await judge(sandbox, CHECK, program, task, guard, **limits)


async def asserts(
    sandbox: Any, program: str, *statements: str, setup: str = "", entry_point: str = "", **limits: Any
) -> Judgement:
    """Judge with a list of assert statements."""
    task = {"asserts": statements, "setup": setup, "entry_point": entry_point}
    return await judge(sandbox, ASSERTS, program, task, "none", **limits)


async def judge(
    sandbox: Any, text: str, program: str, task: dict[str, Any], guard: str = "none", **limits: Any
) -> Judgement:
    """Judge with a judge's own text; limits other than the tests' defaults by name."""
    chosen = Limits(**{"wall_s": 5.0, "memory_bytes": 1 << 30, **limits})
    said: Judgement = await sandbox.judge(Job(program, text, task, chosen, guard))
    return said
