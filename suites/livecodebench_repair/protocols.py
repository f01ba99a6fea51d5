"""How LiveCodeBench asks for a repair: lcb_runner/prompts/self_repair.py at 28fef95, slips included."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from evalkit.model import Message
from evalkit.protocol import Prompt
from evalkit.task import Task

from ..livecodebench.prompts import STDIN_2024
from ..livecodebench.protocols import official
from .attempts import Attempt

DEFAULT = "lcb-repair"
SYSTEM = (
    "You are a helpful programming assistant and an expert Python programmer. You are helping a user write a "
    "program to solve a problem. The user has written some code, but it has some errors and is not passing "
    "the tests. You will help the user by first giving a concise (at most 2-3 sentences) textual explanation "
    "of what is wrong with the code. After you have pointed out what is wrong with the code, you will then "
    "generate a fixed version of the program. You must put the entired fixed program within code delimiters "
    "only for once."
)
REPEAT = (
    "First reason about the code providing a textual explanation of what is wrong with the code and then "
    "generate a fixed of the program enclosed code delimiters."
)


def failure(said: Mapping[str, Any]) -> str:
    """What the model is told of its program's failure.

    The authors' code raises where the checker gave no input, as for all that does not compile, and where
    the program's process died. The texts for these are theirs for a neighbouring case.
    """
    shown = {name: said.get(name) for name in ("inputs", "output", "expected")}
    error = said.get("error", said.get("error_message", ""))
    given, want = f"Input: {shown['inputs']}", f"Expected: {shown['expected']}"
    incorrect = "The above code is incorrect and got"
    if said["error_code"] == -2:
        return f"{incorrect} a wrong answer.\n{given}\nGenerated Output: {shown['output']}\n{want}"
    if said["error_code"] == -1 or "inputs" not in said:
        kind = "a runtime error" if said["error_code"] == -5 else "the following compilation error"
        return f"{incorrect} {kind}.\n{error}"
    if said["error_code"] == -3:
        return f"{incorrect} time limit exceeded.\n{error}\n{given}\n{want}"
    return f"{incorrect} a runtime error.\n{given}\n{want}\n{error}"


def question(task: Task) -> str:
    """Methods, too, are asked to read from stdin."""
    attempt: Attempt = task.data["attempt"]
    return (
        f"### Question:\n{task.data['question_content']}\n\n"
        f"### Answer:\n```python\n{attempt.code}\n```\n\n{failure(attempt.said)}\n"
        f"### Format: {STDIN_2024}\n```python\n# YOUR CODE HERE\n```\n\n"
        "### Answer: (use the provided format with backticks)\n\n"
    )


def openai(task: Task) -> Prompt:
    return Prompt((Message("system", SYSTEM), Message("user", f"{question(task)}\n\n{REPEAT}")))


def mistral(task: Task) -> Prompt:
    return Prompt((Message("system", SYSTEM), Message("user", question(task))))


def claude(task: Task) -> Prompt:
    return Prompt((Message("system", SYSTEM), Message("user", question(task).rstrip())))


def gemini(task: Task) -> Prompt:
    return Prompt((Message("user", f"{SYSTEM}\n{question(task)}"),))


_repair = partial(official, samples=1)
_ALL = (
    _repair("lcb-repair", prompt=openai, notes="OpenAI's chat models."),
    _repair("lcb-repair-mistral", prompt=mistral, notes="Mistral and Llama 3."),
    _repair("lcb-repair-claude", prompt=claude, notes="Claude 3."),
    _repair("lcb-repair-gemini", prompt=gemini, notes="Gemini."),
)
PROTOCOLS = {protocol.name: protocol for protocol in _ALL}
