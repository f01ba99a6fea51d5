"""Intervals for a proportion that hold near 0 and 1.

Quantiles are of scipy.special: scipy.stats gives the same ones, and takes half a second to be imported.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from evalkit.stats.errors import effective_n, standard_error

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


def clopper_pearson(successes: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """The exact interval (Clopper & Pearson 1934): its coverage is never below the level. For gates and for
    claims of "at least". (0, 1) when n is 0."""
    if n <= 0:
        return 0.0, 1.0
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    low = 0.0 if successes == 0 else float(betaincinv(successes, n - successes + 1, tail))
    high = 1.0 if successes == n else float(betaincinv(successes + 1, n - successes, 1 - tail))
    return low, high


def jeffreys(successes: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Equal-tailed posterior interval under Beta(1/2, 1/2), its end set to 0 or 1 where none or all succeed
    (Brown, Cai & DasGupta 2001). (0, 1) when n is 0."""
    if n <= 0:
        return 0.0, 1.0
    from scipy.special import betaincinv

    posterior, tail = (successes + 0.5, n - successes + 0.5), (1 - level) / 2
    low = 0.0 if successes == 0 else float(betaincinv(*posterior, tail))
    high = 1.0 if successes == n else float(betaincinv(*posterior, 1 - tail))
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
    effective = effective_n(p, standard_error(means), n)
    return wilson(p * effective, effective, z)
