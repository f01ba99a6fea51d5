"""Intervals against published values, their own definitions, and their exact coverage."""

import math
from collections.abc import Callable

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from evalkit.stats.bootstrap import bootstrap_mean
from evalkit.stats.errors import standard_error
from evalkit.stats.intervals import Z95, clopper_pearson, jeffreys, wilson, wilson_of_means


@given(st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_ends_solve_the_score_equation(k_n: tuple[int, int]) -> None:
    k, n = k_n
    low, high = wilson(k, n)
    assert 0 <= low <= k / n <= high <= 1
    for end in (low, high):
        if 0 < end < 1:
            assert abs(k / n - end) == pytest.approx(Z95 * math.sqrt(end * (1 - end) / n), rel=1e-6, abs=1e-9)


def test_is_no_point_at_the_ends() -> None:
    assert wilson(0, 164) == (0.0, pytest.approx(0.02288, abs=1e-4))
    assert wilson(164, 164) == (pytest.approx(0.97712, abs=1e-4), 1.0)
    assert wilson(0, 0) == (0.0, 1.0)


def test_repeated_samples_use_the_effective_number_of_tasks() -> None:
    means = [1.0, 0.75, 0.25, 0.0, 0.5, 1.0, 0.25, 0.0]
    low, high = wilson_of_means(means)
    p = sum(means) / 8
    assert (low, high) == pytest.approx(wilson(p * 11.8211920530, 11.8211920530), abs=1e-9)


def test_one_sample_a_task_is_plain_wilson() -> None:
    assert wilson_of_means([1.0] * 7 + [0.0] * 3) == wilson(7, 10)
    assert wilson_of_means([0.5, 0.5]) == wilson(1, 2)
    assert wilson_of_means([]) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("k", "n", "score", "exact", "bayes"),
    [
        (0, 10, (0, 0.277533), (0, 0.308497), (0, 0.217196)),
        (1, 10, (0.017876, 0.404150), (0.002529, 0.445016), (0.011012, 0.381315)),
        (10, 10, (0.722467, 1), (0.691503, 1), (0.782804, 1)),
        (2, 80, (0.006883, 0.086644), (0.003042, 0.087407), (0.005231, 0.077779)),
        (30, 80, (0.276942, 0.484513), (0.269193, 0.490355), (0.274870, 0.483993)),
        (139, 225, (0.552811, 0.678790), (0.550846, 0.681562), (0.553109, 0.679438)),
        (164, 164, (0.977113, 1), (0.977758, 1), (0.984823, 1)),
        (348, 500, (0.654313, 0.734698), (0.653607, 0.736057), (0.654639, 0.735100)),
    ],
)
def test_reference_intervals(
    k: int,
    n: int,
    score: tuple[float, float],
    exact: tuple[float, float],
    bayes: tuple[float, float],
) -> None:
    assert wilson(k, n) == pytest.approx(score, abs=1e-6)
    assert clopper_pearson(k, n) == pytest.approx(exact, abs=1e-6)
    assert jeffreys(k, n) == pytest.approx(bayes, abs=1e-6)


def test_nothing_is_known_of_nothing() -> None:
    assert clopper_pearson(0, 0) == jeffreys(0, 0) == (0.0, 1.0)
    assert bootstrap_mean([0.5]) is None
    assert bootstrap_mean([1.0] * 20) is None


def test_bootstrap_of_a_mean_is_near_the_normal_one_and_repeats() -> None:
    values = [0.1 * (i % 11) for i in range(220)]
    found = bootstrap_mean(values)
    assert found is not None
    assert found == bootstrap_mean(values)
    mean, error = sum(values) / 220, standard_error(values)
    assert error is not None
    assert found == pytest.approx((mean - Z95 * error, mean + Z95 * error), abs=0.003)


# exact coverage at nominal 95%: mean over p, least over p, and at p = .95
COVERAGE = [
    (wilson, 20, 0.953, 0.852, 0.925),
    (wilson, 80, 0.951, 0.852, 0.937),
    (wilson, 164, 0.951, 0.849, 0.953),
    (wilson, 500, 0.950, 0.910, 0.950),
    (jeffreys, 20, 0.951, 0.894, 0.984),
    (jeffreys, 80, 0.950, 0.881, 0.965),
    (clopper_pearson, 20, 0.977, 0.958, 0.984),
    (clopper_pearson, 80, 0.966, 0.951, 0.965),
]


@pytest.mark.parametrize(("interval", "n", "mean", "least", "at_95"), COVERAGE)
def test_exact_coverage(
    interval: Callable[[int, int], tuple[float, float]], n: int, mean: float, least: float, at_95: float
) -> None:
    ends = numpy.array([interval(k, n) for k in range(n + 1)])

    def coverage(p: float) -> float:
        inside = (ends[:, 0] <= p) & (p <= ends[:, 1])
        return float(binom.pmf(numpy.arange(n + 1), n, p)[inside].sum())

    grid = [coverage(i / 1000) for i in range(1, 1000)]
    assert sum(grid) / len(grid) == pytest.approx(mean, abs=6e-4)
    assert min(grid) == pytest.approx(least, abs=2e-3)
    assert coverage(0.95) == pytest.approx(at_95, abs=6e-4)
