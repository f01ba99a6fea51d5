"""The interactive loop: a model, the tools of a world, and a partner who answers its plain text.

    task ──▶ partner opens ──▶ model ──▶ tool calls ──▶ world ──┐
                                 ▲  └──▶ plain text ──▶ partner ─┤
                                 └────── conversation ◀──────────┘

Every interactive suite runs through this one loop. Each model call and each observation is durable before
it is used; each has an account of its own for its time. docs/interactive.md.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from evalkit.errors import ContextExceeded, ModelError, SandboxError
from evalkit.interaction import (
    Asking,
    Budget,
    Encounter,
    Fitting,
    Observation,
    OutOfTime,
    Said,
    Spent,
    Watching,
)
from evalkit.model import Message, Reply, ToolCall
from evalkit.scaffold import Attempt, Rollout
from evalkit.suite import Suite
from evalkit.task import Answer, Task

DONE = "stop"
LATE = "agent_timeout"
CUT = {"length": "truncated", "content_filter": "refused", "refusal": "refused"}  # finish reason -> reason
MOST_OVERFLOWS = 10  # in a row: a partner that cannot shorten its conversation has none
SHOWN_NAME = 100  # characters of the name of a tool that there is not


class Interactive:
    name = "interactive"
    version = "1"

    async def attempt(self, suite: Suite, task: Task, rollout: Rollout) -> Attempt:
        encounter = await suite.meet(task, rollout.sandbox)
        talk = Conversation(rollout, encounter, rollout.budget.within(encounter.budget))
        try:
            end = await talk.run()
            answer = talk.final or await talk.take() or suite.lost("crashed")
            end = talk.dead.end if talk.dead else end
            return Attempt(answer, end, {**talk.meter.facts(), **encounter.partner.facts()})
        finally:
            with contextlib.suppress(SandboxError):  # what it ended with is known, and must not be hidden
                await encounter.world.close()


@dataclass
class Meter:
    """What a rollout has used: its clocks, in seconds, and the counts that a budget limits."""

    budget: Budget
    turns: int = 0
    tokens: int = 0
    money: float = 0.0
    overflows: int = 0
    clocks: dict[str, float] = field(
        default_factory=lambda: {"model": 0.0, "tools": 0.0, "verification": 0.0, "partner": 0.0}
    )

    def reply(self, reply: Reply) -> None:
        self.turns += 1
        self.tokens += reply.usage.completion_tokens or 0
        self.money += reply.usage.cost or 0.0
        self.clocks["model"] += reply.wall_s

    def asked(self, reply: Reply) -> None:
        """A reply to the partner, by another role: it costs, but neither time nor turns of the model's."""
        self.money += reply.usage.cost or 0.0
        self.clocks["partner"] += reply.wall_s

    def over(self) -> str:
        """The reason of `failed` that the next turn would run into; "" is none."""
        used = {
            "turns": (self.turns, self.budget.turns),
            "tokens": (self.tokens, self.budget.tokens),
            "money": (self.money, self.budget.money),
            LATE: (self.clocks["model"] + self.clocks["tools"], self.budget.wall_s),
        }
        return next((why for why, (n, limit) in used.items() if limit is not None and n >= limit), "")

    @property
    def left_s(self) -> float | None:
        limit = self.budget.wall_s
        return None if limit is None else max(0.0, limit - self.clocks["model"] - self.clocks["tools"])

    def facts(self) -> dict[str, object]:
        spent = {name: s for name, s in self.clocks.items() if s or name != "partner"}
        seconds = {f"{name}_s": round(s, 3) for name, s in spent.items()}
        return {"turns": self.turns, "reply_tokens": self.tokens, "overflows": self.overflows, **seconds}


class Conversation:
    """One rollout's talk. `final` is the answer of a model that gave it whole (the oracle, a replay); `dead`:
    the world ended with an act, and nothing can be asked of it any more."""

    def __init__(self, rollout: Rollout, encounter: Encounter, budget: Budget) -> None:
        self.rollout, self.world, self.partner = rollout, encounter.world, encounter.partner
        self.meter = Meter(budget)
        self.final: Answer | None = None
        self.dead: Observation | None = None
        self._cut = ""  # why the last reply is no whole one, as a reason
        self._overflows = 0  # in a row

    async def run(self) -> str:
        """Why it ended: "stop", or a reason of `failed`."""
        try:
            return await self._talk()
        except Spent as e:
            return e.why

    async def _talk(self) -> str:
        if isinstance(self.partner, Asking):
            self.partner.introduce(self.ask)
        if isinstance(self.partner, Fitting):
            self.partner.fit(self.rollout.context)
        messages = await self.partner.open(self.act)
        while not (over := self.meter.over()):
            said = await self._turn(messages)
            if said.end == "done":
                return self._cut or DONE
            if said.end or self.dead:
                return said.end or "crashed"
            messages = said.messages
        return over

    async def _turn(self, messages: tuple[Message, ...]) -> Said:
        try:
            reply = await self.rollout.call(messages, tools=self.world.tools)
        except ContextExceeded:
            return await self._overflow(messages)
        self._overflows, self._cut = 0, CUT.get(reply.finish_reason, "")
        self.meter.reply(reply)
        if reply.form != "reply":
            self.final = Answer(reply.text, reply.form)
            return Said(end="done")
        if self.meter.left_s == 0:  # it came too late to be used
            return Said(end=LATE)
        messages = (*messages, Message("assistant", reply.text, reply.tool_calls, reasoning=reply.reasoning))
        if not reply.tool_calls:
            return await self.partner.answer(messages, reply, self.act)
        all_seen: list[Observation] = []
        for call in reply.tool_calls:
            seen = await self._offered(call)
            messages = (*messages, Message("tool", seen.text, tool_call_id=call.id))
            if seen.end:
                return Said(end=seen.end)
            all_seen.append(seen)
        if isinstance(self.partner, Watching):
            return Said(messages, self.partner.watch(reply, tuple(all_seen)))
        return Said(messages)

    async def _overflow(self, messages: tuple[Message, ...]) -> Said:
        self.meter.overflows += 1
        self._overflows += 1
        if self._overflows > MOST_OVERFLOWS:
            return Said(end="context")
        return await self.partner.overflow(messages, self.act)

    # -- the world ---------------------------------------------------------------------------------
    async def act(self, call: ToolCall, *, timed: bool = False) -> Observation:
        """An act of the partner's on the world, recorded, on the clock that it says."""
        return await self._observe(call, self.world.act, self.meter.left_s if timed else None)

    async def _offered(self, call: ToolCall) -> Observation:
        """One of the model's: only what it was offered, and not beyond its time."""
        names = [tool.name for tool in self.world.tools]
        if call.name not in names:
            known = ", ".join(names) or "none"
            said = f"There is no tool {call.name[:SHOWN_NAME]!r}. The tools are: {known}."
            return Observation(said, {"mistake": "no such tool"})
        return await self._observe(call, self.world.act, self.meter.left_s)

    async def take(self) -> Answer | None:
        """What the world holds in the end; None where it is dead. Recorded as an act too, by its digest: a
        world made again must give the same, and one that dies of being asked has no answer."""
        taken: list[Answer] = []

        async def look(_: ToolCall) -> Observation:
            answer = await self.world.answer()
            taken.append(answer)
            digest = hashlib.sha256(answer.text.encode(errors="surrogatepass")).hexdigest()
            data = {"form": answer.form, "sha256": digest}
            return Observation(f"{len(answer.text):,} characters", data, clock="verification")

        await self._observe(ToolCall("", "(answer)"), look)
        return taken[0] if taken else None

    async def _observe(
        self,
        call: ToolCall,
        act: Callable[[ToolCall], Awaitable[Observation]],
        within_s: float | None = None,
    ) -> Observation:
        if self.dead:
            return self.dead
        try:
            seen = await self.rollout.observe(call, act, within_s)
        except OutOfTime:
            self.meter.clocks["tools"] += self.meter.left_s or 0.0
            raise
        self.meter.clocks[seen.clock] += seen.wall_s
        if seen.died:
            self.dead = seen
        return seen

    # -- other models, and the tested one aside ----------------------------------------------------
    async def ask(self, role: str, messages: tuple[Message, ...]) -> Reply:
        """A call of the partner's to the model of another role. What goes wrong with it is not the tested
        model's doing."""
        if role == "tested":
            return await self._aside(messages)
        try:
            reply = await self.rollout.call(messages, role=role)
        except ContextExceeded as e:
            raise ModelError(f"the {role}'s model: {e.message}", e.hint, retryable=False) from None
        self.meter.asked(reply)
        return reply

    async def _aside(self, messages: tuple[Message, ...]) -> Reply:
        if over := self.meter.over():
            raise Spent(over)
        try:
            reply = await self.rollout.call(messages)
        except ContextExceeded:
            self.meter.overflows += 1
            raise
        self.meter.reply(reply)
        if self.meter.left_s == 0:  # as with every reply that comes too late
            raise OutOfTime
        return reply
