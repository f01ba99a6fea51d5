"""One direction of a series: its sum, its alarm while that is open, and when all is well again."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from evalkit.stats.cusum import step

LIMIT = 5.5  # a baseline of few nights is itself off: at 5, simulated series alarm half as often again
LEAST_SHIFT = 1.0  # standard deviations: an alarm's level is taken to be this far at least
AGAIN = 5.0  # log of how much likelier the old level is than the alarm's, before it is believed: 148 to 1


@dataclass
class Side:
    """`open`: it has alarmed, and is not over. `unsure`: nights since its sum was last at 0, which may be of
    another level."""

    sum: float = 0.0
    open: bool = False
    unsure: list[int] = field(default_factory=list)
    _away: list[float] = field(default_factory=list)
    _back: float = 0.0  # evidence for the old level
    _well: list[int] = field(default_factory=list)  # nights of that evidence

    def add(self, away: float, night: int) -> bool:
        """A night that is `away` standard deviations on this side. Whether it alarms with it."""
        self.sum = step(self.sum, away)
        if self.sum == 0 and not self.open:
            self.unsure, self._away = [], []
            return False
        self.unsure.append(night)
        self._away.append(away)
        if not self.open and self.sum > LIMIT:
            self.open, self._back, self._well = True, 0.0, []
            return True
        return False

    def over(self, away: float, night: int) -> list[int] | None:
        """Of an open one: the nights that were of the other level, once it is clear that the old one is back;
        None before. Page's test once more, of the one level against the other."""
        seen = [min(value, 1e3) for value in self._away[: len(self._away) - len(self._well)]]
        shift = max(LEAST_SHIFT, math.fsum(seen) / len(seen))
        self._back = max(0.0, self._back + shift * (shift / 2 - max(away, -1e3)))
        self._well = [*self._well, night] if self._back else []
        if self._back <= AGAIN:
            return None
        other = [one for one in self.unsure if one not in self._well]
        self.sum, self.open = 0.0, False
        self.unsure, self._away, self._well = [], [], []
        return other
