"""pass@k, unbiased (Chen et al. 2021, arXiv:2107.03374, equation 1), and pass^k (Yao et al. 2024,
arXiv:2406.12045): whether any, or all, of k samples are correct."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, fsum


def pass_at_k(n: int, c: int, k: int) -> float:
    """Probability that at least one of k samples, drawn without replacement from n of which c are
    correct, is correct: 1 - C(n-c, k) / C(n, k).

    ValueError when n < k: the estimator is not defined there.
    """
    if not 0 <= c <= n:
        raise ValueError(f"c must be in 0..n, got c={c}, n={n}")
    if not 1 <= k <= n:
        raise ValueError(f"pass@{k} needs at least {k} samples, got {n}")
    if n - c < k:
        return 1.0
    if k == 1:
        return c / n  # the same, without the rounding that puts 1 of 3 below 1/3
    missed = 1.0
    for i in range(n - c + 1, n + 1):
        missed *= 1.0 - k / i
    return 1.0 - missed


def pass_hat_k(n: int, c: int, k: int) -> float:
    """Probability that all of k samples, drawn without replacement from n of which c are correct, are
    correct: C(c, k) / C(n, k). ValueError when n < k."""
    if not 0 <= c <= n:
        raise ValueError(f"c must be in 0..n, got c={c}, n={n}")
    if not 1 <= k <= n:
        raise ValueError(f"pass^{k} needs at least {k} samples, got {n}")
    return comb(c, k) / comb(n, k)


def mean_pass_at_k(counts: Sequence[tuple[int, int]], k: int) -> float | None:
    """Mean over tasks of pass@k; `counts` holds (n, c) of each task.

    None unless every task has at least k samples: a mean over fewer tasks is another number.
    """
    if not counts or any(n < k for n, _ in counts):
        return None
    return fsum(pass_at_k(n, c, k) for n, c in counts) / len(counts)


def mean_pass_hat_k(counts: Sequence[tuple[int, int]], k: int) -> float | None:
    """Mean over tasks of pass^k; None unless every task has at least k samples."""
    if not counts or any(n < k for n, _ in counts):
        return None
    return fsum(pass_hat_k(n, c, k) for n, c in counts) / len(counts)
