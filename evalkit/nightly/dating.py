"""What is said of an alarm: since when, by how much, on which tasks, and what else changed that night."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from evalkit.nightly.ground import MOST
from evalkit.nightly.table import table_of
from evalkit.nightly.watch import Alarm, Watched
from evalkit.stats.change_point import Change, change_of_scores, size_of_change

SETTLED = 14  # nights after an alarm that say when it began: later ones may be of another change still
BEFORE = 14  # nights before the sum left 0 that are asked, too: the change may have been earlier
UNLIKELY = 1e-4  # of a night to be the first: left out of the size's interval
CLEAR = 0.01  # of a task: p of a difference that is called clear


@dataclass(frozen=True)
class Moved:
    """A task's passes and verdicts before and after, and how unlikely that is where nothing changed."""

    task: str
    before: tuple[int, int]
    after: tuple[int, int]
    p: float

    @property
    def difference(self) -> float:
        return self.after[0] / self.after[1] - self.before[0] / self.before[1]


@dataclass(frozen=True)
class Dated:
    """Indexes are of the series' nights: `first` is the likeliest first night of the new level, `low` to
    `high` its 99% interval. `difference` of the mean score, with its 95% interval. `differs`: facts of the
    environment, of the last night before the interval and of its last: (name, before, after).
    `moved`: all tasks that count in alarms, the largest change in the alarm's direction first."""

    first: int
    low: int
    high: int
    before: float
    after: float
    difference: float
    interval: tuple[float, float]
    differs: tuple[tuple[str, str, str], ...]
    moved: tuple[Moved, ...]


def date_alarm(watched: Watched, alarm: Alarm) -> Dated:
    counted = _nights_of(watched, alarm)
    raised = counted.index(alarm.at)  # it began then at the latest
    asked = counted[: raised + 1 + SETTLED]
    change = change_of_scores([watched.points[i].z or 0.0 for i in asked], last=raised)
    first, low, high = (counted[i] for i in (change.first, change.low, change.high))
    points = watched.points
    while low > 0 and points[low - 1].hollow and points[low - 1].epoch == points[low].epoch:
        low -= 1  # nights that say nothing of the level may be of the new one already
    after = [i for i in counted if i >= first]
    before, later, _ = _levels(watched, alarm, counted, change.first)
    return Dated(
        first,
        low,
        high,
        before,
        later,
        later - before,
        _interval(watched, alarm, counted, change),
        _differs(watched, low, high),
        moved(watched, alarm, after),
    )


def _interval(watched: Watched, alarm: Alarm, counted: Sequence[int], change: Change) -> tuple[float, float]:
    """Of the difference, over all nights that may be the first: the alarm was raised by nights that were low,
    so that those alone look worse than it is."""
    spread, m = watched.points[counted[-1]].spread or 0.0, len(alarm.baseline)
    means, errors, weights = [], [], []
    for place, weight in enumerate(change.posterior):
        if weight > UNLIKELY:
            before, later, nights = _levels(watched, alarm, counted, place)
            means.append(later - before)
            of_means = 1 / nights + 1 / (len(counted) - place)
            errors.append(spread / math.sqrt(1 + 1 / m) * math.sqrt(of_means))
            weights.append(weight)
    whole = math.fsum(weights)
    return size_of_change(means, errors, [weight / whole for weight in weights])


def _nights_of(watched: Watched, alarm: Alarm) -> list[int]:
    """Those that may be of the new level or just before it: compared ones, all with one baseline."""
    points = watched.points
    ends = (alarm.back, alarm.over, len(points))  # nights at which the old level is back are none of it
    end = next(end for end in ends if end is not None)
    begin = max(0, alarm.since - BEFORE)
    ground = points[alarm.at].ground
    return [i for i in range(begin, end) if points[i].z is not None and points[i].ground == ground]


def _levels(watched: Watched, alarm: Alarm, counted: Sequence[int], place: int) -> tuple[float, float, int]:
    """The mean score before and after, of the tasks compared, where the new level began at `counted[place]`;
    and of how many nights the former is."""
    import numpy as np

    table = watched.table or table_of(watched.series)
    after = counted[place:]
    old = _before(watched, alarm, after)
    passed, scored = table.passed[old].sum(0), table.scored[old].sum(0)
    known = (table.scored[old] > 0).sum(0) >= MOST * len(old)
    there = (table.scored[after] > 0) & known & ~table.apart(watched.apart)
    count = np.maximum(1, there.sum(1))
    expected = (there * (passed / np.maximum(1, scored))).sum(1) / count
    found = (there * (table.passed[after] / np.maximum(1, table.scored[after]))).sum(1) / count
    return float(expected.mean()), float(found.mean()), len(old)


def _before(watched: Watched, alarm: Alarm, after: Sequence[int]) -> list[int]:
    """The nights of the old level, where those `after` are of the new one. The baseline ends where one of the
    sums left 0; nights from there to the change are of the old level all the same: without them it would be
    of the nights that happened to be high."""
    since = max(alarm.baseline) + 1  # nights are looked at in their order
    also = [i for i in _nights_of(watched, alarm) if since <= i < after[0]]
    return sorted({*alarm.baseline, *also} - set(after)) or list(alarm.baseline)


def _differs(watched: Watched, low: int, high: int) -> tuple[tuple[str, str, str], ...]:
    """Facts of the last night that counts before `low`, and of the night `high`."""
    nights = watched.series.nights
    earlier = next((night for night in reversed(nights[:low]) if not night.hollow), None)
    return differing(earlier.facts, nights[high].facts) if earlier else ()


def differing(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[tuple[str, str, str], ...]:
    names = dict.fromkeys([*before, *after])
    return tuple(
        (name, before.get(name, ""), after.get(name, ""))
        for name in names
        if before.get(name, "") != after.get(name, "")
    )


# -- tasks -----------------------------------------------------------------------------------------


def moved(watched: Watched, alarm: Alarm, after: Sequence[int]) -> tuple[Moved, ...]:
    table = watched.table or table_of(watched.series)
    old, new = _before(watched, alarm, after), list(after)
    k1, n1 = table.passed[old].sum(0).tolist(), table.scored[old].sum(0).tolist()
    k2, n2 = table.passed[new].sum(0).tolist(), table.scored[new].sum(0).tolist()
    found = [
        Moved(task, (a, m), (b, n), fisher(a, m, b, n))
        for task, a, m, b, n in zip(table.tasks, k1, n1, k2, n2, strict=True)
        if m and n and task not in watched.apart
    ]
    sign = 1 if alarm.direction == "drop" else -1
    return tuple(sorted(found, key=lambda one: (sign * one.difference, one.p, one.task)))


@lru_cache(maxsize=1 << 17)
def fisher(k1: int, n1: int, k2: int, n2: int) -> float:
    """Two-sided exact p of two shares (Fisher 1935): of all tables of these margins that are no likelier."""
    k, n = k1 + k2, n1 + n2
    whole = _log_comb(n, k)
    log_p = [_log_comb(n1, x) + _log_comb(n2, k - x) - whole for x in range(max(0, k - n2), min(k, n1) + 1)]
    seen = log_p[k1 - max(0, k - n2)] + 1e-9
    return min(1.0, math.fsum(math.exp(p) for p in log_p if p <= seen))


@lru_cache(maxsize=1 << 17)
def _log_comb(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
