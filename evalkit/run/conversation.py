"""A rollout's conversation: calls, what was said and done between them, each thing once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from evalkit.run.passages import Foreign, Part, Passage, cut
from evalkit.text import duration, money

if TYPE_CHECKING:
    from evalkit.store import Event

SHOWN = ("model_call", "observation", "difference", "request_difference", "overflow", "died")
NUMBERED_ANEW = ("model_call", "observation")  # a try that makes one anew parts there from those before it
LIMITS = {"turns": "turns", "tokens": "tokens of replies", "money": "", "wall_s": "of model and tools"}


def conversation(tries: Sequence[Sequence[Event]]) -> Iterator[Passage]:
    """The conversation that counts, out of the logs of all tries, oldest first."""
    talk = Talk()
    for event in course(tries):
        yield from talk.passages(event)


def course(tries: Sequence[Sequence[Event]]) -> list[Event]:
    """The events that led to the end. A try that was made again from its record logs only what is new."""
    kept: list[Event] = []
    for log in tries:
        older = len(kept)
        for event in log:
            if event.kind not in SHOWN:
                continue
            if event.kind in NUMBERED_ANEW:
                number = event.payload["number"]
                gone = {e.id for e in kept[:older] if e.kind == event.kind and e.payload["number"] >= number}
                kept[:older] = [e for e in kept[:older] if e.id not in gone]
                older -= len(gone)
            kept.append(event)
    return kept


class Talk:
    """What was told already: requests repeat the whole conversation, people read it once."""

    def __init__(self) -> None:
        self._told: dict[str, list[Any]] = {}  # messages by role of the model
        self._asked: list[str] = []  # names of calls that wait for their observation
        self._observed: list[str] = []  # texts of observations since the last call
        self._tools: list[str] = []

    def passages(self, event: Event) -> Iterator[Passage]:
        yield from {
            "model_call": self._call,
            "observation": self._observation,
            "difference": self._difference,
            "request_difference": self._request_difference,
            "overflow": self._overflow,
            "died": self._died,
        }[event.kind](event.payload)

    def _call(self, payload: Mapping[str, Any]) -> Iterator[Passage]:
        request, reply, by = payload["request"], payload["reply"], payload["role"]
        role = "" if by == "tested" else f" ({by})"
        tools = [tool["name"] for tool in request.get("tools", ())]
        if tools and tools != self._tools:
            self._tools = tools
            yield Passage("facts", "tools", (", ".join(tools),))
        for message in self._new(by, request["messages"]):
            if message["role"] == "tool" and message["content"] in self._observed:
                self._observed.remove(message["content"])
                continue
            said = (Foreign(message["content"]), *_tool_calls(message.get("tool_calls", ())))
            yield Passage("prompt", f"prompt{role}: {message['role']}", said)
        if request["prompt"] is not None:
            yield Passage("prompt", f"prompt{role}", (Foreign(request["prompt"]),))
        self._observed = []
        yield from self._reply(reply, role)
        made = reply.get("tool_calls", [])
        beside = {"tool_calls": made, "reasoning": reply["reasoning"]}
        spoken = {"role": "assistant", "content": reply["text"], **{k: v for k, v in beside.items() if v}}
        self._told[by] = [*request["messages"], spoken]
        if by == "tested":
            self._asked = [call["name"] for call in made]

    def _new(self, by: str, messages: list[Any]) -> list[Any]:
        """What a request says beyond what was told; all of it where it is another conversation."""
        told = self._told.get(by, [])
        return messages[len(told) :] if told and messages[: len(told)] == told else messages

    def _reply(self, reply: Mapping[str, Any], role: str) -> Iterator[Passage]:
        if reply["reasoning"]:
            yield Passage("reasoning", f"reasoning{role}", (Foreign(reply["reasoning"]),))
        served = f", {reply['served_model']}" if reply["served_model"] else ""
        made = reply.get("tool_calls", ())
        text = (Foreign(reply["text"]),) if reply["text"] or not made else ()
        title = f"reply{role} ({reply['finish_reason']}{served}, {duration(reply['wall_s'])})"
        yield Passage("reply", title, (*text, *_tool_calls(made)))

    def _observation(self, payload: Mapping[str, Any]) -> Iterator[Passage]:
        call, seen = payload["call"], payload["observation"]
        end = f", the end: {seen['end']}" if seen["end"] else ""
        clock = f"({seen['clock']}, {duration(seen['wall_s'])}{end})"
        parts: tuple[Part, ...] = (Foreign(seen["text"]),)
        if call["name"] in self._asked:
            self._asked.remove(call["name"])
            title = f"observation of {call['name']} {clock}"
        elif call["name"] == "(answer)":
            title = f"what the world holds in the end {clock}"
        else:
            title = f"act of the partner: {call['name']} {clock}"
            if call["arguments"] not in ("", "{}"):
                parts = (Foreign(call["arguments"]), *parts)
        yield Passage("act", title, parts)
        self._observed.append(seen["text"])

    def _difference(self, payload: Mapping[str, Any]) -> Iterator[Passage]:
        name, number = payload["call"]["name"], payload["number"]
        title = f"made again, act {number} ({name}) came out otherwise; what counts is the first"
        yield Passage("warning", title, (Foreign(payload["observation"]["text"]),))

    def _request_difference(self, payload: Mapping[str, Any]) -> Iterator[Passage]:
        number, recorded = payload["number"], payload["recorded"]
        title = f"made again, call {number} is none of the recorded ones: from here on they count no more"
        if recorded is not None:
            where = ", ".join(map(str, payload["messages"]))
            title = (
                f"made again, call {number} is worded otherwise (messages {where}); the recorded reply counts"
            )
        yield Passage("warning", title, ())

    def _overflow(self, payload: Mapping[str, Any]) -> Iterator[Passage]:
        title = "the conversation no longer fits the context"
        yield Passage("facts", title, (Foreign(payload["message"]),))

    def _died(self, payload: Mapping[str, Any]) -> Iterator[Passage]:
        name, number = payload["call"]["name"], payload["number"]
        yield Passage(
            "warning", f"the workspace died at act {number} ({name})", (Foreign(payload["message"]),)
        )


def _tool_calls(made: Sequence[Mapping[str, Any]]) -> Iterator[Foreign]:
    for call in made:
        yield Foreign(f"→ {call['name']} {call['arguments']}")


# -- what it used ----------------------------------------------------------------------------------


def rollout(info: Mapping[str, Any], budget: Mapping[str, Any]) -> Iterator[Passage]:
    """How a rollout ended, its budget as the user gave it, and the facts that were kept with the answer."""
    facts = info.get("facts")
    if not facts:
        return
    lines = [f"end: {info.get('finish_reason', 'stop')}"]
    if words := budget_words(budget):
        lines.append(f"budget: {words}")
    if info.get("differences"):
        lines.append(f"acts that came out otherwise when made again: {info['differences']}")
    for name, value in facts.items():
        shown = duration(value) if name.endswith("_s") and isinstance(value, float) else _plain(value)
        lines.append(f"{name}: {shown}")
    yield Passage("facts", "rollout", tuple(lines))


def budget_words(budget: Mapping[str, Any]) -> str:
    """`30 turns, $0.50`: the limits that were given."""
    words = []
    for name, what in LIMITS.items():
        if (value := budget.get(name)) is not None:
            figure = {"money": money, "wall_s": duration}.get(name, "{:,}".format)(value)
            words.append(f"{figure} {what}".rstrip())
    return ", ".join(words)


def _plain(value: Any) -> str:
    return cut(value if isinstance(value, str) else json.dumps(value), 400)
