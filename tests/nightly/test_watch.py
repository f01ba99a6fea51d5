"""A series watched: silent over noise, heard over a drop, and right about since when and of what."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from evalkit.nightly.dating import date_alarm, differing, fisher
from evalkit.nightly.history import Night
from evalkit.nightly.look import outlook
from evalkit.nightly.turns import turns
from evalkit.nightly.watch import watch
from evalkit.stats.baseline import LEAST_NIGHTS

from .nights import FIRST, broken, series, shares, simulated

ALL = shares(300)
LOW = [p if i % 10 else p * 0.2 for i, p in enumerate(ALL)]  # a tenth of the tasks is hardly solved any more


def fallen(at: int, until: int = 999) -> list[Night]:
    return simulated(
        50,
        lambda night: LOW if at <= night < until else ALL,
        facts=lambda night: {"endpoint": "b" if night >= at else "a", "evalkit": "1"},
    )


def test_noise_alone_is_no_news() -> None:
    watched = watch(series(simulated(120, lambda night: ALL, seed=1)))
    assert (watched.alarms, watched.state) == ((), "steady")
    assert [p.z is None for p in watched.points] == [i < LEAST_NIGHTS for i in range(120)]
    inside = [p.band[0] <= p.score <= p.band[1] for p in watched.points if p.band and p.score is not None]
    assert sum(inside) >= 0.9 * len(inside)


def test_a_drop_is_heard_dated_and_explained() -> None:
    watched = watch(series(fallen(30)))
    [alarm] = watched.alarms
    assert (alarm.direction, alarm.over, watched.state) == ("drop", None, "regressed")
    assert 30 <= alarm.at <= 34
    assert max(alarm.baseline) < 30
    dated = date_alarm(watched, alarm)
    assert dated.low <= 30 <= dated.high
    true = sum(LOW) / 300 - sum(ALL) / 300
    assert dated.interval[0] <= true <= dated.interval[1] < 0
    assert dated.differs == (("endpoint", "a", "b"),)
    clear = [one.task for one in dated.moved[:10]]
    assert sum(int(task.removeprefix("task-")) % 10 == 0 for task in clear) >= 9


def test_a_rise_is_found_by_the_same_rule() -> None:
    watched = watch(series(simulated(50, lambda night: ALL if night >= 30 else LOW)))
    assert [(a.direction, 30 <= a.at <= 34) for a in watched.alarms] == [("rise", True)]
    assert watched.state == "improved"
    assert date_alarm(watched, watched.alarms[0]).interval[0] > 0


def test_a_drop_that_is_mended_is_over_and_its_nights_are_no_baseline_meanwhile() -> None:
    watched = watch(series(fallen(25, until=32)))
    [alarm] = watched.alarms
    assert alarm.over is not None
    assert alarm.over > 32
    assert watched.state in ("steady", "watch")


@pytest.mark.parametrize("seed", [8, 9])
def test_before_is_every_night_before_the_change_not_those_that_happened_to_be_high(seed: int) -> None:
    """Nights at which the sum was already above 0 are in no baseline, and of the old level all the same."""
    nights = simulated(50, lambda night: LOW if night >= 40 else ALL, seed=seed)
    watched = watch(series(nights))
    [alarm] = watched.alarms
    dated = date_alarm(watched, alarm)
    before = [night.score for night in nights[: dated.first] if night.score is not None]
    assert len(alarm.baseline) < dated.first == 40
    assert dated.before == pytest.approx(sum(before) / len(before))
    assert all(moved.before[1] == dated.first for moved in dated.moved)


def test_nights_at_which_the_old_level_is_back_are_none_of_the_drop() -> None:
    nights = fallen(25, until=32)
    watched = watch(series(nights))
    [alarm] = watched.alarms
    assert alarm.back is not None
    assert alarm.over is not None
    assert 32 <= alarm.back < alarm.over
    dated = date_alarm(watched, alarm)
    low = [night.score for night in nights[dated.first : alarm.back] if night.score is not None]
    assert dated.after == pytest.approx(sum(low) / len(low))


def test_a_drop_may_date_from_nights_that_say_nothing_of_it() -> None:
    nights = simulated(
        50,
        lambda night: [0.3 * p for p in ALL] if night >= 30 else ALL,
        facts=lambda night: {"endpoint": "b" if night >= 30 else "a"},
    )
    nights[30:32] = [broken(night, 0.1) for night in nights[30:32]]
    event = outlook("coding", [series(nights)]).standings[0].events[0]
    assert (event.low, event.first) == (FIRST + timedelta(30), FIRST + timedelta(32))
    assert [(turn.name, turn.day) for turn in turns(event, series(nights))] == [("endpoint", event.low)]
    nights[30:32] = [replace(night, facts={}) for night in nights[30:32]]  # dead: nobody knows
    assert [turn.day for turn in turns(event, series(nights))] == [event.first]


def test_nights_of_broken_infrastructure_are_shown_and_change_nothing() -> None:
    nights = simulated(40, lambda night: ALL, seed=1)
    without = watch(series([n for i, n in enumerate(nights) if i not in (20, 21)]))
    nights[20] = broken(nights[20], 0.05)
    nights[21] = replace(nights[21], tasks=dict(list(nights[21].tasks.items())[:200]))
    watched = watch(series(nights))
    assert "broke by infrastructure" in watched.points[20].hollow
    assert "were run" in watched.points[21].hollow
    assert [p.z for i, p in enumerate(watched.points) if i not in (20, 21)] == [p.z for p in without.points]


def test_other_data_is_another_baseline_and_says_so() -> None:
    nights = simulated(50, lambda night: ALL if night < 25 else LOW, key=lambda n: "v1" if n < 25 else "v2")
    watched = watch(series(nights))
    assert watched.alarms == ()
    assert watched.epochs == {25: "runs are no longer comparable with those before: key was v1 and is v2"}
    assert [p.z is None for p in watched.points[25:]] == [i < LEAST_NIGHTS for i in range(25)]


def test_what_was_expected_ends_the_alarm_and_begins_a_new_baseline() -> None:
    day = fallen(30)[40].day
    watched = watch(series(fallen(30)), expected={day: "cheaper quantisation"})
    assert [a.over for a in watched.alarms] == [40]
    assert watched.epochs == {40: "expected: cheaper quantisation"}
    assert watched.state == "learning"


def test_a_quarantined_task_counts_in_the_score_and_in_no_alarm() -> None:
    flaky = simulated(60, lambda night: [*ALL, *([1.0] * 30 if night < 30 else [0.0] * 30)])
    names = [f"task-{i}" for i in range(300, 330)]
    assert [a.direction for a in watch(series(flaky)).alarms] == ["drop"]
    apart = watch(series(flaky), apart=names)
    assert apart.alarms == ()
    assert apart.points[-1].score == flaky[-1].score


def test_a_gap_is_no_night() -> None:
    nights = fallen(30)
    watched = watch(series([n for n in nights if (n.day - FIRST).days not in (10, 31)]))
    assert [a.direction for a in watched.alarms] == ["drop"]


def test_differences_and_exact_tests() -> None:
    assert differing({"a": "1", "b": "2"}, {"a": "1", "c": "3"}) == (("b", "2", ""), ("c", "", "3"))
    assert fisher(8, 10, 1, 10) == pytest.approx(0.00547749, abs=1e-7)
    assert fisher(3, 3, 3, 3) == 1
