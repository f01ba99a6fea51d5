"""A conversation as servers take it back: what a model once wrote wrongly must not be refused for ever.

Servers read the history of every request anew. One call with half a JSON, one without an answer, two with
the same id, or a name with a blank in it, and each further request is a 400 (vllm#43995, sglang#28035,
OpenHands#13949). So the conversation that is kept holds what the model wrote, and the one that is sent is
mended here, the same way each time:

    ids          missing ones, and ones that stood before in the conversation, are given anew
    arguments    an object as it was written; blanks are {}; anything else is {"not_an_object": TEXT}
    names        other characters than a-z, A-Z, 0-9, _ and - become _, at most 64 of them
    answers      each call has one, right behind it; a tool's message that answers nothing is the user's
    content      null beside tool calls where there is no text; elsewhere a text, also an empty one
    reasoning    beside the content, where a server refuses conversations with tools without it (DeepSeek)
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

from evalkit.model import Message, ToolCall

NO_ANSWER = "(no result)"
NAME_CHARS = 64
_OTHER = re.compile(r"[^a-zA-Z0-9_-]")


def sendable(messages: Sequence[Message], reasoning_field: str = "") -> list[dict[str, Any]]:
    """The messages of a request's body. Where there are tools, a server with a `reasoning_field` gets back
    what the model thought, in every message of the model's."""
    if not any(m.tool_calls or m.role == "tool" for m in messages):
        return [{"role": m.role, "content": m.content} for m in messages]
    sent: list[dict[str, Any]] = []
    names = Ids()
    pending: dict[str, str] = {}  # calls that wait for their answer: id as it is kept -> id as it is sent
    for message in messages:
        if message.role == "tool" and message.tool_call_id in pending:
            sent.append(_answer(pending.pop(message.tool_call_id), message.content))
            continue
        if message.role == "tool":
            message = Message("user", message.content)
        sent += _unanswered(pending)
        pending = {}
        plain: dict[str, Any] = {"role": message.role, "content": message.content}
        if message.tool_calls:
            given = unique_ids(message.tool_calls)
            pending = {call.id: names.of(call.id) for call in given}
            plain["content"] = message.content if message.content.strip() else None
            plain["tool_calls"] = [_call(call, pending[call.id]) for call in given]
        if reasoning_field and message.role == "assistant":
            plain[reasoning_field] = message.reasoning
        sent.append(plain)
    return [*sent, *_unanswered(pending)]


def unique_ids(calls: Sequence[ToolCall]) -> tuple[ToolCall, ...]:
    """The calls of one message, each with an id of its own: so that an answer can name the one it is to."""
    names = Ids()
    return tuple(ToolCall(names.of(call.id), call.name, call.arguments) for call in calls)


class Ids:
    """Ids as they were, and new ones where there is none or it is taken: nine letters and digits, which is
    what the strictest server asks for (Mistral)."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._numbers = count()

    def of(self, given: str) -> str:
        while not given or given in self._taken:
            given = f"call{next(self._numbers):05d}"
        self._taken.add(given)
        return given


def is_object(arguments: str) -> bool:
    """Whether this is the text of a JSON object, strictly: Python alone knows NaN."""

    def refuse(word: str) -> None:
        raise ValueError(word)

    try:
        return isinstance(json.loads(arguments, parse_constant=refuse), dict)
    except (ValueError, RecursionError):
        return False


def _call(call: ToolCall, sent_id: str) -> dict[str, Any]:
    arguments = call.arguments if call.arguments.strip() else "{}"
    if not is_object(arguments):
        arguments = json.dumps({"not_an_object": arguments})
    name = _OTHER.sub("_", call.name)[:NAME_CHARS] or "_"
    return {"id": sent_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def _answer(call_id: str, content: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": content}


def _unanswered(pending: dict[str, str]) -> Iterator[dict[str, Any]]:
    return (_answer(call_id, NO_ANSWER) for call_id in pending.values())
