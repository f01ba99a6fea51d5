"""What a watch must hold to whatever the nights are: nobody may move an alarm by what is no change."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from evalkit.nightly.dating import date_alarm
from evalkit.nightly.history import Night
from evalkit.nightly.side import Side
from evalkit.nightly.watch import BAND, Watched, watch
from evalkit.stats.baseline import LEAST_NIGHTS
from evalkit.stats.cusum import run_length

from .nights import FIRST, broken, series, shares, simulated

ALL = shares(200)
LOW = [p if i % 5 else p * 0.2 for i, p in enumerate(ALL)]


def fallen(at: int = 30, nights: int = 45, seed: int = 0) -> list[Night]:
    return simulated(nights, lambda night: LOW if night >= at else ALL, seed=seed)


def told(watched: Watched) -> list[tuple[object, ...]]:
    """All that is said of a series, by days."""
    days = [point.day for point in watched.points]
    said: list[tuple[object, ...]] = [
        (p.day, p.z and round(p.z, 9), round(p.down, 9), round(p.up, 9), p.hollow)
        for p in watched.points
        if not p.hollow
    ]
    for alarm in watched.alarms:
        dated = date_alarm(watched, alarm)
        over = None if alarm.over is None else days[alarm.over]
        low = next(p.day for p in watched.points[dated.low :] if not p.hollow)
        said.append((alarm.direction, days[alarm.at], over, days[dated.first], low))
    return said


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_tasks_is_nothing(seed: int) -> None:
    nights, dice = fallen(seed=seed), random.Random(seed)

    def shuffled(night: Night) -> Night:
        return replace(night, tasks=dict(dice.sample(sorted(night.tasks.items()), len(night.tasks))))

    assert watch(series([shuffled(night) for night in nights])).points == watch(series(nights)).points


@pytest.mark.parametrize("seed", range(4))
def test_a_rise_is_a_drop_upside_down(seed: int) -> None:
    def upside_down(night: Night) -> Night:
        return replace(night, tasks={task: (n - k, n) for task, (k, n) in night.tasks.items()})

    other = {"drop": "rise", "rise": "drop"}
    nights = simulated(80, lambda night: LOW if 25 <= night < 50 else ALL, seed=seed)
    one, mirrored = watch(series(nights)), watch(series([upside_down(night) for night in nights]))
    assert one.alarms
    assert [(a.direction, a.at, a.since, a.over) for a in one.alarms] == [
        (other[a.direction], a.at, a.since, a.over) for a in mirrored.alarms
    ]
    assert [p.down for p in one.points] == pytest.approx([p.up for p in mirrored.points])
    assert [p.up for p in one.points] == pytest.approx([p.down for p in mirrored.points])


@pytest.mark.parametrize("seed", range(4))
def test_hollow_nights_anywhere_touch_nothing(seed: int) -> None:
    nights, dice = fallen(seed=seed), random.Random(seed)
    every = []
    for night in nights:
        every.append(replace(night, day=FIRST + timedelta(2 * (night.day - FIRST).days)))
        if dice.random() < 0.4:
            lost = broken(night, dice.choice((0.03, 0.5, 1.0)))
            day = every[-1].day + timedelta(1)
            every.append(
                replace(lost, day=day, key="other", tasks={t: (0, n) for t, (_, n) in lost.tasks.items()})
            )
    plain = [replace(night, day=FIRST + timedelta(2 * (night.day - FIRST).days)) for night in nights]
    assert told(watch(series(every))) == told(watch(series(plain)))


def test_two_in_a_hundred_broken_count_and_more_do_not() -> None:
    night = simulated(1, lambda night: ALL)[0]
    assert broken(night, 0.02).hollow == ""
    assert "2.5% of its samples broke" in broken(night, 0.025).hollow
    short = replace(night, tasks=dict(list(night.tasks.items())[4:]))
    assert (short.hollow, replace(short, planned=205).hollow[:10]) == ("", "only 95.6%")


def test_quarantined_tasks_move_nothing_whatever_they_do() -> None:
    names = [f"task-{i}" for i in range(0, 200, 5)]
    nights, dice = simulated(60, lambda night: ALL), random.Random(1)

    def other(night: Night) -> Night:
        return replace(
            night, tasks={**night.tasks, **{task: (int(dice.random() < 0.5), 1) for task in names}}
        )

    one, two = watch(series(nights), apart=names), watch(series([other(n) for n in nights]), apart=names)
    assert told(one) == told(two)
    assert [p.score for p in one.points] != [p.score for p in two.points]
    for point in two.points:
        if point.band and point.score is not None and point.z is not None:
            assert (point.band[0] <= point.score <= point.band[1]) == (abs(point.z) <= BAND)
    assert all(moved.task not in names for alarm in two.alarms for moved in date_alarm(two, alarm).moved)


# -- what is compared ------------------------------------------------------------------------------


def test_a_task_that_is_new_waits_until_it_is_known() -> None:
    """A fifth more tasks from night 30 on, that always pass: the score rises, and nothing got better."""
    nights = simulated(70, lambda night: [*ALL, *([1.0] * 40 if night >= 30 else [])])
    watched = watch(series(nights))
    assert watched.alarms == ()
    assert watched.epochs == {}
    assert nights[30].score != watched.points[30].own
    assert nights[60].score == pytest.approx(watched.points[60].own)


def test_fewer_tasks_are_compared_over_those_that_are_left() -> None:
    nights = simulated(60, lambda night: ALL)
    fewer = [replace(n, tasks=dict(list(n.tasks.items())[:120]), planned=120) for n in nights[30:]]
    watched = watch(series([*nights[:30], *fewer]))
    assert (watched.alarms, watched.epochs) == ((), {})
    assert all(point.z is not None for point in watched.points[30:])


def test_other_tasks_are_another_baseline() -> None:
    def renamed(night: Night) -> Night:
        return replace(night, tasks={f"other-{task}": counts for task, counts in night.tasks.items()})

    nights = simulated(40, lambda night: LOW if night >= 20 else ALL)
    watched = watch(series([*nights[:20], *map(renamed, nights[20:])]))
    assert watched.alarms == ()
    assert watched.epochs == {
        20: "runs are no longer comparable with those before: of its 200 tasks none had been run"
    }


def test_a_new_epoch_names_what_changed() -> None:
    def key(night: int) -> str:
        parts = {"suite": "mini", "data": "abc" if night < 20 else "def"}
        return json.dumps(parts if night < 30 else {**parts, "turns": "100"})

    watched = watch(series(simulated(40, lambda night: ALL, key=key)))
    before = "runs are no longer comparable with those before: "
    assert watched.epochs == {
        20: f"{before}data was abc and is def",
        30: f"{before}turns was not set and is 100",
    }


def test_a_night_of_other_data_takes_no_baseline_away() -> None:
    nights = simulated(60, lambda night: LOW if night >= 40 else ALL)
    nights[25] = replace(nights[25], key="other", tasks={"one": (1, 1)}, planned=1)
    watched = watch(series(nights))
    assert sorted(watched.epochs) == [25, 26]
    assert watched.points[26].z is not None
    assert [(a.direction, 40 <= a.at <= 43, 0 in a.baseline) for a in watched.alarms] == [
        ("drop", True, True)
    ]


@pytest.mark.parametrize("direction", ["drop", "rise"])
def test_an_alarm_is_the_same_after_a_night_of_other_samples(direction: str) -> None:
    """It is closed for that night, and open again with those that can be compared: nothing is new."""
    before, after = (ALL, LOW) if direction == "drop" else (LOW, ALL)
    nights = simulated(60, lambda night: after if night >= 30 else before)
    [alone] = watch(series(nights)).alarms
    nights[45] = replace(nights[45], key="other")
    assert [a.over for a in watch(series(nights[:46])).alarms] == [45]
    watched = watch(series(nights))
    assert watched.alarms == (alone,)
    dated, whole = (
        date_alarm(watched, alone),
        date_alarm(watch(series(simulated(60, lambda n: after if n >= 30 else before))), alone),
    )
    assert (dated.first, dated.low, dated.high) == (whole.first, whole.low, whole.high)
    assert dated.moved[0].after[1] == whole.moved[0].after[1] - 1  # all nights of it but that one


def test_an_alarm_of_other_samples_stays_with_them() -> None:
    """Two keys turn and turn about; the level of the one falls, that of the other does not."""
    nights = simulated(90, lambda n: LOW if n >= 50 and n % 2 else ALL, key=lambda n: "ab"[n % 2])
    watched = watch(series(nights))
    assert [alarm.direction for alarm in watched.alarms] == ["drop"]
    assert watched.alarms[0].at % 2
    assert watched.alarms[0].over is None  # as of its last night
    assert watch(series(nights[:-1])).alarms[0].over == 88


def test_a_hollow_first_night_says_nothing_of_what_is_comparable() -> None:
    nights = simulated(20, lambda night: ALL, key=lambda night: "" if night == 0 else "v1")
    nights[0] = replace(nights[0], tasks={}, errors=200)
    assert watch(series(nights)).epochs == {}


# -- what is expected ------------------------------------------------------------------------------


@pytest.mark.parametrize("lost", [(), (40,), (39, 40, 41)])
def test_what_is_expected_holds_from_the_next_night_where_there_is_none_that_day(lost: Sequence[int]) -> None:
    nights = [night for i, night in enumerate(fallen(at=30, nights=60)) if i not in lost]
    watched = watch(series(nights), expected={FIRST + timedelta(40): "cheaper"})
    [begin] = watched.epochs
    assert watched.epochs[begin] == "expected: cheaper"
    assert nights[begin].day == min(n.day for n in nights if n.day >= FIRST + timedelta(40))
    assert [a.over for a in watched.alarms] == [begin]


def test_what_is_expected_on_a_hollow_night_begins_with_it_and_is_learnt_after_it() -> None:
    nights = fallen(at=30, nights=60)
    nights[40] = broken(nights[40], 0.5)
    watched = watch(series(nights), expected={nights[40].day: "cheaper"})
    assert watched.epochs == {40: "expected: cheaper"}
    assert [p.z is None for p in watched.points[41:]] == [i < LEAST_NIGHTS for i in range(19)]


@pytest.mark.parametrize("day", [FIRST - timedelta(9), FIRST, FIRST + timedelta(400)])
def test_what_is_expected_of_no_night_changes_nothing(day: object) -> None:
    nights = fallen()
    watched = watch(series(nights), expected={day: "nothing"})  # type: ignore[dict-item]
    assert (watched.epochs, told(watched)) == ({}, told(watch(series(nights))))


def test_levels_before_an_expected_change_do_not_come_back_with_their_key() -> None:
    nights = simulated(60, lambda night: LOW if night >= 30 else ALL)
    nights[45] = replace(nights[45], key="other")
    watched = watch(series(nights), expected={nights[30].day: "cheaper"})
    assert watched.alarms == ()
    assert sorted(watched.epochs) == [30, 45, 46]
    assert watched.points[46].z is not None


# -- what no task ever did -------------------------------------------------------------------------


def flips(night: int, tasks: Sequence[int]) -> Callable[[int], list[float]]:
    return lambda n: [0.0 if n >= night and i in tasks else 1.0 for i in range(40)]


def test_one_answer_that_flips_once_is_no_news_and_one_that_stays_is() -> None:
    once = simulated(60, lambda n: [0.0 if n in (20, 41) and i == 3 else 1.0 for i in range(40)])
    assert watch(series(once)).alarms == ()
    stays = watch(series(simulated(60, flips(30, [3]))))
    assert [(a.direction, a.at) for a in stays.alarms] == [("drop", 36)]
    assert [a.at for a in watch(series(simulated(60, flips(30, range(8))))).alarms] == [30]


# -- once it is over -------------------------------------------------------------------------------


def ended(z: Sequence[float], at: int) -> list[int] | None:
    """What a side says at the night `at` after these, all of the old level from there on."""
    side = Side()
    for night, away in enumerate([*z, *[0.0] * 40]):
        side.add(away, night, 60)
        if side.open and (other := side.over(away, night)) is not None:
            assert night >= at
            return other
    return None


def test_nights_of_an_alarm_that_was_noise_belong_to_the_baseline_and_those_of_a_drop_do_not() -> None:
    assert ended([0.0, *[1.4] * 7], 8) == []
    assert ended([0.0, *[4.0] * 7], 8) == list(range(1, 8))


@pytest.mark.parametrize(("share", "direction"), [(0.95, "drop"), (0.05, "rise")])
def test_a_suite_of_few_tasks_alarms_no_oftener_than_the_rule_says(share: float, direction: str) -> None:
    """A night far off is likelier on one side than on the other: without a word for that, three times as
    often."""
    count, length = 60, 200
    found = [
        alarm
        for seed in range(count)
        for alarm in watch(series(simulated(length, lambda night: [share] * 20, seed=seed))).alarms
        if alarm.direction == direction
    ]
    assert len(found) < 1.3 * count * (length - LEAST_NIGHTS) / run_length()
