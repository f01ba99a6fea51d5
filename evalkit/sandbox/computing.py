"""Places for commands that compute: how many run at once, and who had company.

A limit in seconds of wall clock means less where others compute beside. Whoever ran into it beside others
can be told so, and run again with all places to itself.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass


@dataclass
class Place:
    """One command's. `beside`: others computed at some time of it."""

    beside: bool = False


class Places:
    """Use it in one event loop only. First come, first served."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._free = asyncio.Semaphore(count)
        self._whole = asyncio.Lock()
        self._taken: list[Place] = []

    @contextlib.asynccontextmanager
    async def one(self) -> AsyncIterator[Place]:
        async with self._free:
            place = Place(beside=bool(self._taken))
            for other in self._taken:
                other.beside = True
            self._taken.append(place)
            try:
                yield place
            finally:
                self._taken.remove(place)

    @contextlib.asynccontextmanager
    async def all(self) -> AsyncIterator[Place]:
        """Nobody else computes meanwhile. Two that want it take turns: each waits for the other's places."""
        async with self._whole, contextlib.AsyncExitStack() as stack:
            for _ in range(self.count):
                await stack.enter_async_context(self._free)
            yield Place()
