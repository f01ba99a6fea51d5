"""A series, watched: how far each night is from its baseline, and when that is more than noise.

The baseline is every comparable night up to the last one at which all was well (the sums were at 0), so that
it grows while nothing happens, and a drop never becomes what the next night is compared with. It begins with
LEAST_NIGHTS, anew where runs are no longer comparable or where somebody says that a change was expected. Runs
that are comparable again with earlier ones have the baseline of those, and their sums and alarms.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from evalkit.nightly.comparable import differences
from evalkit.nightly.ground import Ground
from evalkit.nightly.history import Night, Series
from evalkit.nightly.table import Table, table_of
from evalkit.stats.cusum import LIMIT

Direction = Literal["drop", "rise"]
ANOTHER = "runs are no longer comparable with those before"
BAND = 1.96  # of prediction standard deviations: where 95% of nights fall


@dataclass(frozen=True)
class Point:
    """One night on the chart. `own` is its score over the tasks that are compared (`score` is over all), and
    `expected` and `spread` are the baseline's over the same; None while a baseline is being made, and for a
    hollow night, whose reason is `hollow`. Nights of one `ground` have one baseline."""

    day: date
    score: float | None
    epoch: int
    hollow: str = ""
    expected: float | None = None
    spread: float | None = None
    z: float | None = None
    down: float = 0.0
    up: float = 0.0
    own: float | None = None
    ground: int = 0

    @property
    def band(self) -> tuple[float, float] | None:
        """Where 95% of nights fall, for `score`: moved by what the tasks that are not compared make of it, so
        that a score is outside where its z is."""
        if self.score is None or self.own is None or self.expected is None or self.spread is None:
            return None
        middle = self.expected + self.score - self.own
        return middle - BAND * self.spread, middle + BAND * self.spread


@dataclass(frozen=True)
class Alarm:
    """Raised at night `at` (an index of the series); the sum left 0 at `since`. `over`: all was well again at
    that night, which was clear of the nights from `back` on. `baseline` holds the nights that it was compared
    with."""

    direction: Direction
    at: int
    since: int
    baseline: tuple[int, ...]
    over: int | None = None
    back: int | None = None


@dataclass(frozen=True)
class Watched:
    series: Series
    points: tuple[Point, ...]
    alarms: tuple[Alarm, ...]
    epochs: Mapping[int, str] = field(default_factory=dict)  # night at which one begins -> why
    apart: frozenset[str] = frozenset()  # tasks that count in no alarm
    table: Table | None = field(default=None, repr=False, compare=False)

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
    series: Series,
    *,
    apart: Collection[str] = (),
    expected: Mapping[date, str] | None = None,
    table: Table | None = None,
) -> Watched:
    """`apart`: tasks that count in no alarm (quarantined). `expected`: days from which on another level is
    what is wanted, and why; where there is no such night, from the next one on. `table`: of these nights, or
    of these and later ones, where it is known."""
    run = _Run(table or table_of(series), frozenset(apart), sorted((expected or {}).items()))
    for number, night in enumerate(series.nights):
        run.night(number, night)
    return Watched(series, tuple(run.points), tuple(run.alarms), run.epochs, run.apart, run.table)


class _Run:
    """The walk over a series' nights."""

    def __init__(self, table: Table, apart: frozenset[str], expected: list[tuple[date, str]]) -> None:
        self.table = table
        self.apart, self.expected = apart, expected
        self.points: list[Point] = []
        self.alarms: list[Alarm] = []
        self.epochs: dict[int, str] = {}
        self._left_out = self.table.apart(apart)
        self._key: str | None = None  # of the last night that counted
        self._grounds: dict[str, Ground] = {}  # by key
        self._ground = Ground(self.table)

    def night(self, number: int, night: Night) -> None:
        before = self._ground
        if why := self._new_epoch(number, night):
            self.epochs[number] = why
            before.closed = [at for at, alarm in enumerate(self.alarms) if alarm.over is None]
            for at in before.closed:
                self.alarms[at] = replace(self.alarms[at], over=number)
            for at in self._ground.closed if self._ground is not before else ():
                self.alarms[at] = replace(self.alarms[at], over=None)
        if night.hollow:
            self.points.append(Point(night.day, night.score, len(self.epochs), night.hollow))
            return
        self._key = night.key
        self._ground.take_in()
        judged = self._ground.against(number, self._left_out)
        self._ground.count(number)
        if judged is None:
            self.points.append(Point(night.day, night.score, len(self.epochs)))
            return
        base, own = judged
        z = base.z(own)
        away = base.unskewed(z)
        down, up = self._add("drop", -away, number), self._add("rise", away, number)
        spread = base.prediction_sd
        self.points.append(
            Point(
                *(night.day, night.score, len(self.epochs), "", base.mean, spread, z, down, up, own),
                self._ground.began,
            )
        )

    def _new_epoch(self, number: int, night: Night) -> str:
        """Why a new baseline begins with this night; "" where none does."""
        reasons = []
        due = [why for day, why in self.expected if day <= night.day]
        if due:
            self.expected = self.expected[len(due) :]
            if self._key is not None:
                reasons.append(f"expected: {'; '.join(due)}")
                self._grounds, self._ground = {}, Ground(self.table, number)
        if night.hollow:
            return reasons[0] if reasons else ""
        if self._key is not None and night.key != self._key:
            reasons.append(f"{ANOTHER}: {differences(self._key, night.key)}")
            self._grounds[self._key] = self._ground
            self._ground = self._grounds.get(night.key) or Ground(self.table, number)
        if strange := self._ground.strange(number):
            reasons.append(f"{ANOTHER}: of its {strange[1]} tasks {strange[0] or 'none'} had been run")
            self._ground = Ground(self.table, number)
        return "; ".join(reasons)

    def _add(self, direction: Direction, away: float, number: int) -> float:
        """The sum with this night."""
        ground = self._ground
        side = ground.sides[direction]
        if side.add(away, number, len(ground.known)):
            self.alarms.append(Alarm(direction, number, side.unsure[0], tuple(ground.known)))
        shown = side.sum
        if side.open and (other := side.over(away, number)) is not None:
            ground.other |= set(other)
            at, alarm = next(
                (i, a) for i, a in enumerate(self.alarms) if a.direction == direction and a.over is None
            )
            self.alarms[at] = replace(alarm, over=number, back=max(side.back or 0, alarm.at + 1))
        return shown
