"""Recorded calls for an agent that is started anew: which of them is the one that it makes now.

Such an agent runs freely. It asks the same in another wording: the date, a process's number, the seconds that
tests took, and calls that it makes at once come in another order. What the model said is the same as long as
the record answers, so a request counts as a recorded one if

    the model's own part of the conversation is the same, word by word, and so are the tools' names;
    as many messages of the same roles stand in it;
    what stands before the model's first word has, message by message, at least half of its lines in common.

What came after that (observations, as a tool's message or as the user's) may differ in anything, as in every
rollout that is made again: what was observed the first time is what counts, for the replies that were paid
for follow from it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalkit.model import Reply, Request
from evalkit.store import Store, request_digest

NEAR = 16  # calls: how far apart those may be that were made at once


@dataclass(frozen=True)
class Found:
    """A recorded call. `where`: the messages in which the request differs from the recorded one."""

    number: int
    reply: Reply
    where: tuple[int, ...] = ()


class Recall:
    """Of the last course of things that the tries of a sample took: one that called anew parted there from
    those before it. Each recorded call answers once."""

    def __init__(self, store: Store, task_id: str, sample: int) -> None:
        self._store = store
        self._calls = course(store.recorded_calls(task_id, sample))

    @property
    def left(self) -> bool:
        """Whether there are calls that have answered nothing yet."""
        return bool(self._calls)

    def equal(self, number: int, request: Request) -> Found | None:
        digest = request_digest(request)
        same = [n for n, (_, known) in self._calls.items() if known == digest]
        if not same:
            return None
        nearest = min(same, key=lambda n: abs(n - number))
        _, reply = self._take(nearest)
        return Found(nearest, reply)

    def alike(self, number: int, request: Request) -> Found | None:
        for n in sorted((n for n in self._calls if abs(n - number) <= NEAR), key=lambda n: abs(n - number)):
            asked, _ = self._store.recorded_exchange(self._calls[n][0])
            where = differences(asked, request)
            if where is not None:
                _, reply = self._take(n)
                return Found(n, reply, where)
        return None

    def _take(self, number: int) -> tuple[Mapping[str, Any], Reply]:
        call_id, _ = self._calls.pop(number)
        return self._store.recorded_exchange(call_id)


def course(calls: Sequence[tuple[int, int, int, str]]) -> dict[int, tuple[int, str]]:
    """(id, digest) by number, of calls with their id, rollout, number and digest in order."""
    found: dict[int, tuple[int, str]] = {}
    latest = 0
    for call_id, rollout, number, digest in calls:
        if rollout != latest:
            latest = rollout
            found = {n: known for n, known in found.items() if n < number}
        found[number] = (call_id, digest)
    return found


def differences(recorded: Mapping[str, Any], request: Request) -> tuple[int, ...] | None:
    """The messages that differ, () where none does; None where this is another request."""
    told = recorded["messages"]
    if request.prompt is not None or len(told) != len(request.messages):
        return None
    names = [tool["name"] for tool in recorded.get("tools", ())]
    if names != [tool.name for tool in request.tools]:
        return None
    where, begun = [], False
    for i, (then, now) in enumerate(zip(told, request.messages, strict=True)):
        calls = [(call["name"], call["arguments"]) for call in then.get("tool_calls", ())]
        if then["role"] != now.role or calls != [(call.name, call.arguments) for call in now.tool_calls]:
            return None
        begun = begun or now.role == "assistant"
        if then["content"] == now.content:
            continue
        if now.role == "assistant" or not (begun or _mostly(then["content"], now.content)):
            return None
        where.append(i)
    return tuple(where)


def _mostly(one: str, other: str) -> bool:
    """Whether at least half of the lines of the longer are the other's, too."""
    lines, others = Counter(one.splitlines()), Counter(other.splitlines())
    return 2 * (lines & others).total() >= max(lines.total(), others.total())
