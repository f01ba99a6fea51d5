"""A world for tasks of several steps: what it was, and one act more, which verifies the step and goes on."""

from __future__ import annotations

from evalkit.interaction import Observation, World
from evalkit.model import Tool, ToolCall
from evalkit.task import Answer

from .verify import Verification

VERIFY = "(verify)"  # no name that a model could call


class StepsWorld:
    """evalkit.interaction.World over another. VERIFY gives {"step", "next", "rewards", "stopped"}: the name
    and the instruction of the step that follows, "" where none does, and why."""

    def __init__(self, world: World, verification: Verification) -> None:
        self._world = world
        self._verification = verification

    @property
    def tools(self) -> tuple[Tool, ...]:
        return self._world.tools

    async def act(self, call: ToolCall) -> Observation:
        return await (self._verified() if call.name == VERIFY else self._world.act(call))

    async def _verified(self) -> Observation:
        by = self._verification
        if by.steps_left == 1:  # the take verifies the last one, when the agent's terminal is gone
            return Observation(
                "", {"step": "", "next": "", "rewards": None, "stopped": ""}, clock="verification"
            )
        done = await by.advance()
        going = by.steps_left > 0
        data = {
            "step": by.step.name if going else "",
            "next": by.step.instruction if going else "",
            "rewards": None if done.rewards is None else dict(done.rewards),
            "stopped": by.stopped,
        }
        return Observation("", data, clock="verification")

    async def answer(self) -> Answer:
        return await self._world.answer()

    async def close(self) -> None:
        await self._world.close()
