"""How often a task is answered otherwise than the night before, while nothing else changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from evalkit.nightly.standing import Standing


@dataclass(frozen=True)
class Flakiness:
    """Of one task in one series, over `nights` that count: `flips` in `pairs` of consecutive ones that may be
    compared, `passed` of `scored` samples in all. Of several samples a night, `flips` is what one of each
    would be expected to show."""

    nights: int = 0
    pairs: int = 0
    flips: float = 0.0
    passed: int = 0
    scored: int = 0

    @property
    def rate(self) -> float:
        """Flips over pairs of nights; 0 where there is none."""
        return self.flips / self.pairs if self.pairs else 0.0


def flip(before: float, after: float) -> float:
    """How likely a sample of one night and one of the next have another verdict, from the shares that passed:
    0 or 1 where each night has one."""
    return before + after - 2 * before * after


def flakiness(standing: Standing, task: str) -> Flakiness:
    counted = [
        (point.epoch, *night.tasks[task])
        for night, point in zip(standing.series.nights, standing.watched.points, strict=True)
        if not point.hollow and night.tasks.get(task, (0, 0))[1]
    ]
    pairs = [(old, new) for old, new in pairwise(counted) if old[0] == new[0]]
    flips = sum(flip(old[1] / old[2], new[1] / new[2]) for old, new in pairs)
    return Flakiness(
        len(counted), len(pairs), flips, sum(one[1] for one in counted), sum(one[2] for one in counted)
    )


def flakiest(standings: Sequence[Standing], suite: str, task: str) -> Flakiness:
    """In that series of the suite in which it flips most often."""
    found = [flakiness(one, task) for one in standings if one.series.suite == suite]
    return max(found, key=lambda one: (one.rate, one.nights), default=Flakiness())
