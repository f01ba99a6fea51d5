"""Standard errors of a mean score: the task is the unit, and tasks may come in clusters.

Two questions have two answers (Miller 2024, arXiv:2411.00640): how good on tasks like these (sampling of
tasks and of answers), and did it change on these very tasks (sampling of answers alone).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """Where the spread of a mean over n tasks with K samples each comes from.

    `total`, `run`, `tasks` are standard errors of the mean: of both, of answers alone, of tasks alone.
    `sigma2` is the mean variance of a task's samples, `omega2` that of tasks' true means, set to 0 where it
    was estimated below it (`clipped`). `icc` is omega2 / (omega2 + sigma2).
    """

    mean: float
    total: float
    run: float
    tasks: float
    sigma2: float
    omega2: float
    icc: float
    clipped: bool = False


def standard_error(means: Sequence[float]) -> float | None:
    """Of the mean of independent tasks' means: sqrt(sum (m_i - m)^2 / (n (n-1))). None below two tasks."""
    n = len(means)
    if n < 2:
        return None
    mean = math.fsum(means) / n
    return math.sqrt(math.fsum((m - mean) ** 2 for m in means) / (n * (n - 1)))


def clustered_error(
    scores: Sequence[float], clusters: Sequence[Hashable], *, corrected: bool = True
) -> float | None:
    """Of the mean where tasks come in clusters: CR0 = sqrt(sum_g (sum_{i in g} (s_i - m))^2) / N; `corrected`
    (CR1) times sqrt(G / (G-1)), to be used with G-1 degrees of freedom. None below two clusters."""
    if len(scores) != len(clusters):
        raise ValueError(f"{len(scores)} scores and {len(clusters)} clusters")
    mean = math.fsum(scores) / len(scores) if scores else 0.0
    sums: dict[Hashable, float] = defaultdict(float)
    for score, cluster in zip(scores, clusters, strict=True):
        sums[cluster] += score - mean
    groups = len(sums)
    if groups < 2:
        return None
    error = math.sqrt(math.fsum(total**2 for total in sums.values())) / len(scores)
    return error * math.sqrt(groups / (groups - 1)) if corrected else error


def spread(counts: Sequence[tuple[int, int]]) -> Spread | None:
    """The split of the error of a mean score into tasks and answers; `counts` holds (K, c) of each task.

    None below two tasks, or where tasks have one sample, or different numbers of them.
    """
    samples = {k for k, _ in counts}
    if len(counts) < 2 or len(samples) != 1 or samples == {1}:
        return None
    n, k = len(counts), samples.pop()
    means = [c / k for _, c in counts]
    mean, total = math.fsum(means) / n, standard_error(means)
    assert total is not None
    sigma2 = math.fsum(m * (1 - m) for m in means) / n * k / (k - 1)
    omega2 = total**2 * n - sigma2 / k
    clipped, omega2 = omega2 < 0, max(0.0, omega2)
    whole = omega2 + sigma2
    return Spread(
        mean,
        total,
        math.sqrt(sigma2 / (n * k)),
        math.sqrt(omega2 / n),
        sigma2,
        omega2,
        omega2 / whole if whole else 0.0,
        clipped,
    )


def effective_n(mean: float, error: float | None, units: int) -> float:
    """So many independent samples would have this error: p (1-p) / SE^2 (Korn & Graubard 1998). Where the
    mean is 0 or 1 the error says nothing: the number of tasks or clusters (`units`)."""
    if not error or not 0 < mean < 1:
        return float(units)
    return mean * (1 - mean) / error**2
