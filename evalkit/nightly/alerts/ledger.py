"""What was told already, and what waits to be told: RESULTS/NAME/alerts.json.

    {"format": 1, "channels": {"slack env:HOOK": {"told": {KEY: {...}}, "waiting": [MESSAGE, ...]}},
     "absent": {SERIES: FIRST-NIGHT}}

It is written before a message goes out and after it went: who is killed in between tells it again, under
the same id, rather than never. It holds addresses as the plan has them, so no secret.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from evalkit.nightly.alerts.messages import Message
from evalkit.nightly.disk import read_whole, write_whole

NAME, LOCK = "alerts.json", ".alerts.lock"
KEPT = timedelta(days=14)  # what could not be told for so long is no news any more


class Busy(Exception):
    """Another process tells."""


@dataclass
class Told:
    """Of one channel. `told`: by key, the day and, for an alarm, its series, direction and days."""

    told: dict[str, dict[str, str]] = field(default_factory=dict)
    waiting: list[Message] = field(default_factory=list)


@dataclass
class Ledger:
    """`absent`: of each series that is missing and each file that is damaged, since which night."""

    channels: dict[str, Told] = field(default_factory=dict)
    absent: dict[str, date] = field(default_factory=dict)
    looked: date | None = None  # the last night that was looked at

    def of(self, channel: str) -> Told:
        return self.channels.setdefault(channel, Told())


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Two at once would tell everything twice. Where no lock can be had (a full or read-only disk), that is a
    smaller evil than to tell nobody."""
    with ExitStack() as held:
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            file = held.enter_context((folder / LOCK).open("w"))
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Busy from None
        yield


def read(folder: Path) -> Ledger:
    """Empty where there is none. ValueError, OSError where it cannot be read."""
    try:
        text = read_whole(folder / NAME)
    except FileNotFoundError:
        return Ledger()
    try:
        raw = json.loads(text)
        return Ledger(
            {
                name: Told(dict(one["told"]), [_message(row) for row in one["waiting"]])
                for name, one in raw["channels"].items()
            },
            {series: date.fromisoformat(day) for series, day in raw["absent"].items()},
            date.fromisoformat(raw["looked"]) if raw["looked"] else None,
        )
    except (KeyError, TypeError, AttributeError) as e:
        raise ValueError(f"it lacks {e}") from None


def write(folder: Path, ledger: Ledger) -> None:
    """Whole or not at all. OSError where there is no room."""
    raw = {
        "format": 1,
        "looked": ledger.looked.isoformat() if ledger.looked else None,
        "absent": {series: day.isoformat() for series, day in ledger.absent.items()},
        "channels": {
            name: {"told": one.told, "waiting": [_plain(message) for message in one.waiting]}
            for name, one in ledger.channels.items()
        },
    }
    write_whole(folder / NAME, json.dumps(raw, indent=1))


def _plain(message: Message) -> dict[str, Any]:
    return {**asdict(message), "keys": list(message.keys), "day": message.day.isoformat()}


def _message(raw: Mapping[str, Any]) -> Message:
    return Message(**{**raw, "keys": tuple(raw["keys"]), "day": date.fromisoformat(raw["day"])})
