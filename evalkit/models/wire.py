"""From a Request to the body of an HTTP request."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from evalkit.model import Request, Sampling, Tool
from evalkit.models.history import sendable

ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


@dataclass(frozen=True)
class Wire:
    """How a server wants its requests.

    `prefill` "continue-final-message": a last assistant message is continued only with two extra
    fields (vLLM, SGLang). `max_tokens_field`: OpenAI's own models know only max_completion_tokens.
    `reasoning_field`: where the model's thoughts are to be sent back, in conversations with tools.
    """

    model: str
    stream: bool = False
    prefill: str = ""
    max_tokens_field: str = "max_tokens"
    reasoning_field: str = ""


def body_of(request: Request, sampling: Sampling, wire: Wire) -> dict[str, Any]:
    """The JSON body. Unset parameters are not sent; the extra body wins over all but the prompt."""
    chat = request.prompt is None
    body: dict[str, Any] = {"model": wire.model}
    if chat:
        body["messages"] = sendable(request.messages, wire.reasoning_field)
        if wire.prefill and request.messages and request.messages[-1].role == "assistant":
            body |= {"continue_final_message": True, "add_generation_prompt": False}
        if request.tools:
            body["tools"] = [function_of(tool) for tool in request.tools]
    else:
        body["prompt"] = request.prompt
    if sampling.max_tokens is not None:
        body[wire.max_tokens_field if chat else "max_tokens"] = sampling.max_tokens
    for name, value in _plain(sampling):
        if value is not None:
            body[name] = value
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    if wire.stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    body.update(sampling.extra_body)
    return body


def function_of(tool: Tool) -> dict[str, Any]:
    """A tool as a function; a schema is sent also where it has no parameters: some servers insist."""
    parameters = dict(tool.parameters) or {"type": "object", "properties": {}}
    function = {"name": tool.name, "description": tool.description, "parameters": parameters}
    return {"type": "function", "function": function}


def _plain(s: Sampling) -> tuple[tuple[str, Any], ...]:
    return (
        ("temperature", s.temperature),
        ("top_p", s.top_p),
        ("top_k", s.top_k),
        ("repetition_penalty", s.repetition_penalty),
        ("presence_penalty", s.presence_penalty),
        ("frequency_penalty", s.frequency_penalty),
        ("seed", s.seed),
        ("reasoning_effort", s.reasoning_effort),
    )


def encode(body: dict[str, Any]) -> bytes:
    """UTF-8 JSON. Lone surrogates become U+FFFD: no server takes them, and a conversation that holds a
    hostile reply must go on."""
    text = ENCODER.encode(body)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def call_key(salt: str, request: Request, data: bytes) -> str:
    """A stable name for one call, the same for each of its attempts, different for each sample.

    The number tells calls of one rollout apart that ask the same: a second one wants a reply of its own.
    """
    number = f"{request.number}\0" if request.number else ""
    named = f"{salt}\0{request.task.id}\0{request.sample}\0{number}"
    digest = hashlib.sha256(named.encode(errors="replace"))
    digest.update(data)
    return digest.hexdigest()[:32]
