"""Tasks of several steps: when an agent is done with one, that is verified, and it goes on with the next.

In a terminal the conversation begins anew, in the same session, as harbor has it; an agent of plain tools is
told in its own. What an agent never got to is verified in the end, as it stands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from evalkit.interaction import Act, Ask, Asking, Fitting, Observation, Partner, Said
from evalkit.model import Message, Reply, Tool, ToolCall
from evalkit.scaffolds.shell.world import SUBMITTED
from evalkit.task import Answer

from .steps import VERIFY, StepsWorld

NEXT = "[handed in, and the next part of the task begins]\n\n{task}"
Talk = tuple[Message, ...]


class Stages:
    """A partner of many: one a step, each made from what the step asks."""

    def __init__(self, task: str, make: Callable[[str], Partner]) -> None:
        self._make = make
        self._now = make(task)
        self._past: list[Partner] = []
        self._ask: Ask | None = None
        self._context: int | None = None

    def introduce(self, ask: Ask) -> None:
        self._ask = ask

    def fit(self, context: int | None) -> None:
        self._context = context

    async def open(self, act: Act) -> Talk:
        if isinstance(self._now, Asking) and self._ask:
            self._now.introduce(self._ask)
        if isinstance(self._now, Fitting):
            self._now.fit(self._context)
        return await self._now.open(act)

    async def answer(self, conversation: Talk, reply: Reply, act: Act) -> Said:
        said = await self._now.answer(conversation, reply, act)
        if said.end != "done":
            return said
        seen = await act(ToolCall("", VERIFY))
        if seen.end or not seen.data["next"]:
            return Said(end=seen.end or "done")
        self._past.append(self._now)
        self._now = self._make(str(seen.data["next"]))
        return Said(await self.open(act))

    async def overflow(self, conversation: Talk, act: Act) -> Said:
        return await self._now.overflow(conversation, act)

    def facts(self) -> dict[str, Any]:
        """Of all of them together: they count."""
        facts: dict[str, Any] = {"steps": len(self._past) + 1}
        for partner in (*self._past, self._now):
            for name, count in partner.facts().items():
                facts[name] = facts.get(name, 0) + count
        return facts


class HandsOn:
    """A world of tools over the steps: who hands in is told what comes next."""

    def __init__(self, world: StepsWorld) -> None:
        self._world = world

    @property
    def tools(self) -> tuple[Tool, ...]:
        return self._world.tools

    async def act(self, call: ToolCall) -> Observation:
        seen = await self._world.act(call)
        if seen.end != SUBMITTED:
            return seen
        verified = await self._world.act(ToolCall("", VERIFY))
        if not verified.data["next"]:
            return seen
        return replace(verified, text=NEXT.format(task=verified.data["next"]))

    async def answer(self) -> Answer:
        return await self._world.answer()

    async def close(self) -> None:
        await self._world.close()
