"""Which night was the first of another level, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist


@dataclass(frozen=True)
class Change:
    """`posterior` by position: position i says that night i (from 0) is the first of the new level, i from 1
    to n - 1. `log_factors`: of a change there against none. `first` is the likeliest, `low` to `high` hold
    the asked share."""

    posterior: tuple[float, ...]
    log_factors: tuple[float, ...]
    first: int
    low: int
    high: int


def change_of_counts(
    passed: Sequence[int], planned: Sequence[int], *, share: float = 0.99, prior: tuple[float, float] = (1, 1)
) -> Change:
    """From passes a night, of so many: one unknown share before and one after, with a Beta prior each.

    ValueError below two nights.
    """

    def evidence(k: int, n: int) -> float:
        return _log_beta(prior[0] + k, prior[1] + n - k) - _log_beta(*prior)

    none = evidence(sum(passed), sum(planned))
    return _change(
        [
            evidence(sum(passed[:i]), sum(planned[:i])) + evidence(sum(passed[i:]), sum(planned[i:])) - none
            for i in range(1, len(passed))
        ],
        share,
    )


def change_of_scores(
    z: Sequence[float], *, share: float = 0.99, tau: float = 3.0, last: int | None = None
) -> Change:
    """From standardised scores, of which those before the change are the baseline's (mean 0, deviation 1) and
    those after it have a mean of their own, a priori N(0, tau^2). The first night may be the first bad one:
    position 0 is among them, and `posterior` has n entries. `last`: no later night is asked whether it was
    the first. ValueError without a night."""
    factors = []
    for i in range(len(z) if last is None else last + 1):
        after = z[i:]
        r, total = len(after), math.fsum(after)
        factors.append(-0.5 * math.log1p(r * tau**2) + 0.5 * tau**2 * total**2 / (1 + r * tau**2))
    return _change(factors, share, first=0)


def _change(factors: list[float], share: float, first: int = 1) -> Change:
    if not factors:
        raise ValueError("a change takes two nights at least")
    top = max(factors)
    weights = [math.exp(factor - top) for factor in factors]
    whole = math.fsum(weights)
    posterior = [weight / whole for weight in weights]
    best = posterior.index(max(posterior))
    low = high = best
    while math.fsum(posterior[low : high + 1]) < share - 1e-12:
        left = posterior[low - 1] if low else -1.0
        right = posterior[high + 1] if high + 1 < len(posterior) else -1.0
        low, high = (low - 1, high) if left >= right else (low, high + 1)
    return Change(tuple(posterior), tuple(factors), best + first, low + first, high + first)


def size_of_change(
    means: Sequence[float], errors: Sequence[float], weights: Sequence[float], *, share: float = 0.95
) -> tuple[float, float]:
    """The interval of a change's size where its first night is not sure: of each night that it may be, the
    size, its standard error, and how likely that night is (`posterior`)."""
    normal = NormalDist()

    def below(x: float) -> float:
        return math.fsum(
            weight * (normal.cdf((x - mean) / error) if error else float(x >= mean))
            for mean, error, weight in zip(means, errors, weights, strict=True)
        )

    def quantile(q: float) -> float:
        low = min(mean - 9 * error for mean, error in zip(means, errors, strict=True))
        high = max(mean + 9 * error for mean, error in zip(means, errors, strict=True))
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if below(middle) < q else (low, middle)
        return high

    return quantile((1 - share) / 2), quantile((1 + share) / 2)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
