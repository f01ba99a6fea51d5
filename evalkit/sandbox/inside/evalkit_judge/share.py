"""Whether a late program was given its share of the machine: limits count effective time.

Effective time is wall time less the time that a program was ready to run and had no core, whether others had
it or a virtual machine's host. At a wall limit the program is ended if it had its guaranteed share of
effective time, else it gets what is missing. Of a program with several processes the CPU time of all of them
counts, so that none gains by starving itself.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass

LEAST_S = 0.01
NEAR_S = 0.001
UNKNOWN = float("inf")
TIMES = struct.Struct("<dd")  # supervisor.py


@dataclass(frozen=True)
class Times:
    """At `at` (monotonic seconds): seconds of waiting for a core, and of CPU, since the program began."""

    at: float
    waited_s: float = 0.0
    cpu_s: float = 0.0

    def effective_s(self, since: Times) -> float:
        """Effective seconds between two times; too few where CPU or waiting at `since` is not known."""
        gone = self.at - since.at
        waited = min(gone, max(0.0, self.waited_s - since.waited_s))
        return max(gone - waited, self.cpu_s - since.cpu_s)


@dataclass
class Window:
    """A stretch of time that a limit holds for, from `since` on. `had_s` as last counted."""

    since: Times
    allowed_s: float
    had_s: float = 0.0

    def missing_s(self, now: Times, share_s: float) -> float:
        """Effective seconds that the program has a right to yet, 0 if none."""
        self.had_s = now.effective_s(self.since)
        share = min(self.allowed_s, share_s)
        if self.had_s >= share - NEAR_S:
            return 0.0
        if self.since.cpu_s == UNKNOWN:  # from now on all of it is known
            self.since = Times(now.at - self.had_s, now.waited_s, now.cpu_s - self.had_s)
        return max(share - self.had_s, LEAST_S)


_own: list[tuple[int, int]] = []  # this process, and a descriptor of its scheduler statistics


def own_waited_s() -> float:
    """Seconds that this very process has been ready to run without getting a core."""
    try:
        if not _own or _own[0][0] != os.getpid():
            _own[:] = [(os.getpid(), os.open("/proc/self/schedstat", os.O_RDONLY | os.O_CLOEXEC))]
        return int(os.pread(_own[0][1], 200, 0).split()[1]) / 1e9
    except (OSError, IndexError, ValueError):  # a kernel without scheduler statistics: none is known
        return 0.0
