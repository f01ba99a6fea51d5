"""What is said of an alarm: since when, by how much, on which tasks, and what else changed that night."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from evalkit.nightly.watch import Alarm, Watched
from evalkit.stats.change_point import change_of_scores
from evalkit.stats.paired import two_sided

BEFORE = 7  # nights before the sum left 0 that are asked, too: the change may have been earlier
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
    `moved`: all tasks, the largest change in the alarm's direction first."""

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
    end = alarm.over if alarm.over is not None else len(watched.points)
    begin = max(0, alarm.since - BEFORE)
    counted = [i for i in range(begin, end) if watched.points[i].z is not None]
    change = change_of_scores([_bounded(watched.points[i].z or 0.0) for i in counted])
    first, low, high = (counted[i] for i in (change.first, change.low, change.high))
    after = [i for i in counted if i >= first]
    before, later = _means(watched, alarm, after)
    spread = watched.points[after[-1]].spread or 0.0
    m, r = len(alarm.baseline), len(after)
    error = two_sided(0.95) * spread / math.sqrt(1 + 1 / m) * math.sqrt(1 / m + 1 / r)
    difference = later - before
    return Dated(
        first,
        low,
        high,
        before,
        later,
        difference,
        (difference - error, difference + error),
        differing(_facts(watched, counted, low, before=True), _facts(watched, counted, high, before=False)),
        moved(watched, alarm, after),
    )


def _bounded(z: float) -> float:
    """Infinite where no task ever changed before: far enough."""
    return max(-1e3, min(1e3, z))


def _means(watched: Watched, alarm: Alarm, after: list[int]) -> tuple[float, float]:
    """The expected and the found mean score over the nights of the new level."""
    points = [watched.points[i] for i in after]
    expected = [p.expected for p in points if p.expected is not None]
    found = [p.expected + p.z * p.spread for p in points if p.expected is not None and p.z and p.spread]
    if len(found) < len(points):  # of tasks that never changed before
        found = [p.score for p in points if p.score is not None]
    return math.fsum(expected) / len(expected), math.fsum(found) / len(found)


def _facts(watched: Watched, counted: list[int], night: int, *, before: bool) -> Mapping[str, str]:
    """Of the last night that counts before this one, or of this one."""
    nights = watched.series.nights
    if not before:
        return nights[night].facts
    earlier = [i for i in range(night) if not nights[i].hollow]
    return nights[earlier[-1]].facts if earlier else {}


def differing(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[tuple[str, str, str], ...]:
    names = dict.fromkeys([*before, *after])
    return tuple(
        (name, before.get(name, ""), after.get(name, ""))
        for name in names
        if before.get(name, "") != after.get(name, "")
    )


def moved(watched: Watched, alarm: Alarm, after: list[int]) -> tuple[Moved, ...]:
    found = []
    old, new = _counts(watched, alarm.baseline), _counts(watched, tuple(after))
    for task in old.keys() & new.keys():
        if old[task][1] and new[task][1]:
            found.append(Moved(task, old[task], new[task], fisher(*old[task], *new[task])))
    sign = 1 if alarm.direction == "drop" else -1
    return tuple(sorted(found, key=lambda one: (sign * one.difference, one.p, one.task)))


def _counts(watched: Watched, nights: tuple[int, ...]) -> dict[str, tuple[int, int]]:
    counts: dict[str, tuple[int, int]] = {}
    for number in nights:
        for task, (k, n) in watched.series.nights[number].tasks.items():
            known = counts.get(task, (0, 0))
            counts[task] = known[0] + k, known[1] + n
    return counts


def fisher(k1: int, n1: int, k2: int, n2: int) -> float:
    """Two-sided exact p of two shares (Fisher 1935): of all tables of these margins that are no likelier."""
    k, n = k1 + k2, n1 + n2

    def log_p(x: int) -> float:
        return _log_comb(n1, x) + _log_comb(n2, k - x) - _log_comb(n, k)

    seen = log_p(k1)
    span = range(max(0, k - n2), min(k, n1) + 1)
    return min(1.0, math.fsum(math.exp(p) for x in span if (p := log_p(x)) <= seen + 1e-9))


def _log_comb(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
