"""A series' score now: of its last seven nights, since one night alone strays."""

from __future__ import annotations

import math
from dataclasses import dataclass

from evalkit.nightly.watch import Watched

NIGHTS = 7


@dataclass(frozen=True)
class Latest:
    """Mean `score` (a share) of the last `nights` that count, NIGHTS at most and none from before the present
    baseline began. `change`: how far they are from that baseline over the tasks that both have; None while it
    is being made."""

    score: float | None
    change: float | None
    nights: int


def latest(watched: Watched) -> Latest:
    epoch = watched.points[-1].epoch if watched.points else 0
    points = [point for point in watched.points if point.epoch == epoch and not point.hollow][-NIGHTS:]
    scores = [point.score for point in points if point.score is not None]
    changes = [p.own - p.expected for p in points if p.own is not None and p.expected is not None]
    return Latest(_mean(scores), _mean(changes), len(points))


def _mean(values: list[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None
