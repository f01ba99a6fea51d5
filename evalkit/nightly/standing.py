"""How each series stands: its alarms with what people said of them. What pages, feeds and messages tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from evalkit.nightly.dating import Moved
from evalkit.nightly.disk import Damaged
from evalkit.nightly.history import Series
from evalkit.nightly.watch import Direction, Watched

State = Literal["new", "acknowledged", "fixed", "expected", "closed"]
Stands = Literal["learning", "steady", "watch", "regressed", "acknowledged", "improved", "ended"]
REGRESSED, INCOMPLETE = 10, 3  # exit codes


@dataclass(frozen=True)
class Note:
    """What somebody said of an alarm. `until`: it is new again after that day; None for no end."""

    who: str
    why: str
    on: date
    issue: str = ""
    until: date | None = None


@dataclass(frozen=True)
class Event:
    """An alarm in days. `id` stays the same from night to night: SERIES--drop--FIRST-DAY-THAT-ALARMED.

    `first`: likeliest first night of the new level, `low` to `high` its 99% interval; scores are shares (0 to
    1), `interval` the 95% one of `difference`. `differs`: facts of the environment across that interval, as
    (name, before, after). `moved`: tasks by change, largest first. `over`: the day from which on it is open
    no more, which the nights from `back` on had to show first, and `ended` says why: a drop is "fixed" where
    the old level is back, and "closed" is what ended otherwise (no longer comparable, an improvement that
    went again). An expected one began a new baseline.
    """

    id: str
    direction: Direction
    raised: date
    first: date
    low: date
    high: date
    before: float
    after: float
    difference: float
    interval: tuple[float, float]
    state: State
    note: Note | None = None
    over: date | None = None
    back: date | None = None
    ended: str = ""
    differs: tuple[tuple[str, str, str], ...] = ()
    moved: tuple[Moved, ...] = ()


@dataclass(frozen=True)
class Quarantined:
    """A task that counts in no alarm. It still runs and counts in the score. `until` is the last day."""

    suite: str
    task: str
    reason: str
    owner: str
    since: date
    until: date
    issue: str = ""

    def expired(self, day: date) -> bool:
        return day > self.until


@dataclass(frozen=True)
class Standing:
    """One series as of its last night. `events`: newest first. `quarantined`: of its suite, expired ones too
    (which count in alarms again). `ended`: the plan has it no more, so that nothing of it is news."""

    series: Series
    watched: Watched
    events: tuple[Event, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    ended: bool = False

    @property
    def open(self) -> tuple[Event, ...]:
        return tuple(e for e in self.events if e.over is None and e.state in ("new", "acknowledged"))

    @property
    def stands(self) -> Stands:
        """ "regressed" while a drop is open and new, "acknowledged" while all open drops are."""
        if self.ended:
            return "ended"
        drops = [event for event in self.open if event.direction == "drop"]
        if any(event.state == "new" for event in drops):
            return "regressed"
        if drops:
            return "acknowledged"
        state = self.watched.state
        return "steady" if state == "regressed" else state


@dataclass(frozen=True)
class Outlook:
    """All of a plan, as of the night of `day`. `missing`: series of that night that have no whole run, and
    why. `damaged`: records and notes that cannot be read. `false_alarms`: drops expected a month over all
    series where nothing changes."""

    name: str
    day: date
    standings: tuple[Standing, ...]
    missing: Mapping[str, str]
    false_alarms: float
    damaged: tuple[Damaged, ...] = ()

    @property
    def troubles(self) -> Mapping[str, str]:
        """What is missing and what is damaged, in words: by series, and by path."""
        return {**self.missing, **{str(one.path): one.told for one in self.damaged}}

    @property
    def code(self) -> int:
        """What `evalkit nightly run` and `report` end with: 10 for a drop that is open and that nobody has
        spoken for, 3 for an incomplete night or a file that cannot be read, 0 where there is nothing new."""
        if any(one.stands == "regressed" for one in self.standings):
            return REGRESSED
        return INCOMPLETE if self.troubles else 0
