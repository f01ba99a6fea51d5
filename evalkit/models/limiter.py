"""How many calls may be in flight: the set concurrency, less while the server says "too many"."""

from __future__ import annotations

import asyncio
from collections import deque
from time import monotonic

FACTOR = 0.8


class AdaptiveLimiter:
    """`async with limiter:` around each HTTP request; first come, first served.

    `throttled(started)` lowers the limit by a fifth, never below 1. A 429 answers a request that
    `started` (monotonic seconds) under some limit; one that was sent before the limit was last lowered
    says nothing about the new limit and is ignored, so that a burst of them counts once.
    `succeeded()` raises it by about one for each full round of successes, up to `ceiling`.
    """

    def __init__(self, limit: int) -> None:
        if limit < 1:
            raise ValueError(f"a limit of {limit} lets nothing through")
        self.ceiling = limit
        self.in_flight = 0
        self.peak = 0  # the most that were ever in flight
        self._allowed = float(limit)
        self._lowered = float("-inf")
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def limit(self) -> int:
        """What is allowed in flight now."""
        return int(self._allowed)

    async def __aenter__(self) -> AdaptiveLimiter:
        if self.in_flight < self.limit and not self._waiting:
            self._enter()
            return self
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._admit()
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self._leave()  # let in and cancelled in the same moment: the place goes to the next
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self._leave()

    def throttled(self, started: float) -> None:
        if started >= self._lowered:
            self._allowed = max(1.0, self._allowed * FACTOR)
            self._lowered = monotonic()

    def cap(self, limit: int) -> None:
        """Never more than this from now on."""
        self.ceiling = max(1, min(self.ceiling, limit))
        self._allowed = min(self._allowed, float(self.ceiling))

    def succeeded(self) -> None:
        if self._allowed < self.ceiling:
            self._allowed = min(float(self.ceiling), self._allowed + 1 / self._allowed)
            self._admit()

    def _enter(self) -> None:
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)

    def _leave(self) -> None:
        self.in_flight -= 1
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self.in_flight < self.limit:
            turn = self._waiting.popleft()
            if not turn.done():  # one that was cancelled while it waited is skipped
                self._enter()
                turn.set_result(None)
