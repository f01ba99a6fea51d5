"""The backend `hf` without torch: which calls share a batch, and what is an error."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from evalkit.errors import ModelError
from evalkit.model import Message, Request, Sampling
from evalkit.models.registry import Opening
from evalkit.servers.weights import Weights
from evalkit.serving.inprocess import InProcess
from evalkit.task import Task


class Letters:
    """A token a letter; each reply is as long as it may be."""

    def __init__(self) -> None:
        self.batches: list[tuple[int, int]] = []  # prompts and tokens of a reply

    def encode(self, request: Request) -> list[int]:
        if "refused" in request.messages[0].content:
            raise ValueError("the model has no chat template")
        return [0] * len(request.messages[0].content)

    def generate(self, prompts: list[list[int]], sampling: Sampling, most: int) -> list[tuple[str, int, str]]:
        self.batches.append((len(prompts), most))
        return [("x" * most, most, "length") for _ in prompts]


def model() -> tuple[InProcess, Letters]:
    facts: dict[str, Any] = {"sampling": Sampling(max_tokens=50), "context": 100, "weights": Weights()}
    made = InProcess(Opening("m"), "m", {}, **facts, device="", chat_template="", inline_think=False)
    made._engine = letters = Letters()
    return made, letters


def ask(text: str) -> Request:
    return Request(Task("t/1", {}), 0, (Message("user", text),))


async def test_no_reply_is_shorter_for_its_company() -> None:
    """The context leaves 5 tokens to the longest prompt, and 50 to the others."""
    made, letters = model()
    replies = await asyncio.gather(*(made.complete(ask("p" * length)) for length in (3, 95, 10)))
    assert [reply.usage.completion_tokens for reply in replies] == [50, 5, 50]
    assert sorted(letters.batches) == [(1, 5), (2, 50)]


async def test_what_its_template_refuses_is_an_error_of_the_model() -> None:
    made, _ = model()
    with pytest.raises(ModelError, match="no chat template") as caught:
        await made.complete(ask("refused"))
    assert not caught.value.retryable


async def test_its_calls_have_no_price() -> None:
    made, _ = model()
    assert (await made.complete(ask("p"))).usage.cost is None
