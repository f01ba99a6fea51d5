"""Where 95% of an unchanged model's nights fall, as an area; and the level that they are around as a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from markupsafe import Markup

from evalkit.nightly.page.axes import Days, Levels
from evalkit.nightly.page.seen import band
from evalkit.nightly.watch import Point
from evalkit.report.page.marks.svg import path

Place = tuple[float, float]


def area(points: Sequence[Point], days: Days, levels: Levels) -> Markup:
    """An area for each baseline: it begins anew where a baseline does."""
    areas = []
    for run in _runs(points):
        ends = [days.bounds(p.day, p.day) for p in run]
        xs = [ends[0][0], *(days.place(p.day) for p in run[1:-1]), ends[-1][1]]
        both = [edges for p in (run if len(run) > 1 else run * 2) if (edges := band(p))]
        above = [(x, levels.place(100 * high)) for x, (_, high) in zip(xs, both, strict=True)]
        below = [(x, levels.place(100 * low)) for x, (low, _) in zip(xs, both, strict=True)]
        areas.append(path([*thin(above), *reversed(thin(below))], "band", closed=True))
    return Markup("").join(areas)


def middle(points: Sequence[Point], days: Days, levels: Levels, css: str) -> Markup:
    lines = []
    for run in _runs(points):
        ends = [days.bounds(p.day, p.day) for p in run]
        xs = [ends[0][0], *(days.place(p.day) for p in run[1:-1]), ends[-1][1]]
        heights = [levels.place(100 * (p.expected or 0.0)) for p in (run if len(run) > 1 else run * 2)]
        lines.append(path(thin(list(zip(xs, heights, strict=True))), css))
    return Markup("").join(lines)


def _runs(points: Sequence[Point]) -> Iterator[list[Point]]:
    """Stretches of nights with a baseline, of one epoch each."""
    run: list[Point] = []
    for point in points:
        if point.hollow:
            continue
        if run and (point.expected is None or point.epoch != run[-1].epoch):
            yield run
            run = []
        if point.expected is not None:
            run.append(point)
    if run:
        yield run


def thin(places: Sequence[Place], off: float = 0.15) -> list[Place]:
    """Without places that are on the line between their neighbours, to less than a pixel's part."""
    kept = list(places[:1])
    for before, at in pairwise(places[1:]):
        (x0, y0), (x1, y1) = kept[-1], at
        there = y0 + (y1 - y0) * (before[0] - x0) / (x1 - x0) if x1 > x0 else y0
        if abs(there - before[1]) > off:
            kept.append(before)
    return [*kept, places[-1]] if len(places) > 1 else kept
