"""How many jobs are judged at once: few whose programs compute, many whose programs wait or are overdue.

The supervisor says what each program does. One that sleeps costs nothing but its slot. One that has had the
time that an honest program needs goes on with the lowest priority, beside others that start.
"""

from __future__ import annotations

import asyncio
from collections import deque

RUNNING, WAITING, OVERDUE = "running", "waiting", "overdue"
OVERDUE_EACH = 3  # overdue programs for each that may run; more than that count as running


class Places:
    """`running` programs compute at once, `most` are in flight in all."""

    def __init__(self, running: int, most: int) -> None:
        self.running = running
        self.most = most
        self.states: dict[int, str] = {}  # of each job in flight, by its number
        self.counts = {RUNNING: 0, WAITING: 0, OVERDUE: 0}
        self.queue: deque[asyncio.Future[None]] = deque()
        self.alone = False
        self.only = 0  # the job that is alone
        self.number = 0

    def room(self) -> bool:
        too_many = max(0, self.counts[OVERDUE] - OVERDUE_EACH * self.running)
        return (
            not self.alone and len(self.states) < self.most and self.counts[RUNNING] + too_many < self.running
        )

    async def take(self) -> int:
        """Wait for a place; the number of the job that has it."""
        while not self.room():
            await self._turn(first=False)
        return self._enter()

    async def take_all(self) -> int:
        """Wait until no other job is in flight, and let none start until this one leaves."""
        while self.alone:
            await self._turn(first=False)
        self.alone = True
        try:
            while self.states:
                await self._turn(first=True)
        except BaseException:
            self.alone = False
            self._wake()
            raise
        self.only = self._enter()
        return self.only

    def leave(self, number: int) -> None:
        self.counts[self.states.pop(number)] -= 1
        if number == self.only:
            self.alone, self.only = False, 0
        self._wake()

    def moved(self, number: int, state: str) -> None:
        """A job's program does something else now. Of a job that has left, it does not matter."""
        if number in self.states and state in self.counts:
            self.counts[self.states[number]] -= 1
            self.counts[state] += 1
            self.states[number] = state
            self._wake()

    def _enter(self) -> int:
        self.number += 1
        self.states[self.number] = RUNNING
        self.counts[RUNNING] += 1
        self._wake()
        return self.number

    async def _turn(self, first: bool) -> None:
        future = asyncio.get_running_loop().create_future()
        (self.queue.appendleft if first else self.queue.append)(future)
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self._wake()  # a place was offered to it; another may have it
            raise

    def _wake(self) -> None:
        """Let the first in the queue look again. It wakes the next when it has taken its place."""
        while self.queue:
            future = self.queue.popleft()
            if not future.done():
                future.set_result(None)
                return
