"""Over the chart: what changed in the environment, new baselines, and what people said, each at its day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from evalkit.nightly.page.axes import LEFT, RIGHT, Days
from evalkit.nightly.page.days import short
from evalkit.nightly.page.seen import Seen, changes, epochs
from evalkit.report.page.marks.svg import line, text
from evalkit.text import one_line, shown

ROWS, PITCH, TOP, BOTTOM = 2, 13, 34, 262
LETTER = 5.9  # pixels of a letter, more or less
LENGTHS = (46, 24)  # letters of a name: as many as there is room for


@dataclass(frozen=True)
class Heading:
    """`rank`: those of a lower one get room first."""

    day: date
    words: str
    css: str
    rank: int


def headings(seen: Seen, days: Days, *, dense: bool) -> list[Markup]:
    """A line each; named where there is room, and else a tick with its words for a pointer, unless the chart
    is `dense`."""
    taken: list[list[tuple[float, float]]] = [[] for _ in range(ROWS)]
    lines, names = [], []
    found = [h for h in all_headings(seen) if days.holds(h.day)]
    for one in sorted(found, key=lambda h: (h.rank, -h.day.toordinal(), h.words)):
        x = days.place(one.day)
        name = _room(one.words, x, taken)
        if name is None and dense:
            continue
        y, end = (TOP - 4 - PITCH * name.row, BOTTOM) if name else (TOP - 4, TOP + 2)
        full = Markup("<title>{}</title>").format(shown(f"{short(one.day)}: {one.words}"))
        lines.append(Markup("<g>{}{}</g>").format(full, line(x, y, x, end, f"heading {one.css}")))
        if name:
            taken[name.row].append((name.low - 8, name.high + 8))
            middle = (name.low + name.high) / 2
            names.append(text(middle, y - 4, name.words, css="named", anchor="middle", whole=True))
    return [*lines, *names]


@dataclass(frozen=True)
class _Name:
    row: int
    low: float
    high: float
    words: str


def _room(words: str, x: float, taken: list[list[tuple[float, float]]]) -> _Name | None:
    """Where it is written, and how much of it; None where there is no room for it."""
    for longest in LENGTHS:
        seen = one_line(shown(words), longest)
        half = LETTER * len(seen) / 2
        middle = min(max(x, LEFT + half - 20), RIGHT - half + 60)
        for row, others in enumerate(taken):
            if _free(others, middle - half, middle + half):
                return _Name(row, middle - half, middle + half, seen)
    return None


def _free(taken: list[tuple[float, float]], low: float, high: float) -> bool:
    return all(high <= a or low >= b for a, b in taken)


def all_headings(seen: Seen) -> Iterator[Heading]:
    for epoch in epochs(seen.standing):
        yield Heading(epoch.day, f"new baseline: {epoch.briefly}", "epoch", 0)
    near = [(e.low, e.high) for e in seen.events]
    for changed in changes(seen.standing):
        name, _, value = changed.facts[0]
        more = f" +{len(changed.facts) - 1}" if len(changed.facts) > 1 else ""
        beside = any(low <= changed.day <= high for low, high in near)
        yield Heading(changed.day, f"{name} {value}{more}", "fact", 1 if beside else 3)
    for event in seen.events:
        if event.note is not None and event.state == "acknowledged":
            yield Heading(event.note.on, f"acknowledged by {event.note.who}", "note", 2)
        if event.over is not None and event.state == "fixed":
            yield Heading(event.over, "fixed", "note", 2)
