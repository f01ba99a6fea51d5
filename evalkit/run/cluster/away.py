"""A rollout as its scaffold sees it on a node: what is paid for, counted or recorded is the head's doing."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Awaitable, Callable
from typing import Any

from evalkit.interaction import Observation
from evalkit.model import Message, Reply, Tool, ToolCall
from evalkit.run.cluster.messages import ActBegins, ActEnds, Call, Given, Never, Note, Start, Wish
from evalkit.run.rollout import done
from evalkit.workspace import WorkspaceDied, WorkspaceSandbox


class RolloutAway:
    """See evalkit.scaffold.Rollout. `wishes` are for the head, which has its answers `given`."""

    def __init__(self, start: Start) -> None:
        self.task, self.sample = start.task, start.sample
        self.sampling, self.budget, self.context = start.sampling, start.budget, start.context
        self.sandbox: WorkspaceSandbox | None = None
        self.wishes: asyncio.Queue[Wish] = asyncio.Queue()
        self._numbers = itertools.count()
        self._waiting: dict[int, asyncio.Future[Any]] = {}

    async def call(
        self,
        messages: tuple[Message, ...] = (),
        prompt: str | None = None,
        *,
        role: str = "tested",
        stop: tuple[str, ...] = (),
        tools: tuple[Tool, ...] = (),
        alike: bool = False,
    ) -> Reply:
        reply: Reply = await self._wish(Call(messages, prompt, role, stop, tools, alike))
        return reply

    async def observe(
        self,
        call: ToolCall,
        act: Callable[[ToolCall], Awaitable[Observation]],
        within_s: float | None = None,
    ) -> Observation:
        number, known = await self._wish(ActBegins(call))
        seen = await done(call, act, None if known else within_s)
        end = (
            ActEnds(number, None, seen.message) if isinstance(seen, WorkspaceDied) else ActEnds(number, seen)
        )
        counts: Observation = await self._wish(end)
        return counts

    async def record(self, kind: str, payload: dict[str, Any]) -> None:
        await self._wish(Note(kind, payload))

    def given(self, number: int, given: Given) -> None:
        """The head's answer to a wish. One whose caller was cut short meanwhile is of no interest."""
        waiting = self._waiting.pop(number, None)
        if waiting is None or waiting.done():
            return
        if given.error is not None:
            waiting.set_exception(given.error)
        else:
            waiting.set_result(given.value)

    async def _wish(self, what: Any) -> Any:
        number = next(self._numbers)
        waiting = self._waiting[number] = asyncio.get_running_loop().create_future()
        self.wishes.put_nowait(Wish(number, what))
        try:
            return await waiting
        except asyncio.CancelledError:
            if self._waiting.pop(number, None) is not None:
                self.wishes.put_nowait(Wish(next(self._numbers), Never(number)))
            raise

    async def next(self) -> list[Wish]:
        """The next wishes, all that there are; waits for the first."""
        found = [await self.wishes.get()]
        with contextlib.suppress(asyncio.QueueEmpty):
            while True:
                found.append(self.wishes.get_nowait())
        return found
