"""Shells that wait for their command: an exec takes the engine some 40 ms, which are better spent before.

While a model thinks about its next command, the exec for it is started, as the user and in the environment
of the last one. Its shell reads one line and becomes the command: that this is over, and with which status,
is the engine's own word, as always. It is used once. What a program does to it from inside, as the same user
may, makes it a program like any other: it is killed with a command that is late, before files are read, and
before a command that computes.
"""

from __future__ import annotations

import asyncio

from evalkit.errors import SandboxError
from evalkit.sandbox.workspace_exec import Execution, Order
from evalkit.sandbox.workspace_life import Life, shielded
from evalkit.workspace import NotAFile

PID_S = 5.0  # how long a starting command may hold up the end of another
USUAL = 2  # commands alike in a row: from so many on a further one is expected
NEVER = 10**14  # ticks: nothing is as young

Coming = asyncio.Task[Execution | None]


class Ahead:
    """At most one waits. Use it in one event loop only."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._last: Order | None = None
        self._alike = 0  # commands in a row
        self._coming: Coming | None = None

    @property
    def waits(self) -> bool:
        return self._coming is not None

    async def take(self, order: Order) -> Execution | None:
        """The one that waits, if it is one for such a command."""
        alike = self._last is not None and (order.user, order.env) == (self._last.user, self._last.env)
        self._alike = self._alike + 1 if alike else 1
        self._last = order
        if not alike:
            await self.away()
        if (coming := self._coming) is None:
            return None
        execution = await asyncio.shield(coming)
        if self._coming is coming:
            self._coming = None
        return execution

    def expect(self) -> None:
        """Have one ready for a command like the last, where that was usual."""
        if self._coming is None and self._last is not None and self._alike >= USUAL:
            self._coming = asyncio.ensure_future(self._start(self._last))
            self._coming.add_done_callback(lambda c: c.cancelled() or c.exception())  # nobody may ask

    def drop(self) -> list[int]:
        """Let go of it, and it ends by itself. Its process, where that is known already."""
        coming, self._coming = self._coming, None
        return [] if coming is None else _leave(coming)

    async def away(self) -> None:
        """The same, but it is gone then, whatever has become of it."""
        if self._coming is not None:
            await asyncio.wait([self._coming])
        if mine := self.drop():
            await self._life.keeper.ask("kill", NEVER, mine)

    async def _start(self, order: Order) -> Execution | None:
        execution = Execution()
        try:
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
