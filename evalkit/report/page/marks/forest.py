"""Differences with their intervals beside a line at zero."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from evalkit.report.page.marks.svg import line, mark, svg, text
from evalkit.report.palette import Mark

WIDTH, HEIGHT = 380, 28


@dataclass(frozen=True)
class Axis:
    """From -`most` to `most` points with a tick at every `step`."""

    most: float
    step: float

    def place(self, points: float) -> float:
        return WIDTH / 2 + (WIDTH / 2 - 12) * points / self.most

    @property
    def ticks(self) -> Sequence[float]:
        count = math.floor(self.most / self.step)
        return [self.step * i for i in range(-count, count + 1)]


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
    grid = [line(axis.place(t), 0, axis.place(t), HEIGHT, "zero" if t == 0 else "grid") for t in axis.ticks]
    if low is None or high is None:
        return svg(WIDTH, HEIGHT, [*grid, mark(look, axis.place(delta), y, 3.8, filled=False, css="dashed")])
    bar = line(axis.place(low), y, axis.place(high), y, f"ci thick c{look.colour}")
    return svg(WIDTH, HEIGHT, [*grid, bar, mark(look, axis.place(delta), y, 4.2, filled=paired)])


def signed(points: float, digits: int = 1) -> str:
    """With a sign that is as wide as a plus; zero has none."""
    figure = f"{abs(points):.{digits}f}"
    return figure if not float(figure) else f"{'+' if points > 0 else '−'}{figure}"
