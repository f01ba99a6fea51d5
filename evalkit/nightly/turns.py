"""On which night each fact of the environment changed that differs across an event's interval."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from evalkit.nightly.history import Series
from evalkit.nightly.standing import Event


@dataclass(frozen=True)
class Turn:
    """From the night of `day` on, `name` was `after`. Of lists (`docker 7.1, openai 1.2`), what differs."""

    day: date
    name: str
    before: str
    after: str


def turns(event: Event, series: Series) -> tuple[Turn, ...]:
    """Oldest first. Nights that count for nothing are passed over, as in the dating of the event."""
    nights = [night for night in series.nights if not night.hollow and night.day <= event.high]
    found = []
    for name, before, after in event.differs:
        values = [(night.day, night.facts.get(name, "")) for night in nights]
        changed = [day for (_, old), (day, new) in pairwise(values) if old != new]
        if changed:
            found.append(Turn(changed[-1], name, *_narrowed(before, after)))
    return tuple(sorted(found, key=lambda turn: turn.day))


def _narrowed(before: str, after: str) -> tuple[str, str]:
    """Without the parts that both lists have."""
    old, new = before.split(", "), after.split(", ")
    gone, come = [part for part in old if part not in new], [part for part in new if part not in old]
    return (", ".join(gone), ", ".join(come)) if gone and come else (before, after)
