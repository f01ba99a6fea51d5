"""What a night's score is compared with: the same tasks on the nights before, and how far a run strays.

The task set is fixed, so the spread of tasks has no part in it: only the noise of answering each again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    Numbers = Sequence[float] | np.ndarray

LEAST_NIGHTS = 14
# of one answer: the least that a night is taken to stray by. Where hardly a task ever changes, changes come
# by ones, and nobody knows yet how rarely: without this, 18 suites of 80 such tasks raise ten false alarms a
# month
LEAST_SD = 0.7
LEAST_SKEW = 1e-6  # below it nothing is to be set right, and would be divided by


@dataclass(frozen=True, eq=False)
class Baseline:
    """Of comparable nights: how often each task was solved (`shares`), on how many `nights`, with how many
    `samples` a night; one number for all tasks, or one a task. `mean` is the tasks' mean share; `sd` how far
    one night's score strays from its own mean."""

    shares: Numbers
    nights: float | Numbers
    samples: float | Numbers = 1

    @cached_property
    def mean(self) -> float:
        return float(self._arrays[0].mean())

    @cached_property
    def sd(self) -> float:
        """sqrt(sum p (1 - p) m / (m - 1) / K) / n: m / (m - 1) since p is known from m answers only."""
        variance, _, samples = self._arrays[1:]
        return float((variance / samples).sum() ** 0.5) / len(variance)

    @cached_property
    def prediction_sd(self) -> float:
        """How far another night's score strays from `mean`, which is itself known from `nights` only: with
        the same number for all tasks, sd sqrt(1 + 1 / nights). LEAST_SD of an answer at least."""
        _, variance, answers, samples = self._arrays
        strays = float((variance * (1 / samples + 1 / answers)).sum() ** 0.5)
        return max(strays, LEAST_SD / float(samples.max())) / len(variance)

    def z(self, score: float) -> float:
        """A night's score over the same tasks, in prediction standard deviations from the mean."""
        return (score - self.mean) / self.prediction_sd

    @cached_property
    def skew(self) -> float:
        """How lopsided another night's score lies around `mean`: its third moment over prediction_sd^3. Below
        0 where tasks are mostly solved, so that nights far below are likelier than nights as far above."""
        import numpy as np

        p, variance, answers, samples = self._arrays
        third = variance * (1 - 2 * p) * answers / np.maximum(1, answers - 2) / samples**2
        return float(third.sum()) / (self.prediction_sd * len(p)) ** 3

    def unskewed(self, z: float) -> float:
        """What `z` would be, were scores normal: by the cube root of a gamma of the same skew (Wilson &
        Hilferty 1931). Rises with z, or stays."""
        if abs(self.skew) < LEAST_SKEW:
            return z
        root = math.cbrt(max(0.0, 1 + self.skew * z / 2))
        return 6 / self.skew * (root - 1) + self.skew / 6

    @cached_property
    def _arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Shares, variances of one answer, answers that are known, samples: one a task."""
        import numpy as np

        p = np.asarray(self.shares, float)
        samples = np.zeros_like(p) + self.samples
        answers = samples * self.nights
        return p, p * (1 - p) * answers / (answers - 1), answers, samples


def baseline(nights: Sequence[Sequence[float]], samples: int = 1) -> Baseline | None:
    """From a row a night with each task's share of answers that passed, tasks in one order. None below two
    nights."""
    if len(nights) < 2:
        return None
    import numpy as np

    return Baseline(np.mean(np.asarray(nights, float), axis=0), len(nights), samples)
