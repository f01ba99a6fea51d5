"""The ways in which MBPP+ is asked. EvalPlus's prompts are in its data; the others need MBPP's own."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from evalkit.errors import DataError
from evalkit.model import Message
from evalkit.protocol import Prompt, Protocol
from evalkit.task import Task

from ..mbpp import protocols as mbpp

DEFAULT = "evalplus"
NAMES = ("evalplus", "evalplus-local", "evalplus-base", "paper-3-shot", "lm-eval", "bigcode")
NEED_MBPP = ("paper-3-shot", "lm-eval")

INSTRUCT_PREFILL = "Here is a solution to this programming problem:\n```python\n"


def original(task: Task) -> Mapping[str, Any]:
    """The sanitized MBPP problem that this task extends: the hub's MBPP+ shows its text and asserts."""
    problem: Mapping[str, Any] | None = task.data.get("mbpp")
    if problem is None:
        raise DataError(
            f"{task.id} is not in the sanitized MBPP, whose text and asserts this protocol shows",
            "choose --protocol evalplus",
        )
    return problem


def paper_prompt(task: Task) -> Prompt:
    return mbpp.paper_prompt(Task(task.id, {**original(task), "shots": task.data["shots"]}))


def instruct_prompt(task: Task) -> Prompt:
    problem = original(task)
    ask = f"{problem['text']} Your code should satisfy the following assertion:\n{problem['test_list'][0]}"
    return Prompt((Message("user", ask), Message("assistant", INSTRUCT_PREFILL)))


_JUDGED = (
    "Judged here on MBPP+'s inputs; lm-eval's mbpp_plus runs only the asserts of MBPP, so its score is "
    "higher."
)
_ALL = (
    *(mbpp.PROTOCOLS[name] for name in ("evalplus", "evalplus-local", "evalplus-base", "bigcode")),
    dataclasses.replace(
        mbpp.PROTOCOLS["paper-3-shot"],
        prompt=paper_prompt,
        source=f"{mbpp.LM_EVAL}, mbpp_plus (version 1)",
        notes=_JUDGED,
    ),
    dataclasses.replace(
        mbpp.PROTOCOLS["lm-eval"],
        prompt=instruct_prompt,
        max_tokens=1024,
        source=f"{mbpp.LM_EVAL}, mbpp_plus_instruct (version 1), with --apply_chat_template",
        notes=_JUDGED,
    ),
)
PROTOCOLS: Mapping[str, Protocol] = {protocol.name: protocol for protocol in _ALL}
