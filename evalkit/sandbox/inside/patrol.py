"""Looks at the programs that run for longer than most: which wait, which compute, which are overdue.

The judge is told of each change, and starts others beside those that do not need a core. One that is overdue,
which has had its guaranteed share, goes on with the lowest priority.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass

from .accounting import ran_s
from .places import OVERDUE, RUNNING, WAITING

TICK_S = 0.05
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

    def look(self, pid: int, passed_s: float) -> bool:
        """Whether it does something else than at the last look, `passed_s` ago."""
        ran, waited = ran_s(pid)
        before, self.used_s = self.used_s, ran + waited
        state = RUNNING if before < 0 or self.used_s - before > BUSY * passed_s else WAITING
        if self.share_s is not None and ran >= self.share_s:
            state = OVERDUE
        if state == self.state or (state == WAITING and self.told >= MOST_TOLD):
            return False
        self.state, self.told = state, self.told + 1
        return True


def lower(uid: int) -> None:
    """Give all processes of a user the lowest priority."""
    os.setpriority(os.PRIO_USER, uid, LOWEST)


def end(uid: int) -> None:
    """Kill all processes of a user, whose rights this process has, at once."""
    os.kill(-1, signal.SIGKILL)
