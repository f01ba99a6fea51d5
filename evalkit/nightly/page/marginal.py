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
LONGEST = 24


@dataclass(frozen=True)
class Heading:
    """`rank`: those of a lower one get room first."""

    day: date
    words: str
    css: str
    rank: int


def headings(seen: Seen, days: Days) -> list[Markup]:
    """A line each; named where there is room, and else a tick with its words for a pointer."""
    taken: list[list[tuple[float, float]]] = [[] for _ in range(ROWS)]
    lines, names = [], []
    found = [h for h in all_headings(seen) if days.holds(h.day)]
    for one in sorted(found, key=lambda h: (h.rank, -h.day.toordinal(), h.words)):
        x = days.place(one.day)
        words = one_line(shown(one.words), LONGEST)
        half = LETTER * len(words) / 2
        middle = min(max(x, LEFT + half - 20), RIGHT - half + 60)
        row = next((r for r in range(ROWS) if _free(taken[r], middle - half, middle + half)), None)
        y, end = (TOP - 4, TOP + 2) if row is None else (TOP - 4 - PITCH * row, BOTTOM)
        full = Markup("<title>{}</title>").format(shown(f"{short(one.day)}: {one.words}"))
        lines.append(Markup("<g>{}{}</g>").format(full, line(x, y, x, end, f"heading {one.css}")))
        if row is not None:
            taken[row].append((middle - half - 8, middle + half + 8))
            names.append(text(middle, y - 4, words, css="named", anchor="middle"))
    return [*lines, *names]


def _free(taken: list[tuple[float, float]], low: float, high: float) -> bool:
    return all(high <= a or low >= b for a, b in taken)


def all_headings(seen: Seen) -> Iterator[Heading]:
    for day, why in epochs(seen.standing):
        yield Heading(day, f"new baseline: {why}", "epoch", 0)
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
