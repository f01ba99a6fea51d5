"""A rollout's conversation for people: calls, what was said and done between them, and what came of it.

What a model or a program wrote is printed through `visible`, each line behind a bar.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from evalkit.cli.text import Style, duration, money, one_line, visible

if TYPE_CHECKING:
    from evalkit.store import Event

BAR = "  │ "
SHOWN = ("model_call", "observation", "difference", "overflow", "died")
NUMBERED_ANEW = ("model_call", "observation")  # a try that makes one anew parts there from those before it
LIMITS = {"turns": "turns", "tokens": "tokens of replies", "money": "", "wall_s": "of model and tools"}


def section(title: str, style: Style) -> str:
    return "\n" + style.bold(title)


def foreign(text: str) -> str:
    """Text of a model's, a program's or a data set's, behind a bar."""
    return "\n".join(BAR + line for line in visible(text).split("\n"))


def conversation_text(tries: Sequence[Sequence[Event]], style: Style) -> Iterator[str]:
    """The conversation that counts, out of the logs of all tries, oldest first."""
    talk = Talk(style)
    for event in course(tries):
        yield from talk.text(event)


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
    """What was shown already: requests repeat the whole conversation, people read it once."""

    def __init__(self, style: Style) -> None:
        self._style = style
        self._told: dict[str, list[Any]] = {}  # messages by role of the model
        self._asked: list[str] = []  # names of calls that wait for their observation
        self._observed: list[str] = []  # texts of observations since the last call
        self._tools: list[str] = []

    def text(self, event: Event) -> Iterator[str]:
        yield from {
            "model_call": self._call,
            "observation": self._observation,
            "difference": self._difference,
            "overflow": self._overflow,
            "died": self._died,
        }[event.kind](event.payload)

    def _call(self, payload: Mapping[str, Any]) -> Iterator[str]:
        request, reply, by = payload["request"], payload["reply"], payload["role"]
        role = "" if by == "tested" else f" ({one_line(by)})"
        tools = [tool["name"] for tool in request.get("tools", ())]
        if tools and tools != self._tools:
            self._tools = tools
            yield section("tools", self._style)
            yield "  " + one_line(", ".join(tools))
        for message in self._new(by, request["messages"]):
            if message["role"] == "tool" and message["content"] in self._observed:
                self._observed.remove(message["content"])
                continue
            yield section(f"prompt{role}: {one_line(message['role'])}", self._style)
            yield foreign(message["content"])
            yield from _tool_calls(message.get("tool_calls", ()))
        if request["prompt"] is not None:
            yield section(f"prompt{role}", self._style)
            yield foreign(request["prompt"])
        self._observed = []
        yield from self._reply(reply, role)
        made = reply.get("tool_calls", [])
        beside = {"tool_calls": made, "reasoning": reply["reasoning"]}
        said = {"role": "assistant", "content": reply["text"], **{k: v for k, v in beside.items() if v}}
        self._told[by] = [*request["messages"], said]
        if by == "tested":
            self._asked = [call["name"] for call in made]

    def _new(self, by: str, messages: list[Any]) -> list[Any]:
        """What a request says beyond what was shown; all of it where it is another conversation."""
        told = self._told.get(by, [])
        return messages[len(told) :] if told and messages[: len(told)] == told else messages

    def _reply(self, reply: Mapping[str, Any], role: str) -> Iterator[str]:
        if reply["reasoning"]:
            yield section(f"reasoning{role}", self._style)
            yield foreign(reply["reasoning"])
        served = f", {one_line(reply['served_model'])}" if reply["served_model"] else ""
        heading = f"reply{role} ({one_line(reply['finish_reason'])}{served}, {duration(reply['wall_s'])})"
        yield section(heading, self._style)
        made = reply.get("tool_calls", ())
        if reply["text"] or not made:
            yield foreign(reply["text"])
        yield from _tool_calls(made)

    def _observation(self, payload: Mapping[str, Any]) -> Iterator[str]:
        call, seen = payload["call"], payload["observation"]
        clock = f"{one_line(seen['clock'])}, {duration(seen['wall_s'])}"
        end = f", the end: {one_line(seen['end'])}" if seen["end"] else ""
        if call["name"] in self._asked:
            self._asked.remove(call["name"])
            yield section(f"observation of {one_line(call['name'])} ({clock}{end})", self._style)
        elif call["name"] == "(answer)":
            yield section(f"what the world holds in the end ({clock}{end})", self._style)
        else:
            yield section(f"act of the partner: {one_line(call['name'])} ({clock}{end})", self._style)
            if call["arguments"] not in ("", "{}"):
                yield foreign(call["arguments"])
        yield foreign(seen["text"])
        self._observed.append(seen["text"])

    def _difference(self, payload: Mapping[str, Any]) -> Iterator[str]:
        name, number = one_line(payload["call"]["name"]), payload["number"]
        title = f"made again, act {number} ({name}) came out otherwise; what counts is the first"
        yield section(self._style.warn(title), self._style)
        yield foreign(payload["observation"]["text"])

    def _overflow(self, payload: Mapping[str, Any]) -> Iterator[str]:
        yield section("the conversation no longer fits the context", self._style)
        yield foreign(payload["message"])

    def _died(self, payload: Mapping[str, Any]) -> Iterator[str]:
        name, number = one_line(payload["call"]["name"]), payload["number"]
        yield section(self._style.warn(f"the workspace died at act {number} ({name})"), self._style)
        yield foreign(payload["message"])


def _tool_calls(made: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for call in made:
        yield foreign(f"→ {call['name']} {call['arguments']}")


# -- what it used ----------------------------------------------------------------------------------


def rollout_text(info: Mapping[str, Any], budget: Mapping[str, Any], style: Style) -> Iterator[str]:
    """How a rollout ended, its budget as the user gave it, and the facts that were kept with the answer."""
    facts = info.get("facts")
    if not facts:
        return
    yield section("rollout", style)
    yield f"  end: {one_line(str(info.get('finish_reason', 'stop')))}"
    if words := budget_words(budget):
        yield f"  budget: {words}"
    if info.get("differences"):
        yield f"  acts that came out otherwise when made again: {info['differences']}"
    for name, value in facts.items():
        shown = duration(value) if name.endswith("_s") and isinstance(value, float) else _plain(value)
        yield f"  {one_line(name)}: {shown}"


def budget_words(budget: Mapping[str, Any]) -> str:
    """`30 turns, $0.50`: the limits that were given."""
    words = []
    for name, what in LIMITS.items():
        if (value := budget.get(name)) is not None:
            figure = {"money": money, "wall_s": duration}.get(name, "{:,}".format)(value)
            words.append(f"{figure} {what}".rstrip())
    return ", ".join(words)


def _plain(value: Any) -> str:
    return one_line(value if isinstance(value, str) else json.dumps(value), 400)
