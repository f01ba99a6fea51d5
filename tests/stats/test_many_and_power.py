"""Adjusted p-values, minimum detectable effects and checks of published values, by the notes' numbers."""

from __future__ import annotations

import math

import pytest

from evalkit.stats.many import benjamini_hochberg, holm
from evalkit.stats.power import (
    detectable,
    detectable_binary,
    detectable_unpaired,
    run_error,
    samples_needed,
    tasks_needed,
    z_sum,
)
from evalkit.stats.published import bounds, whole_number

P = (0.01, 0.04, 0.03, 0.005)


def test_adjusted_p() -> None:
    assert holm(P) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert benjamini_hochberg(P) == pytest.approx([0.02, 0.04, 0.04, 0.02])
    assert holm([]) == benjamini_hochberg([]) == []


def test_they_are_those_of_statsmodels() -> None:
    multitest = pytest.importorskip("statsmodels.stats.multitest", reason="statsmodels is not installed")
    p = [0.001, 0.2, 0.03, 0.03, 0.9, 0.04, 1.0, 0.0]
    assert holm(p) == pytest.approx(list(multitest.multipletests(p, method="holm")[1]))
    assert benjamini_hochberg(p) == pytest.approx(list(multitest.multipletests(p, method="fdr_bh")[1]))


def test_tasks_needed() -> None:
    assert z_sum() == pytest.approx(2.8015852, abs=1e-7)
    assert tasks_needed(0.03, 1 / 9) == pytest.approx(968.997, abs=1e-3)
    assert tasks_needed(0.03, 1 / 9, 2 / 6) == pytest.approx(3875.99, abs=1e-2)
    assert tasks_needed(0.03, 1 / 9, 2 / 60) == pytest.approx(1259.70, abs=1e-2)
    assert detectable(969, 1 / 9) == pytest.approx(0.03, abs=1e-5)


@pytest.mark.parametrize(
    ("n", "few", "many"),
    [
        (50, 15.3, 19.8),
        (80, 12.1, 15.7),
        (89, 11.5, 14.8),
        (115, 10.1, 13.1),
        (164, 8.5, 10.9),
        (225, 7.2, 9.3),
        (300, 6.3, 8.1),
        (500, 4.9, 6.3),
        (1055, 3.3, 4.3),
    ],
)
def test_detectable_points(n: int, few: float, many: float) -> None:
    assert 100 * detectable_binary(n, 0.15) == pytest.approx(few, abs=0.05)
    assert 100 * detectable_binary(n, 0.25) == pytest.approx(many, abs=0.05)


@pytest.mark.parametrize(("n", "points"), [(80, 22.1), (164, 15.5), (225, 13.2), (500, 8.9)])
def test_detectable_unpaired(n: int, points: float) -> None:
    assert 100 * detectable_unpaired(n) == pytest.approx(points, abs=0.05)


@pytest.mark.parametrize(
    ("score", "n", "runs", "whole"),
    [
        (72.7, 500, 1, False),
        (69.6, 500, 1, True),
        (35.5, 80, 1, False),
        (35.5, 80, 5, True),
        (25.3, 80, 1, False),
        (31.5, 300, 1, False),
        (77.5, 115, 1, False),
        (53.5, 50, 1, False),
        (53.5, 50, 4, True),
        (0.0, 50, 1, True),
        (100.0, 164, 1, True),
    ],
)
def test_whole_numbers(score: float, n: int, runs: int, whole: bool) -> None:
    assert whole_number(score, n, runs=runs) is whole


def test_bounds() -> None:
    assert bounds(6, 8, 10) == (0.6, 0.8)
    assert bounds(0, 0, 0) == (0.0, 1.0)
    assert bounds(344, 417, 445) == pytest.approx((0.773, 0.836), abs=5e-4)


@pytest.mark.parametrize(
    ("n", "points"),
    [(80, (3.5, 4.3, 5.6)), (164, (2.5, 3.0, 3.9)), (225, (2.1, 2.6, 3.3)), (500, (1.4, 1.7, 2.2))],
)
def test_how_far_one_run_strays(n: int, points: tuple[float, ...]) -> None:
    """Standard deviations of one run where a task's answers vary by .10, .15 and .25."""
    shown = [100 * run_error(n, 1, sigma2) for sigma2 in (0.1, 0.15, 0.25)]
    assert shown == pytest.approx(list(points), abs=0.055)
    assert run_error(n, 4, 0.1) == pytest.approx(run_error(n, 1, 0.1) / 2)


def test_samples_needed_undo_detectable() -> None:
    assert samples_needed(detectable(225, 0.1, 0.2 / 7), 225, 0.1, 0.2) == pytest.approx(7)
    # where tasks alone vary too much, no number of samples helps
    assert samples_needed(detectable(225, 0.1, 0), 225, 0.1, 0.2) > 1e9
    assert samples_needed(0.01, 225, 0.1, 0.2) == math.inf
    assert samples_needed(0.5, 225, 0.1, 0.0) == 1
    assert samples_needed(0.01, 225, 0.1, 0.0) == math.inf
