"""Scores of one row on a line from 0 to 100: a lane a model, so that intervals do not hide each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from evalkit.report.page.marks.svg import line, mark, svg, text
from evalkit.report.palette import Mark

WIDTH, LEFT, SPAN = 296, 8, 280  # style.css draws the grid behind it: change them together
TICKS = (0, 25, 50, 75, 100)
LANE = 8.5


@dataclass(frozen=True)
class Point:
    """One score in points; `low` and `high` its interval or None. `faint`: stands behind another."""

    look: Mark
    value: float
    low: float | None = None
    high: float | None = None
    filled: bool = False
    faint: bool = False


def place(score: float) -> float:
    return LEFT + SPAN * score / 100


def strip(lanes: Sequence[Sequence[Point]], height: float) -> Markup:
    """`lanes` from the top; in one lane later points are drawn over earlier ones."""
    pitch = min(LANE, (height - 14) / max(1, len(lanes) - 1))
    top = height / 2 - pitch * (len(lanes) - 1) / 2
    parts = [part for i, lane in enumerate(lanes) for point in lane for part in draw(point, top + i * pitch)]
    return svg(WIDTH, height, parts)


def draw(point: Point, y: float) -> list[Markup]:
    faint = " faint" if point.faint else ""
    parts = []
    if point.low is not None and point.high is not None:
        parts.append(line(place(point.low), y, place(point.high), y, f"ci c{point.look.colour}{faint}"))
    return [*parts, mark(point.look, place(point.value), y, 3.2, filled=point.filled, css=faint.strip())]


def scale() -> Markup:
    """The figures over the column."""
    return svg(WIDTH, 14, [text(place(tick), 11, str(tick), anchor="middle") for tick in TICKS])
