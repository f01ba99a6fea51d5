"""A streamed reply: server-sent events put together to what a plain reply would have been."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from evalkit.model import ToolCall
from evalkit.models.failure import AttemptError, one_line
from evalkit.models.history import unique_ids
from evalkit.models.parse import (
    Head,
    Parsed,
    arguments_of,
    check_error_object,
    finish_reason,
    finished,
    first_choice,
    function_of,
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


@dataclass
class Part:
    """One tool call, as far as it has come."""

    index: Any
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)


class CallParts:
    """Tool calls in pieces. A piece belongs to the call of its index.

    Some servers leave the index out, or give each of several calls the index 0: another id beside a name
    then begins another call, and what has neither goes on with the last.
    """

    def __init__(self) -> None:
        self._parts: list[Part] = []

    def add(self, pieces: Any) -> bool:
        """A delta's `tool_calls`, whatever that is; whether there was anything in it."""
        found = [piece for piece in pieces if isinstance(piece, dict)] if isinstance(pieces, list) else []
        for piece in found:
            self._add(piece)
        return bool(found)

    def _add(self, piece: dict[str, Any]) -> None:
        function = function_of(piece)
        given, name = piece.get("id"), function.get("name")
        given = given if isinstance(given, str) else ""
        name = name if isinstance(name, str) else ""
        part = self._find(piece.get("index"), given, name)
        part.id = part.id or given
        part.name += name if name != part.name else ""  # some repeat it in every piece
        text = function.get("arguments")
        part.arguments.append(text if isinstance(text, str) else arguments_of(text))

    def _find(self, index: Any, given: str, name: str) -> Part:
        """The call that a piece goes on with, or a new one."""
        alike = [part for part in self._parts if index is None or part.index == index]
        for part in alike:
            if given and part.id == given:
                return part
        if alike:
            last = alike[-1]
            another = given and last.id if given or index is not None else last.name
            if not (name and another):
                return last
        self._parts.append(Part(index))
        return self._parts[-1]

    def whole(self) -> tuple[ToolCall, ...]:
        calls = (ToolCall(p.id, p.name, arguments_of("".join(p.arguments)) or "{}") for p in self._parts)
        return unique_ids(tuple(calls))


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
        self._calls = CallParts()
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
        called = self._chat and self._calls.add(delta.get("tool_calls"))
        if (text or reasoning or called) and self._first_token_s is None:
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
                tool_calls=self._calls.whole(),
                refusal="".join(self._refusal),
                **self._head,
            )
        )
