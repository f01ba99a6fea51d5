"""Looks at the programs that run for longer than most: which wait, which compute, which are overdue.

The judge is told of each change, and starts others beside those that do not need a core. One that is overdue,
which has had its guaranteed share, goes on with the lowest priority.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass

from .accounting import is_ready, ran_s, taken_s, waited_s
from .places import OVERDUE, RUNNING, WAITING

TICK_S, LEAST_S = 0.05, 0.005
BUSY = 0.2  # of a tick on a core, or waiting for one: it computes
LOWEST = 19
MOST_TOLD = 100  # the report of the end needs room, too, in a connection that a busy judge does not read


@dataclass
class Beat:
    """What is known of one program. `share_s`: None where it may compute for all of its limit."""

    share_s: float | None
    used_s: float = -1.0  # of a core, and waiting for one, until the last look; -1: not looked at yet
    state: bytes = RUNNING
    told: int = 0  # changes
    left_s: float = TICK_S  # until it may be overdue
    moved: float = 0.0  # on the monotonic clock: the last look before which it was on a core
    taken: tuple[float, ...] = ()  # by the host of each core, until the first look

    def look(self, pid: int, passed_s: float) -> bool:
        """Whether it does something else than at the last look, `passed_s` ago."""
        ran, waited = ran_s(pid)
        before, self.used_s = self.used_s, ran + waited
        if before < 0:
            self.taken = taken_s()
        if self.used_s != before:
            self.moved = time.monotonic()
        state = RUNNING if before < 0 or self.used_s - before > BUSY * passed_s else WAITING
        if self.share_s is not None and ran >= self.share_s:
            state = OVERDUE
        self.left_s = TICK_S if self.share_s is None or state != RUNNING else self.share_s - ran
        if state == self.state or (state == WAITING and self.told >= MOST_TOLD):
            return False
        self.state, self.told = state, self.told + 1
        return True

    def waited_s(self, pid: int) -> float:
        """How long a program has been ready to run and had no core since it began, the present wait too."""
        stalled = self.stalled_s(pid)
        counted = waited_s(pid)
        if stalled and not self.stalled_s(pid):  # it got a core in between: now all of it is counted
            return waited_s(pid)
        return counted + stalled

    def stalled_s(self, pid: int) -> float:
        """How long a program that is ready to run has been waiting now: the kernel counts it when it is over.

        Where others want all cores, that may be seconds for one that is overdue.
        """
        if self.used_s < 0 or sum(ran_s(pid)) != self.used_s or not is_ready(pid):
            return 0.0
        return time.monotonic() - self.moved

    def robbed_s(self) -> float:
        """How long the host has kept a core from the program: which of them it was on is not known, so that
        the most counts. A tick at its beginning is left out, which most programs do not outlive."""
        return max((now - then for now, then in zip(taken_s(), self.taken, strict=False)), default=0.0)


def pause_s(beats: Iterable[Beat]) -> float:
    """Seconds until the next look at all programs: a tick, or less where one may be overdue before."""
    return max(LEAST_S, min((TICK_S, *(beat.left_s for beat in beats))))


def lower(uid: int) -> None:
    """Let all processes of a user, whose rights this process has, run only where nobody else wants to.

    All but this one: process 1 waits for it, and nobody would be looked at or answered until it got a core.
    """
    os.setpriority(os.PRIO_USER, uid, LOWEST)
    own = str(os.getpid())
    for pid in (name for name in os.listdir("/proc") if name.isdigit() and name != own):
        with contextlib.suppress(OSError):  # it is another's, or gone
            if os.stat(f"/proc/{pid}").st_uid == uid:
                for thread in os.listdir(f"/proc/{pid}/task"):
                    os.sched_setscheduler(int(thread), os.SCHED_IDLE, os.sched_param(0))


def end(uid: int) -> None:
    """Kill all processes of a user, whose rights this process has, at once."""
    os.kill(-1, signal.SIGKILL)
