"""What a published score can be held against: whole numbers of tasks, and what missing samples leave open."""

from __future__ import annotations

import math


def whole_number(score: float, n: int, digits: int = 1, runs: int = 1) -> bool:
    """Whether some whole number of `n` tasks (of `runs` runs, averaged) rounds to `score`, in percent with so
    many digits: the GRIM check (Brown & Heathers 2017). False: an average of more runs, or another n."""
    total, half = n * runs, 0.5 * 10.0**-digits
    low = math.ceil((score - half) * total / 100 - 1e-9)
    high = math.floor((score + half) * total / 100 + 1e-9)
    return any(0 <= k <= total for k in range(low, high + 1))


def bounds(passed: int, scored: int, planned: int) -> tuple[float, float]:
    """Where the share of `planned` must lie while planned - scored are missing; (0, 1) for none planned."""
    if planned <= 0:
        return 0.0, 1.0
    return passed / planned, (passed + planned - scored) / planned
