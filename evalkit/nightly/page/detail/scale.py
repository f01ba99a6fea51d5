"""Values from 0 upwards on a chart's side."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """0 to `most` from `bottom` up to `top`, in pixels; a tick each `step`."""

    most: float
    step: float
    bottom: float
    top: float

    def place(self, value: float) -> float:
        return self.bottom - (self.bottom - self.top) * value / self.most

    @property
    def ticks(self) -> list[float]:
        return [self.step * i for i in range(round(self.most / self.step) + 1)]


def scale(largest: float, bottom: float, top: float, ticks: int = 4) -> Scale:
    """With steps that people count in, up to the first that is not below `largest`."""
    if largest <= 0:
        return Scale(1.0, 1.0, bottom, top)
    raw = largest / ticks
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(s * power for s in (1, 2, 2.5, 5, 10) if s * power >= raw * (1 - 1e-9))
    return Scale(step * max(1, math.ceil(largest / step - 1e-9)), step, bottom, top)
