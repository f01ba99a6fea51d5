"""How often a task is answered otherwise than the night before, while nothing else changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from evalkit.nightly.standing import Standing


@dataclass(frozen=True)
class Flakiness:
    """Of one task in one series: `flips` between `nights` consecutive nights that may be compared, `passed`
    of `scored` samples in all of them."""

    nights: int
    flips: int
    passed: int
    scored: int

    @property
    def rate(self) -> float:
        """Flips over pairs of nights; 0 below two."""
        return self.flips / (self.nights - 1) if self.nights > 1 else 0.0


def flakiness(standing: Standing, task: str) -> Flakiness:
    """Since the present baseline began."""
    points = standing.watched.points
    epoch = points[-1].epoch if points else 0
    pairs = [
        night.tasks[task]
        for night, point in zip(standing.series.nights, points, strict=True)
        if not point.hollow and point.epoch == epoch and night.tasks.get(task, (0, 0))[1]
    ]
    flips = sum(old[0] * new[1] != new[0] * old[1] for old, new in pairwise(pairs))
    return Flakiness(len(pairs), flips, sum(k for k, _ in pairs), sum(n for _, n in pairs))


def flakiest(standings: Sequence[Standing], suite: str, task: str) -> Flakiness:
    """In that series of the suite in which it flips most often."""
    found = [flakiness(one, task) for one in standings if one.series.suite == suite]
    return max(found, key=lambda one: (one.rate, one.nights), default=Flakiness(0, 0, 0, 0))
