"""How long a reply takes: fixed, uniform or log-normal seconds, drawn from (seed, request, attempt)."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from evalkit.errors import UsageError

SHAPES = {"fixed": 1, "uniform": 2, "lognormal": 2}


@dataclass(frozen=True)
class Latency:
    """`fixed:S`, `uniform:LOW,HIGH` or `lognormal:MEDIAN,SIGMA`."""

    shape: str = "fixed"
    values: tuple[float, ...] = (0.0,)

    def draw(self, seed: int, key: str, attempt: int) -> float:
        if self.shape == "fixed":
            return self.values[0]
        rng = random.Random(f"{seed}/{key}/{attempt}/latency")
        if self.shape == "uniform":
            return rng.uniform(*self.values)
        median, sigma = self.values
        return rng.lognormvariate(math.log(median), sigma)


def parse_latency(text: str) -> Latency:
    shape, colon, rest = text.partition(":")
    if not colon:
        shape, rest = "fixed", text
    try:
        values = tuple(float(v) for v in rest.split(","))
    except ValueError:
        values = ()
    good = SHAPES.get(shape) == len(values) and all(v >= 0 for v in values)
    if not good or (shape == "lognormal" and values[0] == 0):
        raise UsageError(
            f"cannot read the latency {text!r}", "SECONDS, uniform:LOW,HIGH or lognormal:MEDIAN,SIGMA"
        )
    return Latency(shape, values)
