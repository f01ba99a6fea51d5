"""E-values: evidence against "nothing has changed" that may be looked at every night.

An e-value is at least 1 / alpha with probability alpha at most, however often it is looked at (Ramdas et al.
2022, arXiv:2210.01948). A p-value of a fixed number of nights is no such thing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence


def flips(better: int, worse: int) -> float:
    """From tasks that went one way and the other, Beta(1, 1) mixture (Turner & Grünwald 2023,
    arXiv:2302.11401): 2^(b+c) B(b+1, c+1)."""
    b, c = better, worse
    log_beta = math.lgamma(b + 1) + math.lgamma(c + 1) - math.lgamma(b + c + 2)
    return math.exp((b + c) * math.log(2) + log_beta)


def scores(z: Sequence[float], tau: float = 1.0) -> float:
    """From standardised scores, the mixture SPRT: (1 + k tau^2)^-1/2 exp(S^2 tau^2 / (2 (1 + k tau^2)))."""
    total, spread = math.fsum(z), 1 + len(z) * tau**2
    return math.exp((total * tau) ** 2 / (2 * spread)) / math.sqrt(spread)
