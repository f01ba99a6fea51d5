"""From a scripted reply to what goes over the wire: cut by stops and limits, counted, as JSON or events."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from evalkit.endpoint.faults import Fault
from evalkit.endpoint.script import Body, Scripted, content_text

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
            if beside := self._beside(calls=False):
                yield self._chunk(beside)
        for piece in pieces(self.text):
            yield self._chunk({"content": piece})
        if self.chat:
            for delta in self._call_deltas():
                yield self._chunk({"tool_calls": [delta]})
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

    def _beside(self, calls: bool = True) -> dict[str, Any]:
        """What a message holds beside its content."""
        said = self.scripted
        beside: dict[str, Any] = {}
        if said.reasoning is not None:
            beside["reasoning_content"] = said.reasoning
        if said.refusal is not None:
            beside["refusal"] = said.refusal
        if calls and said.tool_calls:
            beside["tool_calls"] = [
                _call(call, place, call.get("arguments", {}) if _as_object(call) else arguments_text(call))
                for place, call in enumerate(said.tool_calls)
            ]
        return beside

    def _call_deltas(self) -> Iterator[dict[str, Any]]:
        """Each call's head, then its arguments in pieces: the name comes once, the index each time."""
        for place, call in enumerate(self.scripted.tool_calls):
            index = {} if call.get("index", place) is None else {"index": call.get("index", place)}
            if _as_object(call):
                yield {**index, **_call(call, place, call.get("arguments", {}))}
                continue
            yield {**index, **_call(call, place, "")}
            for piece in pieces(arguments_text(call)):
                yield {**index, "function": {"arguments": piece}}


def _call(call: Mapping[str, Any], place: int, arguments: Any) -> dict[str, Any]:
    given = call.get("id", f"call_{place}")
    head = {} if given is None else {"id": given}
    return {**head, "type": "function", "function": {"name": call["name"], "arguments": arguments}}


def _as_object(call: Mapping[str, Any]) -> bool:
    return call.get("as") == "object"


def arguments_text(call: Mapping[str, Any]) -> str:
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
    written = len(words) + sum(len(TOKEN.findall(arguments_text(call))) for call in scripted.tool_calls)
    if isinstance(limit, int) and written > limit:
        scripted = replace(scripted, tool_calls=_cut_calls(scripted.tool_calls, limit - len(words)))
        words, text, finish, written = words[:limit], "".join(words[:limit]), "length", limit
    answer = Answer(
        id=call_id,
        model=scripted.model or str(body.get("model", "")),
        chat=chat,
        text=text,
        finish_reason=finish,
        scripted=scripted,
        usage=None,
        prompt_tokens=prompt_tokens_of(body),
        completion_tokens=written,
    )
    return _with_usage(_spoil(answer, fault))


def _cut_calls(calls: tuple[Mapping[str, Any], ...], left: int) -> tuple[Mapping[str, Any], ...]:
    """As many words of the calls' arguments as are left; a call that has none of them is not made."""
    kept: list[Mapping[str, Any]] = []
    for call in calls:
        words = TOKEN.findall(arguments_text(call))
        if left <= 0:
            break
        kept.append(call if len(words) <= left else {**call, "arguments": "".join(words[:left])})
        left -= len(words)
    return tuple(kept)


def _spoil(answer: Answer, fault: Fault | None) -> Answer:
    kind = fault.kind if fault else ""
    if kind in ("length", "content_filter"):
        words = TOKEN.findall(answer.text or "")
        half = words[: max(1, len(words) // 2)]
        calls = _cut_calls(answer.scripted.tool_calls, 1)
        return replace(
            answer,
            text="".join(half),
            finish_reason=kind,
            completion_tokens=len(half) + len(calls),
            scripted=replace(answer.scripted, tool_calls=calls),
        )
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


def prompt_tokens_of(body: Body) -> int:
    if "messages" not in body:
        return len(str(body["prompt"]).split())
    texts = [content_text(m.get("content")) for m in body["messages"]]
    texts += [arguments_text(c["function"]) for m in body["messages"] for c in m.get("tool_calls") or ()]
    return sum(len(text.split()) for text in texts)
