"""Standard errors: the worked examples of the statistics notes, and what must hold of any data."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.stats.errors import clustered_error, effective_n, spread, standard_error
from evalkit.stats.intervals import wilson, wilson_of_means
from evalkit.stats.passk import mean_pass_at_k, mean_pass_hat_k

MATRIX = [(4, c) for c in (4, 3, 1, 0, 2, 4, 1, 0)]  # 8 tasks, 4 samples each
SCORES = [1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 0, 0]
CLUSTERS = [0, 0, 0, 1, 1, 2, 2, 2, 3, 3, 3, 3]


def test_the_worked_matrix() -> None:
    found = spread(MATRIX)
    assert found is not None
    assert found.mean == 0.46875
    assert found.total == pytest.approx(0.1451407876, abs=1e-9)
    assert found.run == pytest.approx(0.0650520625, abs=1e-9)
    assert found.tasks == pytest.approx(0.1297462037, abs=1e-9)
    assert found.sigma2 == pytest.approx(0.1354166667, abs=1e-9)
    assert found.omega2 == pytest.approx(0.1346726190, abs=1e-9)
    assert found.icc == pytest.approx(0.4986225895, abs=1e-9)
    assert not found.clipped
    means = [c / k for k, c in MATRIX]
    assert effective_n(found.mean, standard_error(means), 8) == pytest.approx(11.8211920530, abs=1e-9)
    assert wilson_of_means(means) == pytest.approx((0.2291598809, 0.7236690170), abs=1e-9)
    pooled = math.sqrt(found.mean * (1 - found.mean) / 32)
    assert pooled == pytest.approx(0.0882155452, abs=1e-9)  # what counting samples as tasks would say
    assert mean_pass_at_k(MATRIX, 2) == pytest.approx(0.6041666667)
    assert mean_pass_hat_k(MATRIX, 2) == pytest.approx(0.3333333333)
    assert (mean_pass_at_k(MATRIX, 4), mean_pass_hat_k(MATRIX, 4)) == (0.75, 0.25)


def test_clusters() -> None:
    assert standard_error(SCORES) == pytest.approx(0.1507556723, abs=1e-9)
    assert clustered_error(SCORES, CLUSTERS, corrected=False) == pytest.approx(0.2568505835, abs=1e-9)
    assert clustered_error(SCORES, CLUSTERS) == pytest.approx(0.2965855071, abs=1e-9)
    assert clustered_error(SCORES, [0] * 12) is None
    with pytest.raises(ValueError, match="12 scores and 1 clusters"):
        clustered_error(SCORES, [0])


@given(st.lists(st.integers(0, 5), min_size=2, max_size=30))
def test_the_parts_add_up(passed: list[int]) -> None:
    found = spread([(5, c) for c in passed])
    assert found is not None
    whole = found.run**2 + found.tasks**2
    if found.clipped:
        assert found.tasks == 0
        assert whole >= found.total**2 - 1e-12
    else:
        assert whole == pytest.approx(found.total**2, abs=1e-12)


def test_what_is_not_defined_is_none() -> None:
    assert standard_error([0.5]) is None
    assert spread([(1, 1), (1, 0)]) is None  # one sample says nothing of answers' noise
    assert spread([(2, 1), (3, 1)]) is None
    assert effective_n(1.0, 0.0, 7) == 7
    assert wilson_of_means([1.0] * 10) == wilson(10, 10)
