"""Intervals for what has no formula (pass@k, pass^k, macro means, costs): tasks are drawn, never samples."""

from __future__ import annotations

from collections.abc import Sequence

DRAWS = 10_000
BATCH = 1 << 22  # numbers in memory at a time


def bootstrap_mean(
    values: Sequence[float], level: float = 0.95, draws: int = DRAWS, seed: int = 0
) -> tuple[float, float] | None:
    """Percentile interval for the mean of one value a task; the same for the same seed.

    None below two tasks and where all are equal: nothing can be drawn then (Wilson on n holds for shares).
    """
    n = len(values)
    if n < 2 or len(set(values)) == 1:
        return None
    import numpy

    data, rng = numpy.asarray(values, dtype=float), numpy.random.default_rng(seed)
    means = numpy.empty(draws)
    step = max(1, BATCH // n)
    for first in range(0, draws, step):
        last = min(draws, first + step)
        means[first:last] = data[rng.integers(0, n, size=(last - first, n))].mean(axis=1)
    tail = (1 - level) / 2
    low, high = numpy.quantile(means, [tail, 1 - tail])
    return float(low), float(high)
