"""What people said of alarms and of flaky tasks: small TOML files beside the plan, one a note.

    STATES/acks/*.toml         an alarm is known: who, why, until when
    STATES/expected/*.toml     a new level is what is wanted: from which night on
    STATES/quarantine/*.toml   a task counts in no alarm: why, who sees to it, until when

A file's name is for people; what it holds is what counts. Nothing but `evalkit nightly ack|expect|quarantine`
writes them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from evalkit.errors import DataError
from evalkit.nightly.standing import Event, Note, Quarantined
from evalkit.nightly.watch import Direction

Kind = Literal["acks", "expected", "quarantine"]
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
    acks: tuple[Ack, ...] = ()
    expected: tuple[Expectation, ...] = ()
    quarantined: tuple[Put, ...] = ()

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
    """All that stands there; nothing where there is no such folder. DataError names file and field."""
    return States(
        tuple(_ack(raw, path) for path, raw in _files(folder, "acks")),
        tuple(
            Expectation(raw["series"], raw["from"], _note(raw), path)
            for path, raw in _files(folder, "expected")
        ),
        tuple(Put(Quarantined(**raw), path) for path, raw in _files(folder, "quarantine")),
    )


def _ack(raw: Mapping[str, Any], path: Path) -> Ack:
    first = raw.get("first", raw["raised"])
    if raw["direction"] not in ("drop", "rise"):
        raise DataError(f"{path}: direction is {raw['direction']!r}, neither drop nor rise")
    if first > raw["raised"]:
        raise DataError(f"{path}: first is {first}, after the alarm was raised")
    return Ack(raw["series"], raw["direction"], first, raw["raised"], _note(raw), path)


def _note(raw: Mapping[str, Any]) -> Note:
    return Note(raw["who"], raw["why"], raw["on"], raw.get("issue", ""), raw.get("until"))


def _files(folder: Path, kind: Kind) -> Iterable[tuple[Path, dict[str, Any]]]:
    for path in sorted((folder / kind).glob("*.toml")):
        try:
            raw = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as e:
            raise DataError(f"cannot read {path}: {e.strerror}") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as e:
            raise DataError(f"{path} is no TOML: {e}", "mend it, or remove the file") from None
        yield path, dict(_whole(path, raw, kind))


def _whole(path: Path, raw: Mapping[str, Any], kind: Kind) -> Iterable[tuple[str, Any]]:
    needed, free = FIELDS[kind]
    if odd := sorted(set(raw) - {*needed, *free}):
        raise DataError(f"{path}: there is no field {odd[0]!r}", f"there are {', '.join((*needed, *free))}")
    if lacking := [name for name in needed if name not in raw]:
        raise DataError(f"{path}: {lacking[0]} is missing", "docs/nightly.md says what such a file holds")
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
