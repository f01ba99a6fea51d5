"""Where days and scores are on a chart, and which of them are named on its axes. Lengths are CSS pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta

from markupsafe import Markup

from evalkit.nightly.page.days import short
from evalkit.report.page.marks.svg import line, text

WIDTH, LEFT, RIGHT = 806, 34, 726  # of every chart over nights; right of it stand names
APART = 62  # between names of days
STEPS = (1, 2, 7, 14, 28, 56, 91, 182, 364, 728)
NICE = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)


@dataclass(frozen=True)
class Days:
    """From `first` to `last`, a night as wide as any other; one that is missing leaves its place empty."""

    first: date
    last: date
    left: float = LEFT
    right: float = RIGHT

    @property
    def step(self) -> float:
        """Pixels between two nights."""
        return (self.right - self.left) / max(1, (self.last - self.first).days)

    def place(self, day: date) -> float:
        return self.left + (day - self.first).days * self.step

    def bounds(self, low: date, high: date) -> tuple[float, float]:
        """The stretch that belongs to these nights: half a night on either side, inside of the chart."""
        half = min(self.step / 2, 8.0)
        return max(self.left, self.place(low) - half), min(self.right, self.place(high) + half)

    def holds(self, day: date) -> bool:
        return self.first <= day <= self.last

    @property
    def ticks(self) -> list[date]:
        """Counted back from the last night."""
        step = next((s for s in STEPS if s * self.step >= APART), STEPS[-1])
        days = (self.last - self.first).days
        return [self.last - timedelta(back) for back in range(0, days + 1, step)][::-1]

    def names(self, y: float) -> list[Markup]:
        years = self.first.year != self.last.year
        found = []
        for tick in self.ticks:
            named = short(tick) if not years or tick.month > 2 else f"{short(tick)} {tick.year % 100:02}"
            found.append(text(self.place(tick), y, named, anchor="middle"))
        return found


@dataclass(frozen=True)
class Levels:
    """From `low` at the bottom to `high` at the top, in whatever is measured."""

    low: float
    high: float
    top: float
    bottom: float
    most: int = 6  # ticks

    def place(self, value: float) -> float:
        """Values outside are at the edge."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.bottom - (self.bottom - self.top) * share

    @property
    def ticks(self) -> list[float]:
        size = self.high - self.low
        step = next((s for s in NICE if size / s <= self.most), size / self.most)
        first = math.ceil(self.low / step - 1e-9)
        return [round(step * i, 6) for i in range(first, math.floor(self.high / step + 1e-9) + 1)]

    def grid(self, left: float = LEFT, right: float = RIGHT) -> list[Markup]:
        found = []
        for tick in self.ticks:
            y = self.place(tick)
            found.append(line(left, y, right, y, "grid"))
            found.append(text(left - 8, y + 4, f"{tick:g}", anchor="end"))
        return found


def around(values: list[float], top: float, bottom: float, *, least: float, most: int = 6) -> Levels:
    """Levels that hold all `values` (points from 0 to 100) with some room, at least `least` points."""
    low, high = min(values), max(values)
    room = max(0.08 * (high - low), (least - (high - low)) / 2, 0.1)
    low, high = low - room, high + room
    if low < 0 <= min(values):
        low, high = 0.0 - 0.02 * (high - low), max(high, least)
    if high > 100 >= max(values):
        high, low = 100.0 + 0.02 * (high - low), min(low, 100 - least)
    return Levels(low, high, top, bottom, most)
