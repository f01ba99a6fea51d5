"""Two models on the same tasks, against the reference numbers of the statistics notes and brute force."""

from __future__ import annotations

import itertools
import math

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, multinomial

from evalkit.stats.paired import (
    bonett_price,
    cluster_sums,
    clustered_difference,
    mcnemar_exact,
    mcnemar_mid_p,
    mean_difference,
    newcombe_paired,
    newcombe_unpaired,
    sign_flip,
    tango,
)
from evalkit.stats.power import detectable_binary


@pytest.mark.parametrize(
    ("b", "c", "exact", "mid"),
    [
        (1, 7, 0.0703125, 0.039063),
        (12, 2, 0.012939, 0.007385),
        (5, 15, 0.041389, 0.026604),
        (0, 6, 0.031250, 0.015625),
        (40, 60, 0.056888, 0.046044),
        (10, 10, 1, 0.823803),
        (0, 0, 1, 1),
    ],
)
def test_mcnemar(b: int, c: int, exact: float, mid: float) -> None:
    assert mcnemar_exact(b, c) == mcnemar_exact(c, b) == pytest.approx(exact, abs=1e-6)
    assert mcnemar_mid_p(b, c) == mcnemar_mid_p(c, b) == pytest.approx(mid, abs=1e-6)


TABLES = [  # both, only A, only B, neither; then intervals: Bonett-Price, Newcombe, Tango
    ((36, 12, 2, 0), (0.0509, 0.3337), (0.0569, 0.3404), (0.0611, 0.3447)),
    ((1, 7, 1, 12), (0.0134, 0.5084), (0.0256, 0.5069), (0.0260, 0.5172)),
    ((300, 40, 60, 100), (-0.0791, -0.0006), (-0.0791, -0.0007), (-0.0798, -0.0008)),
]


@pytest.mark.parametrize(("table", "bonett", "newcombe", "score"), TABLES)
def test_intervals(
    table: tuple[int, int, int, int],
    bonett: tuple[float, float],
    newcombe: tuple[float, float],
    score: tuple[float, float],
) -> None:
    both, b, c, neither = table
    n = sum(table)
    assert bonett_price(b, c, n) == pytest.approx(bonett, abs=6e-5)
    assert newcombe_paired(both, b, c, neither) == pytest.approx(newcombe, abs=6e-5)
    assert tango(b, c, n) == pytest.approx(score, abs=6e-5)


def test_newcombe_of_published_values() -> None:
    assert newcombe_unpaired(56, 70, 48, 80) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert newcombe_unpaired(348, 500, 352, 500) == pytest.approx((-0.064633, 0.048703), abs=1e-6)


def share_by_search(b: int, c: int, n: int, delta: float) -> float:
    """The most likely share of `c` under `delta`, found by trying."""

    def log_likelihood(q: float) -> float:
        cells = ((b, q + delta), (c, q), (n - b - c, 1 - 2 * q - delta))
        return sum(k * math.log(p) for k, p in cells if k) if all(p > 0 for k, p in cells if k) else -math.inf

    grid = [max(0.0, -delta) + (1 - abs(delta)) / 2 * i / 20000 for i in range(20001)]
    return max(grid, key=log_likelihood)


@pytest.mark.parametrize(("b", "c", "n"), [(12, 2, 50), (7, 1, 21), (3, 0, 40), (5, 9, 30)])
def test_tango_ends_where_the_score_test_rejects(b: int, c: int, n: int) -> None:
    for end in tango(b, c, n):
        q = share_by_search(b, c, n, end)
        z = (b - c - n * end) / math.sqrt(n * (2 * q + end * (1 - end)))
        assert abs(z) == pytest.approx(1.959964, abs=2e-3)


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30))
def test_tango_holds_the_difference_and_mirrors(b: int, c: int, rest: int) -> None:
    n = b + c + rest
    low, high = tango(b, c, n)
    assert -1 <= low <= high <= 1
    if n:
        assert low - 1e-9 <= (b - c) / n <= high + 1e-9
        assert tango(c, b, n) == pytest.approx((-high, -low), abs=1e-9)


def test_sign_flip() -> None:
    assert sign_flip([0.5, 0.25, 0, -0.25, 0.75, 0.5, 0, 0.25]) == 32 / 256
    assert sign_flip([0.0] * 5) == sign_flip([]) == 1
    many = [0.5] * 12 + [-0.5] * 10 + [0.25] * 10
    assert sign_flip(many) == sign_flip(many) == pytest.approx(sign_flip(many, seed=1), abs=0.02)


@given(st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.25, 1.0]), max_size=8))
def test_sign_flip_is_the_share_of_signs_that_reach_as_far(differences: list[float]) -> None:
    seen = abs(sum(differences))
    signs = list(itertools.product((1, -1), repeat=len(differences)))
    reach = sum(abs(sum(s * d for s, d in zip(flip, differences, strict=True))) >= seen for flip in signs)
    assert sign_flip(differences) == pytest.approx(reach / len(signs))


def test_mean_difference() -> None:
    mean, low, high = mean_difference([0.5, 0.25, 0, -0.25, 0.75, 0.5, 0, 0.25])
    assert mean == 0.25
    assert (high - low) / 2 == pytest.approx(0.1157275 * 2.364624, abs=1e-6)  # SE times t with 7 df
    assert mean_difference([0.5]) == (0.5, -1, 1)


def test_clusters_of_tasks() -> None:
    """The notes' example: 111 0000 111 00, CR1 0.2965855071, t with 3 df. Alone, each task is a cluster."""
    scores, clusters = [1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 0, 0], "aaabbbbcccdd"
    mean, low, high = clustered_difference([s - 0.25 for s in scores], clusters)
    assert mean == 0.25
    assert high == 1
    assert mean - low == pytest.approx(0.2965855071 * 3.1824463, abs=1e-6)
    differences = [0.5, 0.25, 0, -0.25, 0.75, 0.5, 0, 0.25]
    assert clustered_difference(differences, range(8)) == pytest.approx(mean_difference(differences))
    assert clustered_difference([1, 0, 1], "aaa") == (pytest.approx(2 / 3), -1, 1)
    assert clustered_difference([], "") == (0, -1, 1)


def test_signs_are_those_of_clusters() -> None:
    assert cluster_sums([0.5, -0.25, 1, 0.25], "abba") == [0.75, 0.75]
    assert sign_flip(cluster_sums([1] * 6, "aaabbb")) == 0.5, "six tasks in two clusters are two coins"
    assert sign_flip([1] * 6) == 2 / 64


def test_clustered_intervals_cover_and_unclustered_ones_do_not() -> None:
    """40 clusters of 5 tasks that share most of what they are, no true difference, 400 times."""
    random = numpy.random.default_rng(7)
    clusters = [n // 5 for n in range(200)]
    covered = [0, 0]
    for _ in range(400):
        shared = random.normal(size=40).repeat(5) + 0.5 * random.normal(size=200)
        changes = list(numpy.clip(numpy.round(shared), -1, 1))
        for i, found in enumerate((clustered_difference(changes, clusters), mean_difference(changes))):
            covered[i] += found[1] <= 0 <= found[2]
    assert 0.92 <= covered[0] / 400 <= 0.98
    assert covered[1] / 400 < 0.75


@pytest.mark.parametrize("n", [20, 80, 200])
def test_the_mid_p_test_keeps_its_level_and_finds_what_its_power_says(n: int) -> None:
    """Exact, by the discordant pairs: their number is binomial, and either way is as likely."""
    psi = 0.2
    size = power = 0.0
    shift = detectable_binary(n, psi) / psi / 2
    for m in range(n + 1):
        weight = binom.pmf(m, n, psi)
        for b in range(m + 1):
            if mcnemar_mid_p(b, m - b) <= 0.05:
                size += weight * binom.pmf(b, m, 0.5)
                power += weight * binom.pmf(b, m, min(1.0, 0.5 + shift))
    assert size <= 0.052
    if n >= 80:  # four discordant tasks of twenty cannot reject anything
        assert power == pytest.approx(0.8, abs=0.06)


@pytest.mark.parametrize(("n", "delta"), [(30, 0.0), (30, 0.2), (80, -0.1)])
def test_tango_covers_as_often_as_it_says(n: int, delta: float) -> None:
    """Exact, over all tables with one share of discordant tasks."""
    psi = 0.3
    first, second = (psi + delta) / 2, (psi - delta) / 2
    covered = 0.0
    for b in range(n + 1):
        for c in range(n - b + 1):
            weight = multinomial.pmf([b, c, n - b - c], n, [first, second, 1 - psi])
            if weight > 1e-9:
                low, high = tango(b, c, n)
                covered += weight * (low <= delta <= high)
    assert covered == pytest.approx(0.95, abs=0.02)
