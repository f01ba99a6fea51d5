"""Differences with their intervals beside a line at zero."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from evalkit.report.page.marks.svg import line, mark, svg, text
from evalkit.report.palette import Mark

WIDTH, HEIGHT = 340, 28


@dataclass(frozen=True)
class Axis:
    """From -`most` to `most` points with a tick at every `step`. The grid is the table's own background
    (style.css), a line a whole number of pixels: `step_px`."""

    most: float
    step: float

    @property
    def step_px(self) -> int:
        return int((WIDTH / 2 - 12) * self.step / self.most)

    def place(self, points: float) -> float:
        return WIDTH / 2 + 0.5 + self.step_px * points / self.step

    @property
    def ticks(self) -> Sequence[float]:
        count = math.floor(self.most / self.step)
        return [self.step * i for i in range(-count, count + 1)]

    @property
    def style(self) -> str:
        """Where the lines of the grid are, for the table."""
        return grid(int(self.place(self.ticks[0])), self.step_px, len(self.ticks), WIDTH // 2)


def grid(first: int, step: int, lines: int, zero: int | None = None) -> str:
    """CSS variables of a grid of vertical lines, in pixels from the figure's left edge."""
    found = f"--at:{first}px;--step:{step}px;--over:{step * (lines - 1) + 1}px"
    return found if zero is None else f"{found};--zero:{zero}px"


def axis(extremes: Iterable[float]) -> Axis:
    """Wide enough for all of `extremes`, with steps that people count in."""
    most = max((abs(value) for value in extremes), default=0.0) or 1.0
    step = next(s for s in (1, 2, 5, 10, 20, 25, 50) if most <= 3 * s or s == 50)
    return Axis(max(most * 1.04, step), step)


def head(axis: Axis, less: str, more: str) -> Markup:
    """Which side is whose, over the figures of the axis."""
    sides = [
        text(WIDTH / 2 - 14, 10, f"← {less}", anchor="end"),
        text(WIDTH / 2 + 14, 10, f"{more} →"),
    ]
    ticks = [text(axis.place(tick), 27, signed(tick, 0), anchor="middle") for tick in axis.ticks]
    return svg(WIDTH, 30, [*sides, *ticks])


def difference(
    axis: Axis, look: Mark, delta: float, low: float | None, high: float | None, *, paired: bool
) -> Markup:
    """One line of the plot. Hollow where both scores are printed ones, dashed where there is no interval."""
    y = HEIGHT / 2
    if low is None or high is None:
        return svg(WIDTH, HEIGHT, [mark(look, axis.place(delta), y, 3.8, filled=False, css="dashed")])
    bar = line(axis.place(low), y, axis.place(high), y, f"ci thick c{look.colour}")
    return svg(WIDTH, HEIGHT, [bar, mark(look, axis.place(delta), y, 4.2, filled=paired)])


def signed(points: float, digits: int = 1) -> str:
    """With a sign that is as wide as a plus; zero has none."""
    figure = f"{abs(points):.{digits}f}"
    return figure if not float(figure) else f"{'+' if points > 0 else '−'}{figure}"
