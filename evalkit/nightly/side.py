"""One direction of a series: its sum, its alarm while that is open, and when all is well again."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from evalkit.stats.cusum import ALLOWANCE, LIMIT, step

# standard errors of the baseline's mean that a night is forgiven beside the allowance. A young baseline is
# itself off, by as much every night: without this, series in their first month alarm twice as often
FORGIVEN = 0.75
LEAST_SHIFT = 1.0  # standard deviations: an alarm's level is taken to be this far at least
AGAIN = 5.0  # log of how much likelier the old level is than the alarm's, before it is believed: 148 to 1
# log of how much likelier an alarm's nights are of another level than of the old one, for them to be kept out
# of the baseline once it is over. Below, they are noise that belongs to it: without them it would be off the
# other way, and alarm again and again
REAL = 10.0


@dataclass
class Side:
    """`open`: it has alarmed, and is not over. `unsure`: nights since its sum was last at 0, which may be of
    another level. `back`: of the last one that is over, the first night of the old level."""

    sum: float = 0.0
    open: bool = False
    unsure: list[int] = field(default_factory=list)
    back: int | None = None
    _away: list[float] = field(default_factory=list)
    _known: int = 0  # nights of the baseline
    _back: float = 0.0  # evidence for the old level
    _well: list[int] = field(default_factory=list)  # nights of that evidence

    def add(self, away: float, night: int, known: int) -> bool:
        """A night that is `away` standard deviations on this side of a baseline of `known` nights. Whether it
        alarms with it."""
        self.sum = step(self.sum, away, ALLOWANCE + FORGIVEN / math.sqrt(known))
        if self.sum == 0 and not self.open:
            self.unsure, self._away = [], []
            return False
        self.unsure.append(night)
        self._away.append(away)
        self._known = known
        if not self.open and self.sum > LIMIT:
            self.open, self._back, self._well = True, 0.0, []
            return True
        return False

    def over(self, away: float, night: int) -> list[int] | None:
        """Of an open one: the nights that were of the other level, once it is clear that the old one is back;
        None before. Page's test once more, of the one level against the other."""
        seen = self._of_alarm()
        shift = max(LEAST_SHIFT, math.fsum(seen) / len(seen))
        self._back = max(0.0, self._back + shift * (shift / 2 - away))
        self._well = [*self._well, night] if self._back else []
        if self._back <= AGAIN:
            return None
        other = [one for one in self.unsure if one not in self._well] if self._evidence() > REAL else []
        self.sum, self.open, self.back = 0.0, False, self._well[0]
        self.unsure, self._away, self._well = [], [], []
        return other

    def _evidence(self) -> float:
        """Log of the likelihood ratio of two levels to one, of the alarm's nights and those of the baseline,
        whose own mean is not known better than from so many."""
        seen = self._of_alarm()
        mean = max(0.0, math.fsum(seen) / len(seen))
        return mean**2 / (2 * (1 / len(seen) + 1 / self._known))

    def _of_alarm(self) -> list[float]:
        return [away for night, away in zip(self.unsure, self._away, strict=True) if night not in self._well]
