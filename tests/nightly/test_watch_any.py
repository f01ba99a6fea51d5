"""Any history is watched and dated, and intervals hold what they say."""

from __future__ import annotations

import math
import random
from datetime import timedelta

import pytest

from evalkit.nightly.dating import date_alarm
from evalkit.nightly.history import Night, Series
from evalkit.nightly.watch import watch

from .nights import FIRST, series, shares, simulated


def any_series(seed: int) -> Series:
    """Few tasks or many, that come and go, with gaps, other keys, broken nights, levels that jump."""
    dice, day, level, nights = random.Random(seed), FIRST, 0.5, []
    tasks = dice.choice((1, 2, 8, 30))
    for _ in range(dice.choice((0, 1, 16, 60))):
        day += timedelta(dice.choice((1, 1, 2, 9)))
        level = dice.random() if dice.random() < 0.05 else level
        names = [f"t{i + dice.choice((0,) * 60 + (1000,))}" for i in range(tasks) if dice.random() < 0.97]
        samples = [dice.choice((1,) * 50 + (0, 4)) for _ in names]
        counts = {
            t: (sum(dice.random() < level for _ in range(n)), n) for t, n in zip(names, samples, strict=True)
        }
        errors = dice.choice((0,) * 9 + (1, tasks))
        key = dice.choice(("",) * 30 + ('{"data": "1"}', "other"))
        nights.append(Night(day, "run", counts, sum(samples) + errors, errors, key))
    return series(nights)


@pytest.mark.parametrize("seed", range(150))
def test_any_history_is_watched_and_dated(seed: int) -> None:
    made, dice = any_series(seed), random.Random(seed)
    apart = {f"t{i}" for i in range(30) if dice.random() < 0.1}
    wanted = {FIRST + timedelta(dice.randrange(150)): "wanted" for _ in range(dice.choice((0, 0, 2)))}
    watched = watch(made, apart=apart, expected=wanted)
    assert [point.day for point in watched.points] == [night.day for night in made.nights]
    for point in watched.points:
        numbers = (point.z, point.down, point.up, point.expected, point.spread, point.own)
        assert all(math.isfinite(n) for n in numbers if n is not None)
        assert (point.z is None) or not point.hollow
    for alarm in watched.alarms:
        dated = date_alarm(watched, alarm)
        assert dated.low <= dated.first <= dated.high <= alarm.at
        assert dated.interval[0] < dated.interval[1]
        assert alarm.over is None or alarm.over >= alarm.at


@pytest.mark.full
@pytest.mark.parametrize("tail", [2, 30])
def test_intervals_hold_what_they_say(tail: int) -> None:
    """Dates at 99%, sizes at 95%: asked two nights after the alarm, and a month after it."""
    dates, sizes = [], []
    for seed in range(80):
        tasks = shares(150, seed)
        fewer = [p * 0.92 for p in tasks]
        nights = simulated(110, lambda n, a=tasks, b=fewer: b if n >= 40 else a, seed=seed)  # type: ignore[misc]
        alarm = next((a for a in watch(series(nights)).alarms if a.direction == "drop" and a.at >= 40), None)
        if alarm is None:
            continue
        watched = watch(series(nights[: alarm.at + tail]))
        dated = date_alarm(watched, next(a for a in watched.alarms if a.at == alarm.at))
        dates.append(dated.low <= 40 <= dated.high)
        true = (sum(fewer) - sum(tasks)) / 150
        sizes.append(dated.interval[0] <= true <= dated.interval[1])
    assert len(dates) >= 60
    assert sum(dates) >= 0.93 * len(dates)
    assert sum(sizes) >= 0.85 * len(sizes)
