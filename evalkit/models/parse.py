"""From what a server sent to a complete reply, or to the reason why it is none.

A reply counts only with a finish_reason: empty choices, an error object with status 200, half a JSON
or a stream that merely ends are failures of the transport, never an answer of the model.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict

from evalkit.model import ToolCall
from evalkit.models.failure import AttemptError, error_words, is_context, one_line
from evalkit.models.history import unique_ids

# servers' own words for the four reasons; anything else is kept as it is
FINISH = {
    "eos": "stop",
    "eos_token": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "max_length": "length",
    "safety": "content_filter",
    "function_call": "tool_calls",
    "tool_use": "tool_calls",
}
# the server gave up in the middle: vLLM and SGLang, OpenRouter, DeepSeek, Z.ai
BROKEN_FINISH = frozenset({"abort", "aborted", "error", "insufficient_system_resource", "network_error"})


class Head(TypedDict, total=False):
    """Who answered."""

    served_model: str
    fingerprint: str
    id: str


@dataclass
class Parsed:
    """A complete reply as the server sent it; `usage` is untouched."""

    text: str
    reasoning: str = ""
    finish_reason: str = "stop"
    usage: Any = None
    served_model: str = ""
    fingerprint: str = ""
    id: str = ""
    first_token_s: float | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    refusal: str = field(default="", repr=False)


def parse_document(data: bytes, chat: bool) -> Parsed:
    """The body of a response that is not a stream. Raises AttemptError."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise AttemptError(
            f"the reply is not JSON: {one_line(data[:200].decode(errors='replace'))!r}"
        ) from None
    if not isinstance(document, dict):
        raise AttemptError(f"the reply is no JSON object but {type(document).__name__}")
    check_error_object(document)
    usage = document.get("usage")
    choice = first_choice(document)
    if choice is None:
        raise AttemptError("the reply has no choices", usage=usage)
    check_error_object(choice, usage)
    finish = finish_reason(choice.get("finish_reason"), usage)
    message = choice.get("message") if chat else choice
    if not isinstance(message, dict):
        raise AttemptError("the reply's choice has no message", usage=usage)
    parsed = Parsed(
        text=text_of(message.get("content" if chat else "text"), usage),
        reasoning=reasoning_of(message),
        finish_reason=finish,
        usage=usage,
        tool_calls=tool_calls_of(message) if chat else (),
        refusal=_text(message.get("refusal")),
        **head_of(document),
    )
    return finished(parsed)


def finished(parsed: Parsed) -> Parsed:
    """A refusal that stands in place of the content becomes the text, with a reason of its own.

    Servers say "stop" beside tool calls, and "tool_calls" beside none: what is there decides.
    """
    if parsed.tool_calls and parsed.finish_reason == "stop":
        parsed.finish_reason = "tool_calls"
    if not parsed.tool_calls and parsed.finish_reason == "tool_calls":
        parsed.finish_reason = "stop"
    if parsed.refusal and not parsed.text and not parsed.tool_calls:
        parsed.text, parsed.finish_reason = parsed.refusal, "refusal"
    return parsed


def check_error_object(document: Mapping[str, Any], usage: Any = None) -> None:
    """Raise AttemptError if this is an error, or holds one, in spite of status 200."""
    if not document.get("error"):
        return
    message, code = error_words(document)
    raise AttemptError(
        f"an error with status 200: {message or code}",
        status=200,
        context=is_context(message, code),
        usage=usage,
    )


def first_choice(document: Mapping[str, Any]) -> dict[str, Any] | None:
    choices = document.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        return choices[0]
    return None


def finish_reason(given: Any, usage: Any = None) -> str:
    """The reason in OpenAI's words. Raises AttemptError where there is none, or a server's breakdown."""
    if not isinstance(given, str) or not given:
        raise AttemptError("the reply has no finish_reason: it is not complete", usage=usage)
    reason = given.lower()
    if reason in BROKEN_FINISH:
        raise AttemptError(f"the server gave up: finish_reason {one_line(given)!r}", usage=usage)
    return FINISH.get(reason, one_line(reason))


def text_of(content: Any, usage: Any = None) -> str:
    """A message's content: a text, null (no text), or a list of parts."""
    if isinstance(content, str):
        return content
    if content is None:
        return ""
    if isinstance(content, list):
        return "".join(_text(part.get("text")) for part in content if isinstance(part, dict))
    raise AttemptError(f"the reply's content is no text but {type(content).__name__}", usage=usage)


def reasoning_of(message: Mapping[str, Any]) -> str:
    return _text(message.get("reasoning_content")) or _text(message.get("reasoning"))


def tool_calls_of(message: Mapping[str, Any]) -> tuple[ToolCall, ...]:
    """The calls of a message, as far as they can be read: a world answers what is wrong with one."""
    listed = message.get("tool_calls")
    calls = []
    for call in listed if isinstance(listed, list) else ():
        if isinstance(call, dict):
            function = function_of(call)
            arguments = arguments_of(function.get("arguments"))
            calls.append(ToolCall(_text(call.get("id")), _text(function.get("name")), arguments or "{}"))
    return unique_ids(calls)


def function_of(call: Mapping[str, Any]) -> Mapping[str, Any]:
    function = call.get("function")
    return function if isinstance(function, dict) else {}


def arguments_of(given: Any) -> str:
    """Arguments as their text: some servers send the object itself, and none at all where there are none."""
    if isinstance(given, str) or given is None:
        return (given or "") if (given or "").strip() else ""
    return json.dumps(given)


def head_of(document: Mapping[str, Any]) -> Head:
    return {
        "served_model": _text(document.get("model")),
        "fingerprint": _text(document.get("system_fingerprint")),
        "id": _text(document.get("id")),
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def split_think(text: str) -> tuple[str, str]:
    """(reasoning, answer) of a text that thinks inline: `<think>...</think>answer`.

    A template may have written the opening tag already, so the closing one is enough; without a
    closing tag an opened thought never became an answer.
    """
    opened = text.lstrip().startswith("<think>")
    body = text.lstrip()[len("<think>") :] if opened else text
    thought, closing, answer = body.partition("</think>")
    if closing:
        return thought.strip("\n"), answer.lstrip("\n")
    return (body.strip("\n"), "") if opened else ("", text)
