"""Many comparisons at once: p-values adjusted so that a table of them may be read."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p: Sequence[float]) -> list[float]:
    """Adjusted p-values that bound the chance of any false finding (Holm 1979): for few contrasts."""
    order = sorted(range(len(p)), key=lambda i: p[i])
    adjusted, highest = [0.0] * len(p), 0.0
    for rank, i in enumerate(order):
        highest = max(highest, min(1.0, (len(p) - rank) * p[i]))
        adjusted[i] = highest
    return adjusted


def benjamini_hochberg(p: Sequence[float]) -> list[float]:
    """Adjusted p-values that bound the share of false findings (Benjamini & Hochberg 1995): for tables."""
    order = sorted(range(len(p)), key=lambda i: p[i])
    adjusted, lowest = [0.0] * len(p), 1.0
    for rank in range(len(p), 0, -1):
        i = order[rank - 1]
        lowest = min(lowest, p[i] * len(p) / rank)
        adjusted[i] = lowest
    return adjusted
