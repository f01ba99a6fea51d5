"""Wilson intervals against published values and against their own definition."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.stats.intervals import Z95, wilson, wilson_of_means


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
