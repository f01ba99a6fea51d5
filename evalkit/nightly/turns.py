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
    """Oldest first. Nights that do not count say since when, between those that do; alone they say nothing: a
    dead endpoint has no version."""
    nights = [night for night in series.nights if night.day <= event.high]
    counted = [number for number, night in enumerate(nights) if not night.hollow]
    found = []
    for name, before, after in event.differs:
        values = [night.facts.get(name, "") for night in nights]
        changed = [(old, new) for old, new in pairwise(counted) if values[old] != values[new]]
        if changed:
            old, new = changed[-1]
            since = next(number for number in range(old + 1, new + 1) if values[number] == values[new])
            found.append(Turn(nights[since].day, name, *_narrowed(before, after)))
    return tuple(sorted(found, key=lambda turn: turn.day))


def _narrowed(before: str, after: str) -> tuple[str, str]:
    """Without the parts that both lists have."""
    old, new = before.split(", "), after.split(", ")
    gone, come = [part for part in old if part not in new], [part for part in new if part not in old]
    return (", ".join(gone), ", ".join(come)) if gone and come else (before, after)
