"""Two plots with axes: pass@k over pass^k by k, and score by cost."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from evalkit.report.page.marks.svg import line, mark, path, svg, text
from evalkit.report.palette import Mark

WIDTH, HEIGHT = 600, 280
LEFT, RIGHT, TOP, BOTTOM = 34, 176, 12, 36


@dataclass(frozen=True)
class Fan:
    """pass@k and pass^k of one run, in fractions by k."""

    look: Mark
    name: str
    pass_at: Mapping[int, float]
    pass_hat: Mapping[int, float]


@dataclass(frozen=True)
class Priced:
    """A run's score in points and its cost of one task in dollars. `front`: nothing is better and cheaper."""

    look: Mark
    name: str
    cost: float
    score: float
    front: bool


def fan(fans: Sequence[Fan], label: str, x_title: str) -> Markup:
    """Rising lines are pass@k, falling dashed ones pass^k; what lies between is what luck is worth."""
    ks = sorted({k for one in fans for k in (*one.pass_at, *one.pass_hat)})
    spot = {k: LEFT + (WIDTH - LEFT - RIGHT) * i / max(1, len(ks) - 1) for i, k in enumerate(ks)}
    parts = [*levels(), *(text(x, HEIGHT - 18, str(k), anchor="middle") for k, x in spot.items())]
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 2, x_title, anchor="middle", whole=True))
    ends = []
    for one in fans:
        up = [(spot[k], height(100 * v)) for k, v in sorted(one.pass_at.items())]
        down = [(spot[k], height(100 * v)) for k, v in sorted(one.pass_hat.items())]
        colour = one.look.colour
        parts.append(path([*up, *reversed(down)], f"fan f{colour}", closed=True))
        for points, css, values in ((up, "", one.pass_at), (down, " dashed", one.pass_hat)):
            parts.append(path(points, f"ln c{colour}{css}"))
            parts.extend(mark(one.look, x, y, 2.8, filled=True) for x, y in points)
            ends.append((points[-1], one.look, f"{one.name} {100 * values[max(values)]:.1f}"))
    return svg(WIDTH, HEIGHT, [*parts, *names(ends)], label=label)


def pareto(points: Sequence[Priced], label: str, x_title: str) -> Markup:
    """Cost on a logarithmic axis, as prices of models span decades."""
    costs = [point.cost for point in points]
    low, high = math.floor(math.log10(min(costs))), math.ceil(math.log10(max(costs)) + 1e-9)
    high = max(high, low + 1)

    def x_of(cost: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (math.log10(cost) - low) / (high - low)

    parts = [*levels(), text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 2, x_title, anchor="middle", whole=True)]
    for decade in range(low, high + 1):
        x = x_of(10.0**decade)
        parts.append(line(x, TOP, x, HEIGHT - BOTTOM, "grid"))
        parts.append(text(x, HEIGHT - 18, dollars(decade), anchor="middle"))
    front = sorted((p for p in points if p.front), key=lambda p: p.cost)
    if len(front) > 1:
        parts.append(path([(x_of(p.cost), height(p.score)) for p in front], "ln front"))
    spots = [((x_of(p.cost), height(p.score)), p) for p in points]
    parts += [mark(p.look, x, y, 4.4, filled=True) for (x, y), p in spots]
    return svg(WIDTH, HEIGHT, [*parts, *names([(at, None, p.name) for at, p in spots])], label=label)


def height(points: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - points / 100)


def levels() -> list[Markup]:
    parts = []
    for tick in (0, 25, 50, 75, 100):
        parts.append(line(LEFT, height(tick), WIDTH - RIGHT, height(tick), "grid"))
        parts.append(text(LEFT - 8, height(tick) + 4, str(tick), anchor="end"))
    return parts


def names(ends: Sequence[tuple[tuple[float, float], Mark | None, str]]) -> list[Markup]:
    """Names right of their points, from the top, pushed apart so that none covers another; with a mark again
    where lines end close together."""
    parts, last = [], -math.inf
    for (x, y), look, name in sorted(ends, key=lambda end: (end[0][1], end[2])):
        last = max(y, last + 13)
        if look is not None:
            parts.append(mark(look, x + 16, last, 2.8, filled=True))
        parts.append(text(x + (10 if look is None else 24), last + 4, name, css="name"))
    return parts


def dollars(decade: int) -> str:
    return f"${10**decade:,}" if decade >= 0 else f"${10.0**decade:.{-decade}f}"
