"""Two models on the same tasks: the difference, an interval for it, and a test.

With one sample a task everything follows from the discordant tasks: `b` that only the first passes, `c`
that only the second passes, of `n`. With more, from the tasks' differences; and where tasks come in clusters
(of one repository, contest, template), from those of clusters.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Hashable, Sequence
from math import comb
from statistics import NormalDist

from evalkit.stats.errors import clustered_error
from evalkit.stats.intervals import wilson

EXACT_TASKS = 20  # all 2^n sign flips are tried up to here


def two_sided(level: float) -> float:
    """The standard normal quantile of a two-sided level: 1.96 for 0.95."""
    return NormalDist().inv_cdf((1 + level) / 2)


def mcnemar_exact(b: int, c: int) -> float:
    """Two-sided exact p of the conditional test: min(1, 2 P(X <= min(b, c))), X ~ Bin(b+c, 1/2)."""
    return min(1.0, 2 * _tail(min(b, c), b + c))


def mcnemar_mid_p(b: int, c: int) -> float:
    """The mid-p version (Fagerland, Lydersen & Laake 2013): the exact one less the probability of what was
    seen. Keeps its level, and is far less conservative."""
    if b + c == 0:
        return 1.0
    seen: float = comb(b + c, b) / 2 ** (b + c)
    return 1 - seen if b == c else 2 * _tail(min(b, c), b + c) - seen


def _tail(k: int, n: int) -> float:
    """P(X <= k), X ~ Bin(n, 1/2), in whole numbers up to the last step."""
    share: float = sum(comb(n, i) for i in range(k + 1)) / 2**n
    return share


def tango(b: int, c: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Score interval for (b - c) / n (Tango 1998): all differences that the score test does not reject.
    (-1, 1) when n is 0."""
    if n <= 0:
        return -1.0, 1.0
    z, seen = two_sided(level), (b - c) / n

    def score(delta: float) -> float:
        """The test statistic of `delta`, with the most likely share of `c` under it."""
        if abs(delta) >= 1:
            return -math.inf if delta > seen else math.inf
        first = 2 * n
        second = -b - c + (2 * n - b + c) * delta
        third = -c * delta * (1 - delta)
        share = (math.sqrt(max(0.0, second**2 - 4 * first * third)) - second) / (2 * first)
        variance = n * (2 * share + delta * (1 - delta))
        if variance <= 0:
            return 0.0 if delta == seen else math.copysign(math.inf, seen - delta)
        return (b - c - n * delta) / math.sqrt(variance)

    return _root(score, z, -1.0, seen), _root(score, -z, seen, 1.0)


def _root(score: Callable[[float], float], target: float, low: float, high: float) -> float:
    """Where the falling function `score` meets the target between two points, by halving; an end where it
    does not."""
    while high - low > 1e-13:
        middle = (low + high) / 2
        if score(middle) > target:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def newcombe_unpaired(k1: float, n1: float, k2: float, n2: float, level: float = 0.95) -> tuple[float, float]:
    """Interval for k1/n1 - k2/n2 of independent samples, from two Wilson intervals (Newcombe 1998, method 10
    of the unpaired paper): for published values, whose tasks are not known. k need not be whole."""
    z = two_sided(level)
    p1, p2 = k1 / n1, k2 / n2
    (l1, u1), (l2, u2) = wilson(k1, n1, z), wilson(k2, n2, z)
    delta = p1 - p2
    return (
        delta - math.sqrt((p1 - l1) ** 2 + (u2 - p2) ** 2),
        delta + math.sqrt((u1 - p1) ** 2 + (p2 - l2) ** 2),
    )


def two_shares(k1: float, n1: float, k2: float, n2: float) -> float:
    """Two-sided p of the score test of k1/n1 = k2/n2, independent samples (the z-test with pooled variance);
    1 where both are 0 or both are 1."""
    pooled = (k1 + k2) / (n1 + n2)
    error = math.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))
    return 2 * NormalDist().cdf(-abs(k1 / n1 - k2 / n2) / error) if error else 1.0


def newcombe_paired(both: int, b: int, c: int, neither: int, level: float = 0.95) -> tuple[float, float]:
    """The same for the same tasks (Newcombe 1998, paired method 10): a check on `tango`."""
    z, n = two_sided(level), both + b + c + neither
    k1, k2 = both + b, both + c
    p1, p2 = k1 / n, k2 / n
    (l1, u1), (l2, u2) = wilson(k1, n, z), wilson(k2, n, z)
    margins = k1 * (n - k1) * k2 * (n - k2)
    phi = 0.0
    if margins:
        product = both * neither - b * c
        phi = (max(product - n / 2, 0.0) if product > 0 else product) / math.sqrt(margins)
    delta = p1 - p2
    down = (p1 - l1) ** 2 - 2 * phi * (p1 - l1) * (u2 - p2) + (u2 - p2) ** 2
    up = (p2 - l2) ** 2 - 2 * phi * (p2 - l2) * (u1 - p1) + (u1 - p1) ** 2
    return delta - math.sqrt(down), delta + math.sqrt(up)


def bonett_price(b: int, c: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Closed-form interval for (b - c) / n: Wald after one is added to each discordant cell (Bonett & Price
    2012)."""
    z, p1, p2 = two_sided(level), (b + 1) / (n + 2), (c + 1) / (n + 2)
    half = z * math.sqrt((p1 + p2 - (p1 - p2) ** 2) / (n + 2))
    return max(-1.0, p1 - p2 - half), min(1.0, p1 - p2 + half)


def sign_flip(differences: Sequence[float], draws: int = 20_000, seed: int = 0) -> float:
    """Two-sided p of the mean of tasks' differences, under random signs.

    Exact up to 20 tasks; above, from `draws` draws with (x + 1) / (draws + 1) (Phipson & Smyth 2010), the
    same for the same seed.
    """
    moving = [d for d in differences if d]
    if not moving:
        return 1.0
    seen, slack = abs(math.fsum(moving)), 1e-9 * math.fsum(map(abs, moving))
    if len(moving) <= EXACT_TASKS:
        flips = itertools.product((1, -1), repeat=len(moving))
        extreme = sum(
            abs(math.fsum(s * d for s, d in zip(signs, moving, strict=True))) >= seen - slack
            for signs in flips
        )
        return float(extreme) / 2.0 ** len(moving)
    import numpy

    values = numpy.asarray(moving)
    rng = numpy.random.default_rng(seed)
    extreme = 0
    for first in range(0, draws, 1000):
        signs = rng.choice((-1.0, 1.0), size=(min(1000, draws - first), len(values)))
        extreme += int((numpy.abs(signs @ values) >= seen - slack).sum())
    return (extreme + 1) / (draws + 1)


def mean_difference(differences: Sequence[float], level: float = 0.95) -> tuple[float, float, float]:
    """(mean, low, high) of tasks' differences by Student's t with n-1 degrees of freedom; (mean, -1, 1) below
    two tasks."""
    n = len(differences)
    mean = math.fsum(differences) / n if n else 0.0
    if n < 2:
        return mean, -1.0, 1.0
    from scipy.special import stdtrit  # Student's quantiles

    error = math.sqrt(math.fsum((d - mean) ** 2 for d in differences) / (n * (n - 1)))
    half = float(stdtrit(n - 1, (1 + level) / 2)) * error
    return mean, max(-1.0, mean - half), min(1.0, mean + half)


def clustered_difference(
    differences: Sequence[float], clusters: Sequence[Hashable], level: float = 0.95
) -> tuple[float, float, float]:
    """The same where tasks come in clusters: CR1 errors and Student's t with one degree of freedom less than
    there are clusters; (mean, -1, 1) below two of them. With a cluster a task it is `mean_difference`."""
    mean = math.fsum(differences) / len(differences) if differences else 0.0
    error = clustered_error(differences, clusters)
    if error is None:
        return mean, -1.0, 1.0
    from scipy.special import stdtrit  # Student's quantiles

    half = float(stdtrit(len(set(clusters)) - 1, (1 + level) / 2)) * error
    return mean, max(-1.0, mean - half), min(1.0, mean + half)


def cluster_sums(differences: Sequence[float], clusters: Sequence[Hashable]) -> list[float]:
    """Of each cluster, in order of its first task: what `sign_flip` gives signs to, since tasks of a cluster
    change sides together."""
    sums: dict[Hashable, list[float]] = {}
    for difference, cluster in zip(differences, clusters, strict=True):
        sums.setdefault(cluster, []).append(difference)
    return [math.fsum(own) for own in sums.values()]
