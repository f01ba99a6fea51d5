"""A series, watched: how far each night is from its baseline, and when that is more than noise.

The baseline is every comparable night up to the last one at which all was well (the sums were at 0), so that
it grows while nothing happens, and a drop never becomes what the next night is compared with. It begins with
LEAST_NIGHTS, anew where runs are no longer comparable or where somebody says that a change was expected.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from evalkit.nightly.history import Night, Series
from evalkit.nightly.side import LIMIT, Side
from evalkit.stats.baseline import LEAST_NIGHTS, Baseline

Direction = Literal["drop", "rise"]
BAND = 1.96  # of prediction standard deviations: where 95% of nights fall


@dataclass(frozen=True)
class Point:
    """One night on the chart. `expected` and `spread` are the baseline's over the tasks that this night has;
    None while a baseline is being made, and for a hollow night, whose reason is `hollow`."""

    day: date
    score: float | None
    epoch: int
    hollow: str = ""
    expected: float | None = None
    spread: float | None = None
    z: float | None = None
    down: float = 0.0
    up: float = 0.0

    @property
    def band(self) -> tuple[float, float] | None:
        if self.expected is None or self.spread is None:
            return None
        return self.expected - BAND * self.spread, self.expected + BAND * self.spread


@dataclass(frozen=True)
class Alarm:
    """Raised at night `at` (an index of the series); the sum left 0 at `since`. `over`: all was well again at
    that night. `baseline` holds the nights that it was compared with."""

    direction: Direction
    at: int
    since: int
    baseline: tuple[int, ...]
    over: int | None = None


@dataclass(frozen=True)
class Watched:
    series: Series
    points: tuple[Point, ...]
    alarms: tuple[Alarm, ...]
    epochs: Mapping[int, str] = field(default_factory=dict)  # night at which one begins -> why

    @property
    def state(self) -> Literal["learning", "steady", "watch", "regressed", "improved"]:
        """As of the last night that counts."""
        if open_now := [alarm for alarm in self.alarms if alarm.over is None]:
            drops = any(alarm.direction == "drop" for alarm in open_now)
            return "regressed" if drops else "improved"
        last = next((point for point in reversed(self.points) if not point.hollow), None)
        if last is None or last.z is None:
            return "learning"
        return "watch" if last.down > LIMIT / 2 else "steady"


def watch(
    series: Series, *, apart: Collection[str] = (), expected: Mapping[date, str] | None = None
) -> Watched:
    """`apart`: tasks that count in no alarm (quarantined). `expected`: days from which on another level is
    what is wanted, and why."""
    run = _Run(series, frozenset(apart), dict(expected or {}))
    for number, night in enumerate(series.nights):
        run.night(number, night)
    return Watched(series, tuple(run.points), tuple(run.alarms), run.epochs)


class _Run:
    """The walk over a series' nights."""

    def __init__(self, series: Series, apart: frozenset[str], expected: dict[date, str]) -> None:
        self.series, self.apart, self.expected = series, apart, expected
        self.points: list[Point] = []
        self.alarms: list[Alarm] = []
        self.epochs: dict[int, str] = {}
        self._key: str | None = None
        self._begin()

    def _begin(self) -> None:
        self._counted: list[int] = []  # nights of this epoch that count
        self._other: set[int] = set()  # those that alarms were about
        self._sides: dict[Direction, Side] = {"drop": Side(), "rise": Side()}
        self._taken = 0  # of the counted nights, looked at for the baseline:
        self._known: list[int] = []
        self._passed: dict[str, int] = {}
        self._given: dict[str, int] = {}

    def night(self, number: int, night: Night) -> None:
        if why := self._new_epoch(night):
            if self._key is not None:
                self.epochs[number] = why
                self._end_alarms(number)
            self._begin()
        self._key = night.key if not night.hollow or self._key is None else self._key
        score, epoch = night.score, len(self.epochs)
        if night.hollow:
            self.points.append(Point(night.day, score, epoch, night.hollow))
            return
        self._take_in()
        judged = self._against(night) if len(self._known) >= LEAST_NIGHTS else None
        self._counted.append(number)
        if judged is None:
            self.points.append(Point(night.day, score, epoch))
            return
        base, own = judged
        z = base.z(own)
        sums = self._add("drop", -z, number), self._add("rise", z, number)
        self.points.append(Point(night.day, score, epoch, "", base.mean, base.prediction_sd, z, *sums))

    def _new_epoch(self, night: Night) -> str:
        if why := self.expected.pop(night.day, ""):
            return f"expected: {why}"
        if night.hollow or night.key == self._key:
            return ""
        return "runs are no longer comparable with those before" if self._key is not None else "first night"

    def _take_in(self) -> None:
        """Bring the baseline up to the last night at which all was well."""
        unsure = min((side.unsure[0] for side in self._sides.values() if side.unsure), default=None)
        while self._taken < len(self._counted):
            number = self._counted[self._taken]
            if unsure is not None and number >= unsure:
                return
            self._taken += 1
            if number in self._other:
                continue
            self._known.append(number)
            for task, (k, n) in self.series.nights[number].tasks.items():
                self._passed[task] = self._passed.get(task, 0) + k
                self._given[task] = self._given.get(task, 0) + n

    def _against(self, night: Night) -> tuple[Baseline, float] | None:
        """The baseline over the tasks that the night and the nights before have in common, and the night's
        score over these. None where there are none."""
        tasks = [t for t, (_, n) in night.tasks.items() if n and self._given.get(t) and t not in self.apart]
        if not tasks:
            return None
        own = sum(night.tasks[t][0] / night.tasks[t][1] for t in tasks) / len(tasks)
        samples = max(1, round(sum(night.tasks[t][1] for t in tasks) / len(tasks)))
        return Baseline(
            tuple(self._passed[t] / self._given[t] for t in tasks), len(self._known), samples
        ), own

    def _add(self, direction: Direction, away: float, number: int) -> float:
        """The sum with this night."""
        side = self._sides[direction]
        if side.add(away, number):
            self.alarms.append(Alarm(direction, number, side.unsure[0], tuple(self._known)))
        shown = side.sum
        if side.open and (other := side.over(away, number)) is not None:
            self._other |= set(other)
            alarm = next(a for a in reversed(self.alarms) if a.direction == direction)
            self._replace(alarm, number)
        return shown

    def _replace(self, alarm: Alarm, over: int) -> None:
        self.alarms[self.alarms.index(alarm)] = replace(alarm, over=over)

    def _end_alarms(self, number: int) -> None:
        for alarm in [alarm for alarm in self.alarms if alarm.over is None]:
            self._replace(alarm, number)
