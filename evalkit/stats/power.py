"""What difference a run can show: sample sizes and minimum detectable effects, two-sided."""

from __future__ import annotations

import math
from statistics import NormalDist


def z_sum(alpha: float = 0.05, power: float = 0.8) -> float:
    """The sum of normal quantiles that every formula here has: 2.8016 at 5% and 80%."""
    return NormalDist().inv_cdf(1 - alpha / 2) + NormalDist().inv_cdf(power)


def tasks_needed(delta: float, omega2: float, run_noise: float = 0.0, **how: float) -> float:
    """Tasks for which a paired difference `delta` is found (Miller 2024, arXiv:2411.00640, equation 9).

    `omega2`: variance over tasks of the true difference. `run_noise`: sigma2_A / K_A + sigma2_B / K_B, the
    variances of a task's answers over samples a task. `how`: alpha, power.
    """
    return z_sum(**how) ** 2 * (omega2 + run_noise) / delta**2


def detectable(n: int, omega2: float, run_noise: float = 0.0, **how: float) -> float:
    """The paired difference that `n` tasks show: `tasks_needed` solved for delta."""
    return z_sum(**how) * math.sqrt((omega2 + run_noise) / n)


def detectable_binary(n: int, discordant: float, **how: float) -> float:
    """The same with one sample a task: `discordant` is the share of tasks that only one model passes."""
    return z_sum(**how) * math.sqrt(discordant / n)


def detectable_unpaired(n: int, p: float = 0.5, **how: float) -> float:
    """The difference of two independent shares near `p`, `n` tasks each."""
    return z_sum(**how) * math.sqrt(2 * p * (1 - p) / n)


def samples_needed(delta: float, n: int, omega2: float, run_noise: float, **how: float) -> float:
    """Samples a task with which `n` tasks show `delta`: `tasks_needed` solved for K, where `run_noise` is
    sigma2_A + sigma2_B, of one sample each. Infinite where the tasks' own part is too large for it."""
    room = n * (delta / z_sum(**how)) ** 2 - omega2
    if run_noise <= 0:
        return 1.0 if room >= 0 else math.inf
    return run_noise / room if room > 0 else math.inf


def run_error(n: int, samples: int, sigma2: float) -> float:
    """How far one run's score strays from the mean of many over the same tasks: a standard deviation.
    `sigma2`: mean variance of a task's samples, at most p (1 - p) of the score."""
    return math.sqrt(sigma2 / (n * samples))
