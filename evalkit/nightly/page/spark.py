"""A series in a line: its last nights over the band where an unchanged model's nights fall."""

from __future__ import annotations

from markupsafe import Markup

from evalkit.nightly.page.axes import Days, around
from evalkit.nightly.page.bands import area
from evalkit.nightly.page.seen import Seen, band, level
from evalkit.report.page.marks.svg import path, svg

HEIGHT, EDGE = 36, 4
LEAST = 1.0  # points from bottom to top at least: less is nothing


def spark(seen: Seen, width: int, css: str) -> Markup:
    """`css` colours it. Hollow nights are left out; the line stops where nights are missing for a week."""
    nights = [(p, 100 * s) for _, p in seen.nights if not p.hollow and (s := level(p)) is not None]
    if not nights:
        return svg(width, HEIGHT, [])
    days = Days(seen.first, seen.last, EDGE, width - EDGE - 2)
    bounds = [100 * edge for p, _ in nights for edge in band(p) or ()]
    levels = around([*(score for _, score in nights), *bounds], EDGE, HEIGHT - EDGE, least=LEAST)
    parts = [area([p for p, _ in nights], days, levels)]
    runs: list[list[tuple[float, float]]] = [[]]
    last = None
    for point, score in nights:
        if last is not None and (point.day - last).days > 7:
            runs.append([])
        runs[-1].append((days.place(point.day), levels.place(score)))
        last = point.day
    parts += [path(run, f"spark {css}") for run in runs if len(run) > 1]
    return svg(width, HEIGHT, [*parts, end(runs[-1][-1], css)])


def end(at: tuple[float, float], css: str) -> Markup:
    x, y = at
    return Markup('<circle class="spot {}" cx="{}" cy="{}" r="2.6"/>').format(css, f"{x:.1f}", f"{y:.1f}")
