"""Intervals for a proportion that hold near 0 and 1."""

from __future__ import annotations

import math
from collections.abc import Sequence

Z95 = 1.959963984540054  # standard normal quantile at 0.975


def wilson(successes: float, n: float, z: float = Z95) -> tuple[float, float]:
    """Wilson score interval for successes/n (Wilson 1927). `n` may be an effective number, not whole.

    (0, 1) when n is 0: nothing is known.
    """
    if n <= 0:
        return 0.0, 1.0
    p = successes / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low = 0.0 if p == 0 else max(0.0, centre - half)
    high = 1.0 if p == 1 else min(1.0, centre + half)
    return low, high


def wilson_of_means(means: Sequence[float], z: float = Z95) -> tuple[float, float]:
    """Wilson interval of the mean of per-task means, the task being the unit.

    With one sample a task this is `wilson`. With more, n is replaced by the effective number
    p(1-p)/SE^2, SE the standard error over tasks (Korn & Graubard 1998); where p is 0 or 1, or all
    tasks are equal and SE vanishes, n is the number of tasks.
    """
    n = len(means)
    if n == 0:
        return 0.0, 1.0
    p = math.fsum(means) / n
    if all(m in (0.0, 1.0) for m in means):
        return wilson(math.fsum(means), n, z)
    variance = math.fsum((m - p) ** 2 for m in means) / (n - 1) / n if n > 1 else 0.0
    effective = p * (1 - p) / variance if variance > 0 and 0 < p < 1 else float(n)
    return wilson(p * effective, effective, z)
