"""Looks at the programs that run for longer than most: which wait, which compute, which are overdue.

The host is told of each change, and starts others beside those that do not need a core. One that is overdue,
which has had its guaranteed share, goes on with the lowest priority.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .accounting import ran_s

TICK_S = 0.05
BUSY = 0.2  # of a tick on a core, or waiting for one: it computes
LOWEST = 19
RUNNING, WAITING, OVERDUE = "running", "waiting", "overdue"  # places.py


@dataclass
class Beat:
    """What is known of one program. `share_s`: None where it may compute for all of its limit."""

    pid: int
    uid: int
    job: int
    share_s: float | None
    used_s: float = 0.0  # of a core, and waiting for one, until the last look
    state: str = RUNNING


class Patrol:
    def __init__(self, as_user: Callable[[int, Callable[[], None]], None]) -> None:
        self.as_user = as_user
        self.beats: dict[int, Beat] = {}
        self.next = float("inf")

    def started(self) -> None:
        """A program has started: a look is due a tick from now at the latest."""
        self.next = min(self.next, time.monotonic() + TICK_S)

    def walk(self, running: Iterable[tuple[int, int, int, float | None]]) -> None:
        """`running`: process, user, job and share of every program."""
        now = time.monotonic()
        passed = TICK_S + max(0.0, now - self.next)
        before, self.beats = self.beats, {}
        said = []
        for pid, uid, job, share_s in running:
            beat = self.beats[pid] = before.get(pid) or Beat(pid, uid, job, share_s)
            if beat.job != job:
                beat = self.beats[pid] = Beat(pid, uid, job, share_s)
            if pid in before and before[pid] is beat:
                said += self.look(beat, passed)
        self.next = now + TICK_S if self.beats else float("inf")
        if said:
            os.write(1, "".join(said).encode())

    def look(self, beat: Beat, passed: float) -> list[str]:
        ran, waited = ran_s(beat.pid)
        busy = ran + waited - beat.used_s > BUSY * passed
        beat.used_s = ran + waited
        state = RUNNING if busy else WAITING
        if beat.share_s is not None and ran >= beat.share_s:
            if beat.state != OVERDUE:
                self.as_user(beat.uid, lambda: os.setpriority(os.PRIO_USER, 0, LOWEST))
            state = OVERDUE
        if state == beat.state:
            return []
        beat.state = state
        return [f"{beat.job} {state}\n"]
