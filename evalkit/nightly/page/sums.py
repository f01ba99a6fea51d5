"""The evidence so far: CUSUM of a drop as an area, of a rise as a line, and the limit at which they alarm."""

from __future__ import annotations

from markupsafe import Markup

from evalkit.nightly.page.axes import LEFT, RIGHT, WIDTH, Days, Levels
from evalkit.nightly.page.bands import thin
from evalkit.nightly.page.days import short
from evalkit.nightly.page.seen import Seen
from evalkit.nightly.watch import Direction, Point
from evalkit.report.page.marks.svg import line, num, path, svg, text
from evalkit.stats.cusum import LIMIT

HEIGHT, TOP, BOTTOM = 92, 6, 82


def sums(seen: Seen, main: Direction, label: str) -> Markup:
    """`main`: whose sum is the area."""
    counted = [p for _, p in seen.nights if not p.hollow]
    highest = max((max(p.down, p.up) for p in counted), default=0.0)
    top = max(8.0, highest * 1.08)
    days, levels = Days(seen.first, seen.last), Levels(0.0, top, TOP, BOTTOM, most=4)
    area, beside = _line(counted, days, levels, main == "drop"), _line(counted, days, levels, main != "drop")
    y = levels.place(LIMIT)
    parts = [*levels.grid()]
    if len(area) > 1:
        floor = [(area[-1][0], levels.place(0)), (area[0][0], levels.place(0))]
        parts += [path([*area, *floor], f"sums-area {main}", closed=True)]
        parts += [path(thin(beside), "sums-beside"), path(thin(area), f"sums-main {main}")]
    parts += [line(LEFT, y, RIGHT, y, "limit"), text(LEFT + 4, y - 4, f"alarm limit {LIMIT:g}", whole=True)]
    return svg(WIDTH, HEIGHT, [*parts, *_alarms(seen, days, levels)], label=label)


def _line(points: list[Point], days: Days, levels: Levels, drop: bool) -> list[tuple[float, float]]:
    found = []
    for p in points:
        found.append((days.place(p.day), levels.place(p.down if drop else p.up)))
    return found


def _alarms(seen: Seen, days: Days, levels: Levels) -> list[Markup]:
    """The night at which it alarmed, where that is in sight."""
    parts = []
    at = {p.day: p for _, p in seen.nights}
    for event in seen.events:
        point = at.get(event.raised)
        if point is None or (event.over is not None and event.over <= event.raised):  # it never came to that
            continue
        x = days.place(event.raised)
        y = levels.place(point.down if event.direction == "drop" else point.up)
        css = "bad" if event.direction == "drop" else "good"
        parts.append(Markup('<circle class="alarm {}" cx="{}" cy="{}" r="3.4"/>').format(css, num(x), num(y)))
        near = x < LEFT + 170
        words = f"alarm {short(event.raised)}"
        parts.append(
            text(x + (8 if near else -8), y - 4, words, css=f"said {css}", anchor="" if near else "end")
        )
    return parts
