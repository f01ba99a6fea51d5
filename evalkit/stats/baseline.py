"""What a night's score is compared with: the same tasks on the nights before, and how far a run strays.

The task set is fixed, so the spread of tasks has no part in it: only the noise of answering each again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

LEAST_NIGHTS = 14


@dataclass(frozen=True)
class Baseline:
    """Of `nights` comparable nights: how often each task was solved (`shares`), with `samples` answers a task
    and night. `mean` is their mean score; `sd` how far one night's score strays from its own mean."""

    shares: tuple[float, ...]
    nights: int
    samples: int = 1

    @property
    def mean(self) -> float:
        return math.fsum(self.shares) / len(self.shares)

    @property
    def sd(self) -> float:
        """sqrt(sum p (1 - p) m / (m - 1)) / n / sqrt(K): m / (m - 1) since p is known from m nights only."""
        m, n = self.nights * self.samples, len(self.shares)
        variance = math.fsum(p * (1 - p) for p in self.shares) * m / (m - 1)
        return math.sqrt(variance) / n / math.sqrt(self.samples)

    @property
    def prediction_sd(self) -> float:
        """How far another night's score strays from `mean`, which is itself known from `nights` only."""
        return self.sd * math.sqrt(1 + 1 / self.nights)

    def z(self, score: float) -> float:
        """A night's score over the same tasks, in prediction standard deviations from the mean. Where no task
        ever changed, any difference is infinitely far."""
        difference = score - self.mean
        if self.prediction_sd == 0:
            return 0.0 if abs(difference) < 1e-12 else math.copysign(math.inf, difference)
        return difference / self.prediction_sd


def baseline(nights: Sequence[Sequence[float]], samples: int = 1) -> Baseline | None:
    """From a row a night with each task's share of answers that passed, tasks in one order. None below two
    nights."""
    if len(nights) < 2:
        return None
    return Baseline(
        tuple(math.fsum(night) / len(nights) for night in zip(*nights, strict=True)), len(nights), samples
    )
