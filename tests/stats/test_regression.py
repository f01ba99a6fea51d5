"""Reference numbers of nightly regression: computed apart from this code."""

from __future__ import annotations

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
