"""The model as an agent's program uses it: calls counted and limited, whatever the program does.

One call at a time, in the order in which they were asked: so that each has its number in the record.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from time import monotonic

from evalkit.errors import ContextExceeded
from evalkit.model import Reply, ToolCall
from evalkit.scaffold import Budget, Rollout
from evalkit.scaffolds.interactive import CUT, DONE, LATE, MOST_OVERFLOWS, Meter
from evalkit.scaffolds.proxy.asked import Asked
from evalkit.task import Answer

TICK_S = 0.25


class Over(Exception):
    """The rollout has ended: no call is made any more. Its text is the agent's to see."""


class Line:
    """An agent's line to the model. `over` is set when nothing comes over it any more:

    `end`      the reason of `failed` that it ran into; "" is none
    `final`    the answer of a model that gave it whole (the oracle, a replay)
    `broken`   what went wrong on our side: to be raised by whoever made the rollout

    `clock`: whether the agent's own time, in which no call is under way, is counted as tools' time.
    """

    def __init__(self, rollout: Rollout, budget: Budget, *, clock: bool = True) -> None:
        self.meter = Meter(budget)
        self.over = asyncio.Event()
        self.end = ""
        self.final: Answer | None = None
        self.broken: Exception | None = None
        self.refused = 0  # requests that came to nothing
        self.settings: dict[str, str] = {}  # what the agent would have set
        self._rollout = rollout
        self._turn = asyncio.Lock()
        self._clock = clock
        self._since = monotonic()
        self._last = DONE  # what the last call would end the rollout with
        self._overflows = 0  # in a row

    async def call(self, asked: Asked) -> tuple[int, Reply]:
        """(its number, the reply). Over, ContextExceeded, or whatever is wrong on our side."""
        async with self._turn:
            self._tick()
            self.check()
            self.settings.update(asked.settings)
            try:
                return await self._call(asked)
            except (Over, ContextExceeded):
                raise
            except Exception as e:
                self.broken = e
                self.over.set()
                raise
            finally:
                self._since = monotonic()

    async def _call(self, asked: Asked) -> tuple[int, Reply]:
        number = self.asked
        try:
            reply = await self._rollout.call(asked.messages, stop=asked.stop, tools=asked.tools, alike=True)
        except ContextExceeded:
            self.meter.overflows += 1
            self._overflows += 1
            self._last = "context"
            if self._overflows > MOST_OVERFLOWS:
                self.hang_up("context")
            raise
        self._overflows, self._last = 0, CUT.get(reply.finish_reason, DONE)
        self.meter.reply(reply)
        if reply.form != "reply":
            self.final = Answer(reply.text, reply.form)
            self.hang_up("")
            raise Over("the answer has been given")
        if self.meter.left_s == 0:  # it came too late to be used
            self.hang_up(LATE)
            raise Over(words(LATE))
        return number, with_ids(reply, asked, number)

    def check(self) -> None:
        """Raise Over where no further call is allowed."""
        if not self.over.is_set() and (why := self.meter.over()):
            self.hang_up(why)
        if self.over.is_set():
            raise Over(words(self.end))

    def hang_up(self, end: str) -> None:
        """Nothing more; the first reason stays."""
        if not self.over.is_set():
            self.end = end
            self.over.set()

    @property
    def busy(self) -> bool:
        """Whether a call is under way."""
        return self._turn.locked()

    @property
    def ended(self) -> str:
        """What the rollout ends with where its agent has left by itself: "stop", or a reason of `failed`."""
        return self.end or (DONE if self.final else self._last)

    @property
    def asked(self) -> int:
        """How many calls were made, in all tries of the same."""
        return self.meter.turns + self.meter.overflows

    async def watch(self) -> None:
        """Hang up when the time is over, until cancelled."""
        while not self.over.is_set():
            await asyncio.sleep(TICK_S)
            if not self._turn.locked():
                self._tick()
                if self.meter.left_s == 0:
                    self.hang_up(LATE)

    def _tick(self) -> None:
        now = monotonic()
        if self._clock:
            self.meter.clocks["tools"] += now - self._since
        self._since = now


def words(end: str) -> str:
    return f"this task is over ({end})" if end else "this task is over"


def with_ids(reply: Reply, asked: Asked, number: int) -> Reply:
    """Its tool calls by ids that the conversation does not hold yet: some servers count anew each time."""
    taken = {call.id for message in asked.messages for call in message.tool_calls}
    calls = tuple(
        ToolCall(f"call_{number}_{i}", call.name, call.arguments) if call.id in taken else call
        for i, call in enumerate(reply.tool_calls)
    )
    return replace(reply, tool_calls=calls)
