"""Shells that wait for their command: an exec takes the engine some 40 ms, which are better spent before.

While a model thinks about its next command, the exec for it is started, as the user and in the environment
of the last one. Its shell reads one line and becomes the command: that this is over, and with which status,
is the engine's own word, as always. It is used once. What a program does to it from inside, as the same user
may, makes it a program like any other: it is killed with a command that is late, before files are read, and
before a command that computes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from evalkit.errors import SandboxError
from evalkit.sandbox.workspace_exec import Execution, Order
from evalkit.sandbox.workspace_life import Life, shielded
from evalkit.workspace import NotAFile

PID_S = 5.0  # how long a starting command may hold up the end of another
COUNT = 2  # replies may hold several calls
NEVER = 10**14  # ticks: nothing is as young

Coming = asyncio.Task[Execution | None]


class Ahead:
    """A few wait, the oldest is taken first. Use it in one event loop only."""

    def __init__(self, life: Life, begins: Callable[[Execution], None]) -> None:
        """`begins` is told of each, before the engine is asked for it."""
        self._life = life
        self._begins = begins
        self._last: Order | None = None
        self._alike = 0  # commands in a row
        self._coming: list[Coming] = []  # they wait, or are about to
        self._starts: set[Coming] = set()  # on their way, also those that nobody wants any more
        self._held = False

    @property
    def waits(self) -> bool:
        return bool(self._coming)

    async def take(self, order: Order) -> Execution | None:
        """One that waits for such a command, if there is one."""
        alike = self._last is not None and (order.user, order.env) == (self._last.user, self._last.env)
        self._alike = self._alike + 1 if alike else 1
        self._last = order
        if not alike:
            await self.away()
        while self._coming:
            coming = self._coming[0]
            execution = await asyncio.shield(coming)
            if coming not in self._coming:
                continue
            self._coming.remove(coming)
            if execution is not None:
                if not (execution.over.is_set() or execution.begun.is_set()):
                    return execution
                execution.close()  # somebody inside was there before
        return None

    def expect(self) -> None:
        """Have one ready for another command like the last, and more where there were some in a row."""
        while not self._held and self._last is not None and len(self._coming) < min(self._alike, COUNT):
            coming = asyncio.ensure_future(self._start(self._last))
            coming.add_done_callback(lambda c: c.cancelled() or c.exception())  # nobody may ask
            self._starts.add(coming)
            coming.add_done_callback(self._starts.discard)
            self._coming.append(coming)

    async def hold(self) -> None:
        """Start none until `let_go`, and wait for those that are on their way."""
        self._held = True
        if self._starts:
            await asyncio.wait(self._starts)

    def let_go(self) -> None:
        self._held = False

    def drop(self) -> list[int]:
        """Let go of them, and they end by themselves. Their processes, where those are known already."""
        coming, self._coming = self._coming, []
        return [pid for one in coming for pid in _leave(one)]

    async def away(self) -> None:
        """The same, but they are gone then, whatever has become of them."""
        if self._coming:
            await asyncio.wait(self._coming)
        if mine := self.drop():
            await self._life.keeper.ask("kill", NEVER, mine)

    async def _start(self, order: Order) -> Execution | None:
        execution = Execution()
        try:
            self._begins(execution)
            await shielded(self._life.call(execution.wait, order))
            async with asyncio.timeout(PID_S):
                if await asyncio.shield(execution.pid):
                    return execution
        except (SandboxError, NotAFile, TimeoutError):
            pass  # the command itself will say what is wrong
        execution.close()
        return None


def _leave(coming: Coming) -> list[int]:
    if not coming.done():
        coming.add_done_callback(_leave)
        return []
    execution = None if coming.cancelled() or coming.exception() else coming.result()
    if execution is None:
        return []
    execution.close()
    return [execution.pid.result()]
