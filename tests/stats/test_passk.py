"""pass@k against brute force over all draws, and its refusals."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.stats.passk import mean_pass_at_k, mean_pass_hat_k, pass_at_k, pass_hat_k


@given(st.integers(1, 9).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n))))
def test_equals_the_share_of_draws_with_a_correct_sample(n_c_k: tuple[int, int, int]) -> None:
    n, c, k = n_c_k
    draws = list(combinations([True] * c + [False] * (n - c), k))
    assert pass_at_k(n, c, k) == pytest.approx(sum(any(d) for d in draws) / len(draws), abs=1e-12)


@pytest.mark.parametrize(
    ("n", "c", "k", "expected"),
    [(1, 1, 1, 1.0), (1, 0, 1, 0.0), (10, 3, 1, 0.3), (200, 40, 100, 1.0), (5, 2, 4, 1.0)],
)
def test_known_values(n: int, c: int, k: int, expected: float) -> None:
    assert pass_at_k(n, c, k) == pytest.approx(expected, abs=1e-9)


def test_pass_at_1_is_the_plain_share() -> None:
    assert pass_at_k(3, 1, 1) == 1 / 3
    assert mean_pass_at_k([(3, 1), (3, 1), (3, 1), (3, 0), (3, 0)], 1) == 3 / 15
    assert mean_pass_at_k([(1, 1), (1, 0), (1, 0)] * 100, 1) == 1 / 3


@pytest.mark.parametrize(("n", "c", "k"), [(1, 0, 2), (0, 0, 1), (3, 4, 1), (3, -1, 1), (3, 1, 0)])
def test_undefined_is_an_error(n: int, c: int, k: int) -> None:
    with pytest.raises(ValueError, match=r"pass@|must be"):
        pass_at_k(n, c, k)


def test_a_k_is_reported_only_when_every_task_has_enough_samples() -> None:
    # the worked matrix of 8 tasks x 4 samples in the statistics notes
    counts = [(4, c) for c in (4, 3, 1, 0, 2, 4, 1, 0)]
    assert mean_pass_at_k(counts, 1) == pytest.approx(0.46875)
    assert mean_pass_at_k(counts, 2) == pytest.approx(0.6041666667)
    assert mean_pass_at_k(counts, 4) == pytest.approx(0.75)
    assert mean_pass_at_k([*counts, (3, 1)], 4) is None
    assert mean_pass_at_k([], 1) is None


@given(st.integers(1, 9).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n))))
def test_all_of_k_is_the_share_of_draws_with_correct_samples_only(n_c_k: tuple[int, int, int]) -> None:
    n, c, k = n_c_k
    draws = list(combinations([True] * c + [False] * (n - c), k))
    assert pass_hat_k(n, c, k) == pytest.approx(sum(all(d) for d in draws) / len(draws), abs=1e-12)
    assert pass_hat_k(n, c, k) <= pass_hat_k(n, c, 1) == pass_at_k(n, c, 1) <= pass_at_k(n, c, k)


@pytest.mark.parametrize(
    ("n", "c", "k", "any_of", "all_of"),
    [
        (10, 3, 5, 0.9166666667, 0),
        (4, 2, 2, 0.8333333333, 0.1666666667),
        (5, 4, 2, 1, 0.6),
        (8, 6, 4, 1, 0.2142857143),
        (10, 3, 3, 0.7083333333, 0.0083333333),
        (200, 20, 10, 0.6602256238, None),
        (200, 20, 100, 0.9999996678, None),
    ],
)
def test_reference_values(n: int, c: int, k: int, any_of: float, all_of: float | None) -> None:
    assert pass_at_k(n, c, k) == pytest.approx(any_of, abs=1e-10)
    if all_of is not None:
        assert pass_hat_k(n, c, k) == pytest.approx(all_of, abs=1e-10)


def test_all_of_k_is_not_defined_for_fewer_samples() -> None:
    assert mean_pass_hat_k([(3, 1), (2, 2)], 3) is None
    with pytest.raises(ValueError, match="at least 3 samples"):
        pass_hat_k(2, 1, 3)
