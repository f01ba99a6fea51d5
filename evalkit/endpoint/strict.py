"""What strict servers ask of a conversation with tools. Each rule is one of a server that is in use; a
request that breaks one gets 400 here too, so that a test shows what would be refused elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def check_conversation(messages: Sequence[Mapping[str, Any]]) -> None:
    """ValueError that names the message and what is wrong with it."""
    seen: set[str] = set()
    open_calls: set[str] = set()
    for number, message in enumerate(messages):
        where = f"messages[{number}]"
        if message["role"] == "tool":
            if message.get("tool_call_id") not in open_calls:
                raise ValueError(f"{where}: tool_call_id answers no call of the message before")
            open_calls.remove(message["tool_call_id"])
            if not isinstance(message.get("content"), str | list):
                raise ValueError(f"{where}: content is no text")
            continue
        if open_calls:
            raise ValueError(f"{where}: no answer to the tool call {min(open_calls)!r}")
        calls = message.get("tool_calls")
        if calls is None:
            if not isinstance(message.get("content"), str | list):
                raise ValueError(f"{where}: content is no text")
            continue
        open_calls = _check_calls(calls, where, seen)
        if message.get("content") == "":
            raise ValueError(f"{where}: text content blocks must be non-empty")
        seen |= open_calls
    if open_calls:
        raise ValueError(f"no answer to the tool call {min(open_calls)!r}")


def _check_calls(calls: Any, where: str, seen: set[str]) -> set[str]:
    """The ids of a message's calls."""
    if not isinstance(calls, list) or not calls:
        raise ValueError(f"{where}: tool_calls is empty or no list")
    ids: set[str] = set()
    for call in calls:
        function = call.get("function") or {}
        if call.get("type") != "function" or not NAME.fullmatch(str(function.get("name", ""))):
            raise ValueError(f"{where}: a tool call needs a type and a name of letters, digits, _ and -")
        if not isinstance(call.get("id"), str) or not call["id"] or call["id"] in seen | ids:
            raise ValueError(f"{where}: a tool call's id is missing or there already: {call.get('id')!r}")
        ids.add(call["id"])
        try:
            arguments = json.loads(function["arguments"])
        except (KeyError, TypeError, ValueError) as e:
            raise ValueError(f"{where}: a tool call's arguments are no JSON: {e}") from None
        if not isinstance(arguments, dict):
            raise ValueError(f"{where}: a tool call's arguments are no object")
    return ids


def check_tools(tools: Any) -> None:
    """ValueError unless these are functions with names of their own and a schema of an object each."""
    if tools is None:
        return
    if not isinstance(tools, list) or not tools:
        raise ValueError("tools is empty or no list")
    names = [str((tool.get("function") or {}).get("name", "")) for tool in tools]
    if len(set(names)) != len(names) or not all(NAME.fullmatch(name) for name in names):
        raise ValueError(f"tools have names of their own, of letters, digits, _ and -: {names}")
    for tool in tools:
        parameters = tool["function"].get("parameters")
        if tool.get("type") != "function" or not isinstance(parameters, dict):
            raise ValueError("a tool needs a type and parameters")
        if parameters.get("type") != "object":
            raise ValueError("a tool's parameters are the schema of an object")
