"""A streamed reply: server-sent events put together to what a plain reply would have been."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from time import monotonic
from typing import Any

from evalkit.models.failure import AttemptError, one_line
from evalkit.models.parse import (
    Head,
    Parsed,
    check_error_object,
    finish_reason,
    finished,
    first_choice,
    head_of,
    reasoning_of,
    text_of,
)


async def events(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The data of each server-sent event in a byte stream; comments and other fields are skipped."""
    data: list[bytes] = []
    async for line in lines(chunks):
        if not line:
            if data:
                yield b"\n".join(data)
                data = []
        elif line.startswith(b"data:"):
            data.append(line[5:].removeprefix(b" "))
    if data:  # some servers forget the last blank line
        yield b"\n".join(data)


async def lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Lines of a byte stream without their ends (LF or CR LF). A line may arrive in many pieces."""
    pending: list[bytes] = []
    async for chunk in chunks:
        first, *rest = chunk.split(b"\n")
        pending.append(first)
        for following in rest:
            yield b"".join(pending).removesuffix(b"\r")
            pending = [following]
    if last := b"".join(pending):
        yield last.removesuffix(b"\r")


class Assembly:
    """The parts of one streamed reply, in the order in which they came."""

    def __init__(self, chat: bool, started: float) -> None:
        self.finish: Any = None
        self.usage: Any = None
        self._chat = chat
        self._started = started
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._refusal: list[str] = []
        self._head: Head = {}
        self._first_token_s: float | None = None

    def add(self, data: bytes) -> None:
        """One event's data. Raises AttemptError for an error object or broken JSON."""
        try:
            chunk = json.loads(data)
        except (ValueError, RecursionError):
            text = one_line(data[:200].decode(errors="replace"))
            raise AttemptError(f"the stream holds no JSON: {text!r}", usage=self.usage) from None
        if not isinstance(chunk, dict):
            raise AttemptError("the stream holds something that is no object", usage=self.usage)
        check_error_object(chunk, self.usage)
        self.usage = chunk.get("usage") or self.usage
        if not self._head.get("served_model"):
            self._head = head_of(chunk)
        choice = first_choice(chunk)
        if choice is not None and choice.get("index", 0) == 0:
            self._add_choice(choice)

    def _add_choice(self, choice: dict[str, Any]) -> None:
        check_error_object(choice, self.usage)
        self.finish = choice.get("finish_reason") or self.finish
        delta = choice.get("delta") if self._chat else choice
        if not isinstance(delta, dict):
            return
        text = text_of(delta.get("content" if self._chat else "text"), self.usage)
        reasoning = reasoning_of(delta)
        if (text or reasoning) and self._first_token_s is None:
            self._first_token_s = monotonic() - self._started
        self._text.append(text)
        self._reasoning.append(reasoning)
        if isinstance(refusal := delta.get("refusal"), str):
            self._refusal.append(refusal)

    def parsed(self) -> Parsed:
        """The whole reply. Raises AttemptError where the stream ended without a finish_reason."""
        return finished(
            Parsed(
                text="".join(self._text),
                reasoning="".join(self._reasoning),
                finish_reason=finish_reason(self.finish, self.usage),
                usage=self.usage,
                first_token_s=self._first_token_s,
                refusal="".join(self._refusal),
                **self._head,
            )
        )
