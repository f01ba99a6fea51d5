"""Scores of one row on a line from 0 to 100: a lane a model, so that intervals do not hide each other.

Lanes are placed by style.css (--y lanes from the middle, --pitch apart), which draws the grid, too, and moves
them closer where intervals are hidden.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from evalkit.report.page.marks.svg import line, mark, num, svg, text
from evalkit.report.palette import Mark
from evalkit.text import shown

WIDTH, LEFT, SPAN = 296, 8, 280  # as in style.css
TICKS = (0, 25, 50, 75, 100)
LANE, USUAL = 8.5, 5  # pixels between lanes, as in style.css, and how many have room so

LANE_OF = Markup('<g data-model="{}" style="--y:{}">{}</g>')


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


def strip(lanes: Mapping[str, Sequence[Point]]) -> Markup:
    """`lanes` by model, from the top; in one lane later points are drawn over earlier ones."""
    middle = (len(lanes) - 1) / 2
    many = f"--pitch:{LANE * USUAL / len(lanes):.1f}px" if len(lanes) > USUAL else ""
    style = Markup(' style="{}"').format(many) if many else Markup("")
    drawn = [
        LANE_OF.format(shown(model), num(i - middle), Markup("").join(map(draw, lane)))
        for i, (model, lane) in enumerate(lanes.items())
    ]
    return Markup('<svg class="lanes"{} aria-hidden="true">{}</svg>').format(style, Markup("").join(drawn))


def draw(point: Point) -> Markup:
    faint = "faint" if point.faint else ""
    spot = mark(point.look, place(point.value), 0, 3.2, filled=point.filled, css=faint)
    if point.low is None or point.high is None:
        return spot
    return line(place(point.low), 0, place(point.high), 0, f"ci c{point.look.colour}") + spot


def scale() -> Markup:
    """The figures over the column."""
    return svg(WIDTH, 14, [text(place(tick), 11, str(tick), anchor="middle") for tick in TICKS])
