"""Reference numbers of nightly regression: computed apart from this code."""

from __future__ import annotations

from math import comb
from statistics import NormalDist

import pytest

from evalkit.stats import evidence
from evalkit.stats.baseline import Baseline, baseline
from evalkit.stats.change_point import change_of_counts, change_of_scores, size_of_change
from evalkit.stats.cusum import cusum, false_alarms, run_length


def test_a_night_strays_from_a_baseline_by_its_tasks_own_noise() -> None:
    known = Baseline((0, 1 / 14, 7 / 14, 10 / 14, 1), 14)
    assert known.sd == pytest.approx(0.1497250227, abs=1e-10)
    assert known.prediction_sd == pytest.approx(0.1549801223, abs=1e-10)
    assert known.z(known.mean - known.prediction_sd) == pytest.approx(-1)


def test_more_answers_a_night_stray_less() -> None:
    one, four = Baseline((0.5,) * 10, 14, 1), Baseline((0.5,) * 10, 14, 4)
    assert four.sd == pytest.approx(one.sd / 2, rel=0.05)


def test_where_no_task_ever_changed_one_answer_is_far_off_and_no_alarm_by_itself() -> None:
    known = baseline([[1, 0, 1]] * 14)
    assert known is not None
    assert (known.mean, known.sd) == (pytest.approx(2 / 3), 0)
    assert (known.z(2 / 3), known.z(1 / 3), known.z(1)) == pytest.approx((0, -1 / 0.7, 1 / 0.7))
    assert baseline([[1, 0]]) is None


def test_the_chance_of_a_night_of_few_tasks_is_the_normal_one_of_its_unskewed_distance() -> None:
    """Of 20 tasks that pass 19 nights of 20, the exact binomial chances (middle p) as normal distances."""
    known = Baseline((0.95,) * 20, 10**9)
    assert known.skew == pytest.approx(-0.9 / 0.95**0.5, rel=1e-6)
    for passed in range(15, 21):
        exact = sum(comb(20, k) * 0.95**k * 0.05 ** (20 - k) for k in range(passed))
        exact += comb(20, passed) * 0.95**passed * 0.05 ** (20 - passed) / 2
        z = known.z(passed / 20)
        assert known.unskewed(z) == pytest.approx(NormalDist().inv_cdf(exact), abs=0.2), passed
        assert passed > 16 or abs(z - NormalDist().inv_cdf(exact)) > 0.5  # what it is for


def test_an_unskewed_distance_is_symmetric_and_rises_and_is_the_distance_where_nothing_is_skewed() -> None:
    high, low, even = (Baseline((p,) * 20, 14) for p in (0.95, 0.05, 0.5))
    steps = [z / 4 for z in range(-40, 41)]
    assert [even.unskewed(z) for z in steps] == steps
    unskewed = [high.unskewed(z) for z in steps]
    assert [-low.unskewed(-z) for z in steps] == pytest.approx(unskewed)
    assert unskewed == sorted(unskewed)
    assert Baseline((1.0,) * 20, 14).unskewed(-3.0) == -3.0


def test_sums_of_what_is_below_and_above() -> None:
    z = [-1, -2, 0.5, -3, -1.5]
    sums = cusum(z)
    assert sums.down == pytest.approx((0.5, 2, 1, 3.5, 4.5))
    assert cusum([-value for value in z]).up == sums.down


@pytest.mark.parametrize(
    ("limit", "shift", "nights"),
    [(4, 0, 335.4), (4, 1, 8.4), (5, 0, 930.9), (5, 0.5, 38.0), (5, 1, 10.4), (5, 2, 4.0)],
)
def test_how_many_nights_until_it_alarms(limit: float, shift: float, nights: float) -> None:
    assert run_length(shift, limit=limit) == pytest.approx(nights, abs=0.06)


def test_false_alarms_of_eighteen_series_a_month() -> None:
    assert false_alarms(18) == pytest.approx(0.58, abs=0.005)


def test_the_first_night_of_another_level() -> None:
    found = change_of_counts([14, 15, 13, 14, 16, 9, 10, 8, 11, 9], [20] * 10)
    factors = (-0.8105, 0.1934, 0.2763, 1.3098, 4.7358, 2.2065, 1.2117, -0.6132, -0.3180)
    assert found.log_factors == pytest.approx(factors, abs=5e-5)
    assert found.posterior[4] == pytest.approx(0.8482, abs=5e-5)
    assert found.first == 5
    assert found.low <= 4
    assert found.high >= 6
    assert sum(found.posterior[found.low - 1 : found.high]) >= 0.99


def test_the_first_bad_night_of_scores() -> None:
    found = change_of_scores([0.3, -0.2, 0.1, -4, -3.8, -4.3])
    assert found.first == 3
    assert (found.low, found.high) == (3, 3)
    assert change_of_scores([-5.0]).first == 0
    twice = [0.1, -3.0, -3.1, -2.9, -9.0, -9.1, -8.9, -9.2]
    assert change_of_scores(twice).first == 4
    assert change_of_scores(twice[:5], last=2).first in (1, 2)
    vague = change_of_scores([0.1, -0.9, -1.2, -0.8, -1.9, -2.2])
    assert vague.high - vague.low >= 2
    with pytest.raises(ValueError, match="two nights"):
        change_of_scores([])


def test_a_changes_size_is_as_unsure_as_its_first_night() -> None:
    assert size_of_change([-3.0], [0.5], [1.0]) == pytest.approx((-3 - 1.959964 * 0.5, -3 + 1.959964 * 0.5))
    # a fortieth of all lies above: a quarter of the second night's, and nothing of the first's
    assert size_of_change([-3.0, -1.0], [0.5, 0.5], [0.9, 0.1]) == pytest.approx((-3.957, -0.663), abs=5e-4)
    assert size_of_change([-3.0], [0.0], [1.0]) == pytest.approx((-3, -3))


@pytest.mark.parametrize(
    ("better", "worse", "e"),
    [(1, 7, 3.555556), (12, 2, 12.002930), (20, 4, 63.155340), (10, 10, 0.270260)],
)
def test_evidence_of_flips(better: int, worse: int, e: float) -> None:
    assert evidence.flips(better, worse) == pytest.approx(e, abs=1e-6)


def test_evidence_of_scores() -> None:
    assert evidence.scores([-2] * 4) == pytest.approx(269.153283, abs=1e-6)
    assert evidence.scores([]) == 1
