"""Models that need no server: the oracle answers with gold, the null model with nothing."""

from __future__ import annotations

from time import time
from typing import Any

from evalkit.errors import NoSample
from evalkit.model import CallAttempt, OnAttempt, Reply, Request, Sampling, Usage
from evalkit.task import WORK, Answer

FREE = Usage(prompt_tokens=0, completion_tokens=0, reasoning_tokens=0, cost=0.0)


def immediate(
    answer: Answer, served_model: str, on_attempt: OnAttempt | None, finish_reason: str = "stop"
) -> Reply:
    """A reply that cost nothing, with its one attempt."""
    attempt = CallAttempt(time(), 0.0, usage=FREE)
    if on_attempt:
        on_attempt(attempt)
    return Reply(
        text=answer.text,
        form=answer.form,
        finish_reason=finish_reason,
        usage=FREE,
        served_model=served_model,
        attempts=(attempt,),
    )


class Oracle:
    """Answers every task with its gold answer: `evalkit validate` proves the judging with it."""

    def __init__(self) -> None:
        self.name = "oracle"
        self.sampling = Sampling()

    async def complete(self, request: Request, on_attempt: OnAttempt | None = None) -> Reply:
        gold = request.task.gold
        if gold is None:
            raise NoSample(f"the data has no gold answer for {request.task.id}")
        return immediate(gold, self.name, on_attempt)

    def describe(self) -> dict[str, Any]:
        return {"backend": "oracle"}

    async def close(self) -> None:
        pass


class Null:
    """Answers every task with an empty text, or leaves files as they are: what passes without one?"""

    def __init__(self) -> None:
        self.name = "null"
        self.sampling = Sampling()

    async def complete(self, request: Request, on_attempt: OnAttempt | None = None) -> Reply:
        gold = request.task.gold
        untouched = Answer("", gold.form) if gold and gold.form in WORK else Answer("")
        return immediate(untouched, self.name, on_attempt)

    def describe(self) -> dict[str, Any]:
        return {"backend": "null"}

    async def close(self) -> None:
        pass
