"""What an agent is answered: a reply as a document or as the events of a stream, and refusals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from evalkit.model import Reply, Usage

DONE = b"data: [DONE]\n\n"
WAITING = b": the model is at work\n\n"  # a comment: clients skip it, and see that somebody is there


def document(reply: Reply, number: int) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": reply.text, **_beside(reply)}
    if reply.tool_calls:
        message["content"] = reply.text or None
        message["tool_calls"] = _calls(reply)
    choice = {"index": 0, "message": message, "finish_reason": finish_reason(reply), "logprobs": None}
    counted = {"usage": usage} if (usage := _usage(reply.usage)) else {}
    return {**_head(number, ""), "choices": [choice], **counted}


def events(reply: Reply, number: int, include_usage: bool) -> Iterator[bytes]:
    """The same reply as a stream."""
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [beside] if (beside := _beside(reply)) else []
    deltas += [{"content": reply.text}] if reply.text else []
    deltas += [{"tool_calls": [{"index": i, **call}]} for i, call in enumerate(_calls(reply))]
    for delta in deltas:
        yield _event(number, [{"index": 0, "delta": delta, "finish_reason": None}])
    yield _event(number, [{"index": 0, "delta": {}, "finish_reason": finish_reason(reply)}])
    if include_usage and (usage := _usage(reply.usage)):
        yield event({**_head(number, ".chunk"), "choices": [], "usage": usage})
    yield DONE


def refusal(message: str, code: str) -> dict[str, Any]:
    """An error as servers word it; `code` is for programs."""
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}


def event(data: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(data).encode() + b"\n\n"


def finish_reason(reply: Reply) -> str:
    """In the four words that clients know."""
    known = ("stop", "length", "content_filter", "tool_calls")
    if reply.finish_reason == "refusal":
        return "content_filter"
    return reply.finish_reason if reply.finish_reason in known else "stop"


def _event(number: int, choices: list[dict[str, Any]]) -> bytes:
    return event({**_head(number, ".chunk"), "choices": choices})


def _head(number: int, suffix: str) -> dict[str, Any]:
    kind = f"chat.completion{suffix}"
    return {"id": f"chatcmpl-{number}", "object": kind, "created": 0, "model": "evalkit"}


def _beside(reply: Reply) -> dict[str, Any]:
    return {"reasoning_content": reply.reasoning} if reply.reasoning else {}


def _calls(reply: Reply) -> list[dict[str, Any]]:
    return [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in reply.tool_calls
    ]


def _usage(usage: Usage) -> dict[str, Any]:
    """As far as the server told: what is unknown is left out rather than nought."""
    if usage.prompt_tokens is None or usage.completion_tokens is None:
        return {}
    total = usage.prompt_tokens + usage.completion_tokens
    counts: dict[str, Any] = {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": total,
    }
    return (
        counts if usage.cost is None else {**counts, "cost": usage.cost}
    )  # US dollars, as some servers tell it
