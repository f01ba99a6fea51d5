"""Two-sided CUSUM of standardised scores (Page 1954), and how often it is wrong.

C_t = max(0, C_{t-1} - z_t - k) rises while scores fall; above h it alarms. Improvements by the same rule.
What becomes of an alarm: evalkit.nightly.side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

ALLOWANCE = 0.5  # k: half of the shift, in standard deviations, that is found quickest
LIMIT = 5.0  # h: one false alarm in 931 nights a side, where the baseline is known
STATES = 400  # of the Markov chain: the third digit no longer changes
NIGHTS_A_MONTH = 30


@dataclass(frozen=True)
class Sums:
    """After each night."""

    down: tuple[float, ...]
    up: tuple[float, ...]


def cusum(z: Sequence[float], allowance: float = ALLOWANCE) -> Sums:
    """Of nights in their order."""
    down, up = [0.0], [0.0]
    for value in z:
        down.append(step(down[-1], -value, allowance))
        up.append(step(up[-1], value, allowance))
    return Sums(tuple(down[1:]), tuple(up[1:]))


def step(total: float, away: float, allowance: float = ALLOWANCE) -> float:
    """One side's sum with another night, which is `away` standard deviations on that side."""
    return max(0.0, total + away - allowance)


@lru_cache(maxsize=64)
def run_length(shift: float = 0.0, allowance: float = ALLOWANCE, limit: float = LIMIT) -> float:
    """Nights until one side alarms, on average, where scores have moved by `shift` standard deviations its
    way: the Markov chain of Brook & Evans (1972). 0 shift: between false alarms."""
    import numpy as np

    width = 2 * limit / (2 * STATES - 1)
    cdf = NormalDist(shift - allowance).cdf
    centre = width * np.arange(STATES)
    steps = centre[None, :] - centre[:, None]
    move = np.vectorize(cdf)(steps + width / 2) - np.vectorize(cdf)(steps - width / 2)
    move[:, 0] = np.vectorize(cdf)(steps[:, 0] + width / 2)
    lengths = np.linalg.solve(np.eye(STATES) - move, np.ones(STATES))
    return float(lengths[0])


def false_alarms(series: int, nights: int = NIGHTS_A_MONTH, limit: float = LIMIT) -> float:
    """How many false alarms of a drop to expect of so many series in so many nights."""
    return series * nights / run_length(limit=limit)
