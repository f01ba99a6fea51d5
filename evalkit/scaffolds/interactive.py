"""The interactive loop: a model, the tools of a world, and a partner who answers its plain text.

    task ──▶ partner opens ──▶ model ──▶ tool calls ──▶ world ──┐
                                 ▲  └──▶ plain text ──▶ partner ─┤
                                 └────── conversation ◀──────────┘

Every interactive suite runs through this one loop. Each model call and each observation is durable before
it is used; each has an account of its own for its time.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from evalkit.errors import ContextExceeded
from evalkit.interaction import Budget, Encounter, Observation, Said
from evalkit.model import Message, Reply, ToolCall
from evalkit.scaffold import Attempt, Rollout
from evalkit.suite import Suite
from evalkit.task import Answer, Task

DONE = "stop"


class Interactive:
    name = "interactive"
    version = "1"

    async def attempt(self, suite: Suite, task: Task, rollout: Rollout) -> Attempt:
        assert rollout.sandbox is not None, f"{suite.info.name} says nothing of workspaces"
        encounter = await suite.meet(task, rollout.sandbox)
        try:
            talk = Conversation(rollout, encounter, rollout.budget.within(encounter.budget))
            end = await talk.run()
            answer = talk.final or await encounter.world.answer()
            return Attempt(answer, end, {**talk.meter.facts(), **encounter.partner.facts()})
        finally:
            await encounter.world.close()


@dataclass
class Meter:
    """What a rollout has used: three clocks, in seconds, and the counts that a budget limits."""

    budget: Budget
    turns: int = 0
    tokens: int = 0
    money: float = 0.0
    overflows: int = 0
    clocks: dict[str, float] = field(
        default_factory=lambda: {"model": 0.0, "tools": 0.0, "verification": 0.0}
    )

    def reply(self, reply: Reply) -> None:
        self.turns += 1
        self.tokens += reply.usage.completion_tokens or 0
        self.money += reply.usage.cost or 0.0
        self.clocks["model"] += reply.wall_s

    def over(self) -> str:
        """The reason of `failed` that the next turn would run into; "" is none."""
        used = {
            "turns": (self.turns, self.budget.turns),
            "tokens": (self.tokens, self.budget.tokens),
            "money": (self.money, self.budget.money),
            "agent_timeout": (self.clocks["model"] + self.clocks["tools"], self.budget.wall_s),
        }
        return next((why for why, (n, limit) in used.items() if limit is not None and n >= limit), "")

    @property
    def left_s(self) -> float | None:
        limit = self.budget.wall_s
        return None if limit is None else max(0.0, limit - self.clocks["model"] - self.clocks["tools"])

    def facts(self) -> dict[str, object]:
        seconds = {f"{name}_s": round(spent, 3) for name, spent in self.clocks.items()}
        return {"turns": self.turns, "overflows": self.overflows, **seconds}


class Conversation:
    """One rollout's talk. `final` is the answer of a model that gave it whole (the oracle, a replay)."""

    def __init__(self, rollout: Rollout, encounter: Encounter, budget: Budget) -> None:
        self.rollout, self.world, self.partner = rollout, encounter.world, encounter.partner
        self.meter = Meter(budget)
        self.final: Answer | None = None

    async def run(self) -> str:
        """Why it ended: "stop", or a reason of `failed`."""
        try:
            messages = await self.partner.open(self.act)
            while not (over := self.meter.over()):
                said = await self._turn(messages)
                if said.end:
                    return DONE if said.end == "done" else said.end
                messages = said.messages
            return over
        except TimeoutError:
            return "agent_timeout"

    async def _turn(self, messages: tuple[Message, ...]) -> Said:
        try:
            async with asyncio.timeout(self.meter.left_s):
                reply = await self.rollout.call(messages, tools=self.world.tools)
        except ContextExceeded:
            self.meter.overflows += 1
            return await self.partner.overflow(messages, self.act)
        self.meter.reply(reply)
        if reply.form != "reply":
            self.final = Answer(reply.text, reply.form)
            return Said(end="done")
        messages = (*messages, Message("assistant", reply.text, reply.tool_calls))
        if not reply.tool_calls:
            return await self.partner.answer(messages, reply, self.act)
        for call in reply.tool_calls:
            seen = await self._offered(call)
            messages = (*messages, Message("tool", seen.text, tool_call_id=call.id))
            if seen.end:
                return Said(end=seen.end)
        return Said(messages)

    async def act(self, call: ToolCall) -> Observation:
        """One act on the world, recorded, on the clock that it says."""
        async with asyncio.timeout(self.meter.left_s):
            seen = await self.rollout.observe(call, self.world.act)
        self.meter.clocks[seen.clock] += seen.wall_s
        return seen

    async def _offered(self, call: ToolCall) -> Observation:
        """The same for what the model asked for: only what it was offered."""
        names = [tool.name for tool in self.world.tools]
        if call.name not in names:
            return Observation(
                f"There is no tool {call.name!r}. The tools are: {', '.join(names) or 'none'}."
            )
        return await self.act(call)
