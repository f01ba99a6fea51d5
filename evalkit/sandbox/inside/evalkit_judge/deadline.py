"""When a question's time is over, in wall time and in effective time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from . import share

if TYPE_CHECKING:
    from .line import Line


class Deadline:
    """Until when a question may take: a wall limit, moved for a program that did not get its share.

    It moves by `late_s` at most, whatever the program had.
    """

    def __init__(self, line: Line, timeout: float | None) -> None:
        self.line = line
        self.asked = time.monotonic()
        self.at: float = min(line.end, line.test_end)
        if timeout is not None:
            self.at = min(self.at, self.asked + timeout)
        self.last: float = min(self.at, line.began.at + line.limits["wall_s"]) + line.limits["late_s"]
        self.window = line.whole if self.at == line.end else None

    def left(self) -> float:
        """Seconds until then, more than 0; AnswerError when the program's time is over."""
        left = self.at - time.monotonic()
        while left <= 0:
            left = self.extend()
        # asking for its times may have brought the end: there is nothing more to wait for
        return left if self.line.ended is None else share.LEAST_S

    def extend(self) -> float:
        line = self.line
        if line.ended is not None:
            raise line.died()
        if self.window is None:
            since = share.Times(self.asked, line.known.waited_s, share.UNKNOWN)
            self.window = share.Window(since, self.at - self.asked)
        line.window = self.window
        now = line.times()
        missing = self.window.missing_s(now, line.limits["share_s"])
        if not missing or now.at >= self.last:
            raise line.fail("timeout", "no answer within the time limit")
        later = min(now.at + missing, self.last)
        line.end = max(line.end, later)
        if line.test_end <= self.at:
            line.test_end = later
        self.at = later
        return later - time.monotonic()
