"""Whether a prompt was read whole, and whether the server does as it is asked.

Engines differ: vLLM and llama-server refuse a prompt that is too long, `transformers serve` answers 200 and
goes on, Ollama cuts it. So a prompt that may be too long is counted before it is sent, by the server's own
tokenizer where it offers that, and the usage that comes back is compared with what was sent.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any

from evalkit.errors import ContextExceeded, ModelError
from evalkit.model import Reply
from evalkit.models.parse import reasoning_of
from evalkit.servers.life import ServerError
from evalkit.servers.probe import TOKEN_S, ask
from evalkit.serving.answering import Answering

REPLY = 1_024  # tokens of a reply whose limit is not set
AROUND = 512  # bytes of a template around the messages, at most
SPARSE = 16  # characters a token: code and English have 2 to 6, long runs of blanks more
USUAL = 4
DENSE = 0.5
SHORT = 4_000  # characters: of shorter prompts nothing is concluded
MARKS = ("<tool_call>", "<function=", "<|tool_call", "[TOOL_CALLS]", "<minimax:tool_call>", '"arguments"')
TOOL = {
    "type": "function",
    "function": {
        "name": "report_number",
        "description": "Reports a number to the user.",
        "parameters": {
            "type": "object",
            "properties": {"number": {"type": "integer"}},
            "required": ["number"],
        },
    },
}


def characters(body: Mapping[str, Any]) -> int:
    """Characters of what the model is told: messages or prompt, and tools."""
    if "messages" in body:
        told = [f"{m.get('content') or ''}{m.get('tool_calls', '')}" for m in body["messages"]]
        return len("".join(told)) + (len(json.dumps(body["tools"])) if "tools" in body else 0)
    return len(str(body.get("prompt") or ""))


async def counted(server: Answering, body: Mapping[str, Any], limit: int | None) -> int | None:
    """Tokens of the prompt where it may be too long and the server can count it; else None. A token stands
    for a byte at least, so most prompts need no counting."""
    if limit is None or server.engine.count is None:
        return None
    told = json.dumps([body.get("messages"), body.get("prompt"), body.get("tools")], ensure_ascii=False)
    if len(told.encode(errors="replace")) + AROUND + (body.get("max_tokens") or REPLY) < limit:
        return None
    try:
        asking = partial(ask_patiently, server)
        return await asyncio.to_thread(server.engine.count, asking, dict(body))
    except (TypeError, LookupError, ValueError):
        return None


def ask_patiently(server: Answering, path: str, body: Any) -> tuple[int, Any]:
    return ask(server.place, path, body, timeout_s=TOKEN_S)


@dataclass
class Honesty:
    """What was found in a session. `limit`: tokens of context that the server says it has."""

    limit: int | None = None
    over_long: int = 0  # prompts that did not fit, and were not sent
    answered_over_long: int = 0  # and ones that the server answered all the same
    differing: int = 0  # calls whose usage is not what was sent
    compared: int = 0
    unheeded: dict[str, None] = field(default_factory=dict)  # fields that were set and do nothing
    ignores: list[str] = field(default_factory=list)

    def before(self, name: str, sent: int, prompt: int | None) -> None:
        """Raises ContextExceeded where a prompt cannot fit: as counted, or at the most characters a token."""
        if self.limit is None or (prompt if prompt is not None else sent // SPARSE) < self.limit:
            return
        self.over_long += 1
        length = f"{prompt:,} tokens" if prompt is not None else f"{sent:,} characters"
        raise ContextExceeded(f"{name}: the prompt has {length}, the context {self.limit:,}")

    def check(self, name: str, sent: int, prompt: int | None, reply: Reply) -> None:
        """Raises ContextExceeded where the server answered a prompt that it cannot have read, ModelError
        where it read another one than was sent."""
        said = reply.usage.prompt_tokens
        if said is None:
            return
        self.compared += 1
        if self.limit is not None and said >= self.limit:
            self.answered_over_long += 1
            raise ContextExceeded(
                f"{name}: the prompt has {said:,} tokens, the context {self.limit:,}, and the server went on"
            )
        off = prompt is not None and abs(said - prompt) > max(16, prompt // 20)
        if off or (sent >= SHORT and not DENSE <= sent / max(1, said) <= SPARSE):
            self.differing += 1
        if sent >= SHORT and said * SPARSE < sent:
            if self.limit is not None and sent // USUAL >= self.limit:
                self.answered_over_long += 1
                raise ContextExceeded(
                    f"{name}: of a prompt of {sent:,} characters the server read {said:,} tokens, as many as"
                    f" its context of {self.limit:,} holds"
                )
            raise ModelError(
                f"{name}: the server read {said:,} tokens of a prompt of {sent:,} characters: it was cut",
                "give the server a longer context",
                retryable=False,
            )

    def account(self) -> dict[str, Any]:
        remarks = [f"the server {line}" for line in self.ignores]
        remarks += [f"the server ignores {name}" for name in self.unheeded]
        if self.differing:
            remarks.append(
                f"the server's count of tokens differs from what was sent in {self.differing:,} of"
                f" {self.compared:,} calls"
            )
        return {
            "context": self.limit,
            "over_long": self.over_long + self.answered_over_long,
            "usage": {"compared": self.compared, "differing": self.differing},
            "remarks": remarks,
        }


# -- asked once ------------------------------------------------------------------------------------


def manners(server: Answering, model: str) -> list[str]:
    """What it does not heed, of what can be seen: the limit of a reply, a stop, greedy sampling."""
    found = []
    first = _reply(server, model, max_tokens=8)
    if first is None:
        return ["does not answer a short question as others do"]
    text, tokens = first
    if tokens is not None and tokens > 8:
        found.append(f"ignores max_tokens: it wrote {tokens} tokens where 8 were allowed")
    again = _reply(server, model, max_tokens=8)
    if again is not None and again[0] != text:
        found.append("answers the same greedy request in two ways")
    steady = again is not None and again[0] == text
    if steady and (piece := _piece(text)):
        stopped = _reply(server, model, max_tokens=8, stop=[piece])
        if stopped is not None and stopped[0] == text:
            found.append("ignores stop")
    return found


def _piece(text: str) -> str:
    """Something to stop at, from the middle of a text; "" where there is nothing plain, or where the text has
    bytes that are no characters: llama.cpp looks for no stop after these, which no real model writes."""
    middle = "" if "\ufffd" in text or "\0" in text else text[1:-1]
    return next((a + b for a, b in pairwise(middle) if (a + b).isalnum() and (a + b).isascii()), "")


def _reply(server: Answering, model: str, **more: Any) -> tuple[str, int | None] | None:
    """The text, and how many tokens the server says it has."""
    asked = {
        "model": model,
        "messages": [{"role": "user", "content": "Count to twenty."}],
        "temperature": 0,
        **more,
    }
    path = f"{server.engine.api}/chat/completions"
    status, said = ask(server.place, path, server.engine.speak(asked), timeout_s=TOKEN_S)
    try:
        text = _written(said["choices"][0]["message"]) if status == 200 else None
        usage = said.get("usage") or {}
    except (TypeError, LookupError, AttributeError):
        return None
    tokens = usage.get("completion_tokens") if isinstance(usage, dict) else None
    return None if text is None else (text, tokens if isinstance(tokens, int) else None)


def _written(message: Mapping[str, Any]) -> str:
    """All of it: the first tokens of a model that thinks are no answer yet."""
    return reasoning_of(message) + str(message.get("content") or "")


def speaks_tools(server: Answering, model: str) -> str:
    """ "parsed" where a tool call comes as one, "none" where the model makes none. ServerError where it makes
    one that the server does not read, or the server takes no tools."""
    for temperature in (0, 0.7, 1.0):
        asked = {
            "model": model,
            "messages": [{"role": "user", "content": "Call the tool report_number with the number 7."}],
            "tools": [TOOL],
            "temperature": temperature,
            "max_tokens": 512,
        }
        path = f"{server.engine.api}/chat/completions"
        status, said = ask(server.place, path, server.engine.speak(asked), timeout_s=TOKEN_S)
        if status != 200:
            raise ServerError(
                f"{server.engine.name} takes no tools: {status} {str(said)[:200]}",
                "--tool-call-parser NAME, with the name of the engine's parser for this model",
            )
        try:
            message = said["choices"][0]["message"]
            calls, text = message.get("tool_calls") or [], str(message.get("content") or "")
        except (TypeError, LookupError, AttributeError):
            return "none"
        if calls:
            return "parsed"
        if any(mark in text for mark in MARKS):
            raise ServerError(
                f"{server.engine.name} does not read this model's tool calls, one is text: {text[:90]!r}",
                "--tool-call-parser NAME, with the name of the engine's parser for this model",
            )
    return "none"
