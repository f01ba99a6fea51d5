"""What people said of alarms and of flaky tasks: small TOML files beside the plan, one a note.

    STATES/acks/*.toml         an alarm is known: who, why, until when
    STATES/expected/*.toml     a new level is what is wanted: from which night on
    STATES/quarantine/*.toml   a task counts in no alarm: why, who sees to it, until when

A file's name is for people; what it holds is what counts. Nothing but `evalkit nightly ack|expect|quarantine`
writes them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, TypeVar

from evalkit.errors import DataError
from evalkit.nightly.disk import Damaged, named, read_whole
from evalkit.nightly.standing import Event, Note, Quarantined
from evalkit.nightly.watch import Direction

Kind = Literal["acks", "expected", "quarantine"]
SO = "alarms that it may speak for are not new"
T = TypeVar("T")
NEAR = timedelta(days=1)  # an alarm's days move by a night where its history is made anew

# the fields of each kind of file: those that must be there, and those that may
FIELDS: Mapping[Kind, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "acks": (("series", "direction", "raised", "who", "why", "on"), ("first", "issue", "until")),
    "expected": (("series", "from", "who", "why", "on"), ("issue",)),
    "quarantine": (("suite", "task", "reason", "owner", "since", "until"), ("issue",)),
}
DAYS = ("raised", "first", "on", "until", "from", "since")


@dataclass(frozen=True)
class Ack:
    """`first` to `raised`: the days of the alarm that it is about, as they were when it was written."""

    series: str
    direction: Direction
    first: date
    raised: date
    note: Note
    path: Path = Path()

    def concerns(self, event: Event, series: str) -> bool:
        """By days, not by the event's name, which changes where its history is made anew."""
        if (self.series, self.direction) != (series, event.direction):
            return False
        return self.first <= event.raised + NEAR and min(event.low, event.first) <= self.raised + NEAR


@dataclass(frozen=True)
class Expectation:
    """From the night of `begin` on, another level is what is wanted."""

    series: str
    begin: date
    note: Note
    path: Path = Path()


@dataclass(frozen=True)
class Put:
    """A task that somebody put in quarantine, and the file that says so."""

    task: Quarantined
    path: Path = Path()


@dataclass(frozen=True)
class States:
    """`damaged`: files that cannot be read. What they say is not known, so that an alarm that they may speak
    for is none that nobody has spoken for."""

    acks: tuple[Ack, ...] = ()
    expected: tuple[Expectation, ...] = ()
    quarantined: tuple[Put, ...] = ()
    damaged: tuple[Damaged, ...] = ()

    def note_of(self, event: Event, series: str, suite: str, day: date) -> Note | None:
        """What was said of an alarm; that it is not known on `day`, where one of the files is damaged."""
        if ack := self.ack_of(event, series):
            return ack.note
        may = next((one for one in self.damaged if one.of in ("", series, suite)), None)
        return Note("evalkit", f"{may.path} cannot be read, and may speak for it", day) if may else None

    def ack_of(self, event: Event, series: str) -> Ack | None:
        """The one whose days are nearest; of several, the one said last."""
        about = [ack for ack in self.acks if ack.concerns(event, series)]
        return min(about, key=lambda ack: _rank(ack, event), default=None)

    def expectations(self, series: str) -> tuple[Expectation, ...]:
        """Oldest first, one a day."""
        by_day = {one.begin: one for one in self.expected if one.series == series}
        return tuple(by_day[day] for day in sorted(by_day))

    def quarantine_of(self, suite: str) -> tuple[Quarantined, ...]:
        return tuple(put.task for put in self.quarantined if put.task.suite == suite)


def _rank(ack: Ack, event: Event) -> tuple[int, int, str]:
    return abs((ack.raised - event.raised).days), -ack.note.on.toordinal(), ack.path.name


def read_states(folder: Path) -> States:
    """All that stands there; nothing where there is no such folder."""
    damaged: list[Damaged] = []
    return States(
        tuple(_read(folder, "acks", _ack, damaged)),
        tuple(_read(folder, "expected", _expectation, damaged)),
        tuple(_read(folder, "quarantine", _put, damaged)),
        tuple(damaged),
    )


def _read(
    folder: Path, kind: Kind, make: Callable[[Mapping[str, Any], Path], T], damaged: list[Damaged]
) -> Iterable[T]:
    """Each file of a kind; those that cannot be read go to `damaged`."""
    try:
        paths = named(folder / kind, ".toml")
    except OSError as e:
        damaged.append(Damaged(folder / kind, f"{folder / kind} cannot be looked into: {e.strerror}", SO))
        return
    for path in paths:
        raw: Mapping[str, Any] = {}
        try:
            raw = _toml(path)
            yield make(dict(_whole(path, raw, kind)), path)
        except DataError as e:
            of = raw.get("suite" if kind == "quarantine" else "series", "")
            damaged.append(Damaged(path, e.message, SO, of if isinstance(of, str) else ""))


def _ack(raw: Mapping[str, Any], path: Path) -> Ack:
    first = raw.get("first", raw["raised"])
    if raw["direction"] not in ("drop", "rise"):
        raise DataError(f"{path}: direction is {raw['direction']!r}, neither drop nor rise")
    if first > raw["raised"]:
        raise DataError(f"{path}: first is {first}, after the alarm was raised")
    return Ack(raw["series"], raw["direction"], first, raw["raised"], _note(raw), path)


def _note(raw: Mapping[str, Any]) -> Note:
    return Note(raw["who"], raw["why"], raw["on"], raw.get("issue", ""), raw.get("until"))


def _expectation(raw: Mapping[str, Any], path: Path) -> Expectation:
    return Expectation(raw["series"], raw["from"], _note(raw), path)


def _put(raw: Mapping[str, Any], path: Path) -> Put:
    return Put(Quarantined(**raw), path)


def _toml(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(read_whole(path).decode())
    except OSError as e:
        raise DataError(f"cannot read {path}: {e.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as e:
        raise DataError(f"{path} is no TOML: {e}") from None


def _whole(path: Path, raw: Mapping[str, Any], kind: Kind) -> Iterable[tuple[str, Any]]:
    needed, free = FIELDS[kind]
    if odd := sorted(set(raw) - {*needed, *free}):
        there = ", ".join((*needed, *free))
        raise DataError(f"{path}: there is no field {odd[0]!r}; there are {there}")
    if lacking := [name for name in needed if name not in raw]:
        raise DataError(f"{path}: {lacking[0]} is missing")
    for name, value in raw.items():
        yield name, _day(path, name, value) if name in DAYS else _text(path, name, value, name in needed)


def _text(path: Path, name: str, value: Any, needed: bool) -> str:
    if not isinstance(value, str) or (needed and not value.strip()):
        raise DataError(f"{path}: {name} is {value!r}, not a text")
    return value


def _day(path: Path, name: str, value: Any) -> date:
    """2026-11-16, with or without quotes."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value)
    except (ValueError, TypeError):
        raise DataError(f"{path}: {name} is {value!r}, not a day like 2026-11-16") from None
