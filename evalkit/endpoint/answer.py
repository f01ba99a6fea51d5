"""From a scripted reply to what goes over the wire: cut by stops and limits, counted, as JSON or events."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from evalkit.endpoint.faults import Fault
from evalkit.endpoint.script import Body, Scripted

TOKEN = re.compile(r"\s*\S+|\s+$")  # a "token" of this endpoint: a word with the blanks before it


@dataclass(frozen=True)
class Answer:
    """A reply ready to be sent. `choices` is empty only under the fault of that name."""

    id: str
    model: str
    chat: bool
    text: str | None
    finish_reason: str | None
    scripted: Scripted
    usage: Any
    prompt_tokens: int
    completion_tokens: int
    empty: bool = False

    def document(self) -> dict[str, Any]:
        """The whole reply as one JSON object."""
        choice: dict[str, Any] = {"index": 0, "finish_reason": self.finish_reason, "logprobs": None}
        if self.chat:
            choice["message"] = {"role": "assistant", "content": self.text, **self._beside()}
        else:
            choice["text"] = self.text or ""
        return {**self._head(""), "choices": [] if self.empty else [choice], "usage": self.usage}

    def events(self, include_usage: bool) -> Iterator[dict[str, Any]]:
        """The same reply as the chunks of a stream, without the final [DONE]."""
        if self.chat:
            yield self._chunk({"role": "assistant", "content": ""})
            if beside := self._beside(indexed=True):
                yield self._chunk(beside)
        for piece in pieces(self.text):
            yield self._chunk({"content": piece})
        yield self._chunk({}, self.finish_reason)
        if include_usage:
            yield {**self._head(".chunk"), "choices": [], "usage": self.usage}

    def _chunk(self, delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
        choice: dict[str, Any] = {"index": 0, "finish_reason": finish_reason}
        choice.update({"delta": delta} if self.chat else {"text": delta.get("content", "")})
        return {**self._head(".chunk"), "choices": [] if self.empty else [choice]}

    def _head(self, suffix: str) -> dict[str, Any]:
        kind = f"chat.completion{suffix}" if self.chat else "text_completion"
        return {
            "id": self.id,
            "object": kind,
            "created": 0,
            "model": self.model,
            "system_fingerprint": "fp_scripted",
        }

    def _beside(self, indexed: bool = False) -> dict[str, Any]:
        """What a message holds beside its content."""
        said = self.scripted
        beside: dict[str, Any] = {}
        if said.reasoning is not None:
            beside["reasoning_content"] = said.reasoning
        if said.refusal is not None:
            beside["refusal"] = said.refusal
        if said.tool_calls:
            beside["tool_calls"] = [
                {
                    **({"index": i} if indexed else {}),
                    "id": call.get("id", f"call_{i}"),
                    "type": "function",
                    "function": {"name": call["name"], "arguments": _arguments(call)},
                }
                for i, call in enumerate(said.tool_calls)
            ]
        return beside


def _arguments(call: Any) -> str:
    given = call.get("arguments", {})
    return given if isinstance(given, str) else json.dumps(given)


def pieces(text: str | None) -> list[str]:
    """A text in pieces as a stream would send them; they join to the text again."""
    found = TOKEN.findall(text or "")
    return found if len(found) <= 2000 else [text or ""]


def make_answer(body: Body, scripted: Scripted, fault: Fault | None, call_id: str, chat: bool) -> Answer:
    """What the model "wrote": the scripted text up to a stop, a limit or what the fault makes of it."""
    text, finish = scripted.text, scripted.finish_reason
    finish = finish or ("tool_calls" if scripted.tool_calls else "stop")
    text = _until_stop(text, body.get("stop"))
    words = TOKEN.findall(text or "")
    limit = body.get("max_completion_tokens") or body.get("max_tokens")
    if isinstance(limit, int) and len(words) > limit:
        words, text, finish = words[:limit], "".join(words[:limit]), "length"
    answer = Answer(
        id=call_id,
        model=scripted.model or str(body.get("model", "")),
        chat=chat,
        text=text,
        finish_reason=finish,
        scripted=scripted,
        usage=None,
        prompt_tokens=_prompt_tokens(body),
        completion_tokens=len(words),
    )
    return _with_usage(_spoil(answer, fault))


def _spoil(answer: Answer, fault: Fault | None) -> Answer:
    kind = fault.kind if fault else ""
    if kind in ("length", "content_filter"):
        words = TOKEN.findall(answer.text or "")
        half = words[: max(1, len(words) // 2)]
        return replace(answer, text="".join(half), finish_reason=kind, completion_tokens=len(half))
    if kind == "null":
        return replace(answer, text=None, completion_tokens=0)
    if kind == "surrogate":
        return replace(answer, text=(answer.text or "") + "\ud835\x00\udfff\u202e")
    if kind == "huge" and fault:
        return replace(answer, text="x = 1\n" * int(fault.mb * 1e6 / 6))
    if kind == "wrongmodel":
        return replace(answer, model="some-other-model")
    if kind == "nofinish":
        return replace(answer, finish_reason=None)
    if kind == "empty":
        return replace(answer, empty=True)
    if kind == "badusage":
        nonsense = {
            "prompt_tokens": -5,
            "completion_tokens": float("nan"),
            "total_tokens": "many",
            "cost": "free",
        }
        return replace(answer, usage=nonsense)
    return answer


def _with_usage(answer: Answer) -> Answer:
    if answer.scripted.usage is not None:
        return replace(answer, usage=answer.scripted.usage)
    if answer.usage is not None:
        return answer
    reasoning = len(TOKEN.findall(answer.scripted.reasoning or ""))
    done = answer.completion_tokens + reasoning
    usage: dict[str, Any] = {
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": done,
        "total_tokens": answer.prompt_tokens + done,
    }
    if reasoning:
        usage["completion_tokens_details"] = {"reasoning_tokens": reasoning}
    return replace(answer, usage=usage, completion_tokens=done)


def _until_stop(text: str | None, stop: Any) -> str | None:
    for mark in [stop] if isinstance(stop, str) else stop or []:
        text = text.split(mark)[0] if text and mark else text
    return text


def _prompt_tokens(body: Body) -> int:
    texts = (
        [str(m.get("content", "")) for m in body["messages"]] if "messages" in body else [str(body["prompt"])]
    )
    return sum(len(text.split()) for text in texts)
