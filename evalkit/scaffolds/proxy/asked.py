"""What an agent asks: the body of a chat completion, read strictly enough that nothing of it is guessed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evalkit.model import Message, Tool, ToolCall

ROLES = {"developer": "system", "function": "tool"}  # others' names of ours
NO_TEXT = "[a part of type {}, which is not passed on]"
# of the request's own; whatever else an agent sets is the run's to decide, and noted
OURS = frozenset(("model", "messages", "tools", "stream", "stream_options", "stop", "tool_choice", "n"))
MOST_NOTED = 100  # characters of a setting's value


class Unreadable(Exception):
    """A request that no server would take. Its text is the agent's to see."""


@dataclass(frozen=True)
class Asked:
    """`settings`: what the agent would have set (temperature, max_tokens, ...); the run's own count."""

    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    stop: tuple[str, ...] = ()
    stream: bool = False
    usage: bool = False  # in the stream's last event
    settings: tuple[tuple[str, str], ...] = ()

    def same(self, other: Asked) -> bool:
        """Whether the model is asked the same, however it is to be delivered."""
        mine, others = ((each.messages, each.tools, each.stop) for each in (self, other))
        return mine == others


def read(data: bytes) -> Asked:
    """Raises Unreadable, with what is wrong."""
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        raise Unreadable("the body is no JSON") from None
    if not isinstance(body, dict):
        raise Unreadable("the body is no JSON object")
    given = body.get("messages")
    if not isinstance(given, list) or not given:
        raise Unreadable("messages: a list with at least one is needed")
    if body.get("n") not in (None, 1):
        raise Unreadable("n: one reply a request")
    options = body.get("stream_options")
    return Asked(
        messages=tuple(_message(each, f"messages[{i}]") for i, each in enumerate(given)),
        tools=() if body.get("tool_choice") == "none" else _tools(body.get("tools")),
        stop=_stop(body.get("stop")),
        stream=body.get("stream") is True,
        usage=isinstance(options, dict) and options.get("include_usage") is True,
        settings=tuple(sorted((str(k)[:MOST_NOTED], noted(v)) for k, v in body.items() if k not in OURS)),
    )


def noted(value: Any) -> str:
    return json.dumps(value, sort_keys=True)[:MOST_NOTED]


def _message(given: Any, where: str) -> Message:
    if not isinstance(given, dict):
        raise Unreadable(f"{where}: no object")
    role = ROLES.get(str(given.get("role")), given.get("role"))
    if role not in ("system", "user", "assistant", "tool"):
        raise Unreadable(f"{where}: no role {str(role)[:MOST_NOTED]!r}")
    return Message(
        role,
        _content(given.get("content"), where),
        _calls(given.get("tool_calls"), where) if role == "assistant" else (),
        _text(given.get("tool_call_id")) if role == "tool" else "",
        _text(given.get("reasoning_content")) or _text(given.get("reasoning")) if role == "assistant" else "",
    )


def _content(content: Any, where: str) -> str:
    """A text, none, or a list of parts; of a picture only that it was there."""
    if content is None or isinstance(content, str):
        return content or ""
    if not isinstance(content, list):
        raise Unreadable(f"{where}: content is no text")
    texts = []
    for part in content:
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, dict) and isinstance(part.get("text"), str):
            texts.append(part["text"])
        elif isinstance(part, dict):
            texts.append(NO_TEXT.format(str(part.get("type"))[:MOST_NOTED]))
        else:
            raise Unreadable(f"{where}: content is no text")
    return "\n".join(texts)


def _calls(given: Any, where: str) -> tuple[ToolCall, ...]:
    if given is None:
        return ()
    if not isinstance(given, list):
        raise Unreadable(f"{where}: tool_calls is no list")
    calls = []
    for call in given:
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise Unreadable(f"{where}: a tool call needs a function with a name")
        arguments = function.get("arguments")
        text = arguments if isinstance(arguments, str) else json.dumps(arguments or {})
        calls.append(ToolCall(_text(call.get("id")), function["name"], text))
    return tuple(calls)


def _tools(given: Any) -> tuple[Tool, ...]:
    if given is None:
        return ()
    if not isinstance(given, list):
        raise Unreadable("tools is no list")
    tools = []
    for tool in given:
        function = tool.get("function") if isinstance(tool, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise Unreadable("tools: each needs a function with a name")
        parameters = function.get("parameters")
        schema: Mapping[str, Any] = parameters if isinstance(parameters, dict) else {}
        tools.append(Tool(function["name"], _text(function.get("description")), schema))
    return tuple(tools)


def _stop(given: Any) -> tuple[str, ...]:
    listed = [given] if isinstance(given, str) else given or []
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        raise Unreadable("stop: a text, or a list of texts")
    return tuple(listed)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
