"""Which jobs run beside others, and which alone: any number together, or a single one."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

GATHER = 16  # jobs that want to be alone; before that many wait, they do not hold up those that come


@dataclass
class Visit:
    """One job among others. `beside`: whether any other ran at some time meanwhile."""

    beside: bool
    number: int


class Company:
    """Of one run, however many sandboxes it has. Use it in one event loop only.

    To be alone costs all others a wait, so that those who want it go one after the other: when nobody else is
    there, or when `GATHER` of them wait.
    """

    def __init__(self) -> None:
        self._here = 0  # jobs that run together
        self._came = 0  # that have ever come
        self._door = asyncio.Event()
        self._door.set()
        self._queue: deque[asyncio.Future[None]] = deque()  # of those that want to be alone
        self._one = False  # whether one is

    @contextlib.asynccontextmanager
    async def together(self) -> AsyncIterator[Visit]:
        while not self._door.is_set():
            await self._door.wait()
        self._came += 1
        visit = Visit(self._here > 0, self._came)
        self._here += 1
        try:
            yield visit
        finally:
            visit.beside = visit.beside or self._came != visit.number
            self._here -= 1
            self._next()

    @contextlib.asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        self._next()
        try:
            await turn
            yield
        finally:
            if turn.done() and not turn.cancelled():
                self._one = False
            elif turn in self._queue:
                self._queue.remove(turn)
            self._next()

    def _next(self) -> None:
        """Let in whoever may come in now."""
        while self._queue and self._queue[0].cancelled():
            self._queue.popleft()
        if self._one:
            return
        if self._queue and not self._here:
            self._one = True
            self._door.clear()
            self._queue.popleft().set_result(None)
        elif len(self._queue) >= GATHER:
            self._door.clear()
        elif not self._queue:
            self._door.set()
