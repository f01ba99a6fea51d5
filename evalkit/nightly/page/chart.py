"""The control chart: every night's score, the band of an unchanged model, and what happened when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from markupsafe import Markup

from evalkit.nightly.history import MOST_ERRORS, Night
from evalkit.nightly.page.axes import LEFT, RIGHT, WIDTH, Days, Levels, around
from evalkit.nightly.page.bands import area, middle
from evalkit.nightly.page.days import points, short
from evalkit.nightly.page.marginal import headings
from evalkit.nightly.page.seen import Seen, band, compared_apart, level
from evalkit.nightly.standing import Event
from evalkit.nightly.watch import Point
from evalkit.report.page.marks.svg import line, num, rect, svg
from evalkit.text import one_line, shown

HEIGHT, TOP, BOTTOM = 290, 34, 262
NAMED, ROOM = 2, 300  # nights whose reason is written beside them, and pixels that it takes
LEAST = 4.0  # points from bottom to top at least
DOT = Markup('<circle class="{}" cx="{}" cy="{}" r="{}"><title>{}</title></circle>')


def chart(seen: Seen, label: str, *, dense: bool = False) -> Markup:
    """`dense`: of so many nights that none is pointed at."""
    days = Days(seen.first, seen.last)
    levels = scale(seen)
    opened = still_open(seen)
    end = min((event.first for event in opened), default=date.max)  # the band is of the level before it
    counted = [p for _, p in seen.nights if not p.hollow and p.day < end]
    parts = [
        *levels.grid(),
        *(interval(one, days) for one in seen.events),
        *headings(seen, days, dense=dense),
        area(counted, days, levels),
        middle(counted, days, levels, "level"),
        *(after(one, days, levels, seen) for one in seen.events if one.state != "expected"),
        *(spots if dense else dots)(seen, days, levels),
        *silent(seen, days, levels),
        *missing(seen, days),
        *made_up(seen, days),
        *days.names(HEIGHT - 8),
        *ends(seen, opened[-1] if opened else None, levels),
    ]
    return svg(WIDTH, HEIGHT, parts, label=label, css="chart")


def still_open(seen: Seen) -> list[Event]:
    """Alarms that are not over, oldest first: of a drop within a drop there are two."""
    return [event for event in seen.events if event.over is None and event.state != "expected"]


def scale(seen: Seen) -> Levels:
    found = [100 * s for _, p in seen.nights if (s := level(p)) is not None and not p.hollow]
    found += [100 * edge for _, p in seen.nights for edge in band(p) or ()]
    found += [100 * s for e in seen.events if e.state != "expected" for s in (e.before, e.after)]
    found = found or [100 * p.score for _, p in seen.nights if p.score is not None] or [0.0, 100.0]
    return around(found, TOP + 16, BOTTOM - 8 - 13 * len(hollow_ones(seen)), least=LEAST)


def interval(event: Event, days: Days) -> Markup:
    """Where the first night of the new level is, with 99%."""
    if event.high < days.first:
        return Markup("")
    x, end = days.bounds(max(event.low, days.first), event.high)
    css = "since" if event.direction == "drop" else "since good"
    return rect(x, TOP, end - x, BOTTOM - TOP, css if event.over is None else f"{css} past")


def after(event: Event, days: Days, levels: Levels, seen: Seen) -> Markup:
    """The level since then, and a step down or up to it; the old level goes on as dots while it is open."""
    css = "bad" if event.direction == "drop" else "good"
    next_step = min((e.first for e in still_open(seen) if e.first > event.first), default=None)
    end = event.back or event.over or next_step
    x, over = days.place(max(event.first, days.first)), days.place(end) if end else RIGHT
    y, before = levels.place(100 * event.after), levels.place(100 * event.before)
    parts = [line(x, y, over, y, f"after {css}")]
    if event.first >= days.first:
        parts.append(line(x, before, x, y, f"step {css}"))
    if event.over is None:
        parts.append(line(x, before, RIGHT + 5, before, "before"))
    return Markup("").join(parts)


def dots(seen: Seen, days: Days, levels: Levels) -> Iterator[Markup]:
    """One mark a night, which says itself in words to a pointer that rests on it."""
    for night, point in seen.nights:
        score = level(point)
        x, y = days.place(point.day), BOTTOM - 24 if score is None else levels.place(100 * score)
        r = "3" if point.hollow else "2.7"
        yield DOT.format(f"dot {look(point, seen)}", num(x), num(y), r, told(night, point))


def spots(seen: Seen, days: Days, levels: Levels) -> Iterator[Markup]:
    """The same of many nights, as one line of round ends for each look: without words, and small."""
    found: dict[str, list[str]] = {}
    for _, point in seen.nights:
        if (score := level(point)) is not None:
            at = f"M{num(days.place(point.day))} {num(levels.place(100 * score))}h0"
            found.setdefault(look(point, seen), []).append(at)
    for css in sorted(found):
        yield Markup('<path class="spots {}" d="{}"/>').format(css, "".join(found[css]))


def look(point: Point, seen: Seen) -> str:
    if point.hollow:
        return "hollow"
    if of := next((e for e in seen.events if within(point.day, e)), None):
        return "bad" if of.direction == "drop" else "good"
    return "learning" if point.expected is None else "well"


def within(day: date, event: Event) -> bool:
    end = event.back or event.over
    return event.state != "expected" and event.first <= day and (end is None or day < end)


def told(night: Night, point: Point) -> str:
    """One night in words, for a pointer that rests on it."""
    words = f"{short(point.day)}: {points(night.score)}%"
    if point.hollow:
        words += f", not compared: {point.hollow}"
    elif (edges := band(point)) is None:
        words += ", the baseline is being made"
    else:
        low, high = edges
        words += f"; expected {points(point.expected)}, 95% of nights {points(low)} to {points(high)}"
        if compared_apart(night, point):
            words += f"; {points(point.own)} on the tasks that are compared"
    return shown(words + (" (simulated)" if night.simulated else ""))


def silent(seen: Seen, days: Days, levels: Levels) -> list[Markup]:
    """Why the last nights that are not compared are not; and that a baseline is being made."""
    parts = []
    for row, (night, point) in enumerate(hollow_ones(seen)):
        x, y, score = days.place(point.day), BOTTOM - 6 - 13 * row, level(point)
        if score is not None:
            parts.append(line(x, levels.place(100 * score) + 4, x, y - 8, "leader"))
        near = x < LEFT + ROOM
        words = why_hollow(night, point)
        parts.append(_aside(x + (-3 if near else 3), y, words, "" if near else "end"))
    learning = [p for _, p in seen.nights if not p.hollow and p.expected is None]
    if learning and learning[0].day == seen.nights[0][1].day:
        x, _ = days.bounds(learning[0].day, learning[0].day)
        parts.append(_aside(x + 2, TOP + 12, "a baseline is being made", ""))
    return parts


def why_hollow(night: Night, point: Point) -> str:
    """In a few words, where it is for its errors, as most are."""
    if night.scored and night.errors > MOST_ERRORS * night.planned:
        return f"{night.errors / night.planned:.1%} infrastructure errors, not compared"
    return one_line(f"not compared: {point.hollow}", 60)


def hollow_ones(seen: Seen) -> list[tuple[Night, Point]]:
    """Those whose reason is written out, newest first."""
    return [one for one in seen.nights if one[1].hollow][: -NAMED - 1 : -1]


def _aside(x: float, y: float, words: str, anchor: str) -> Markup:
    at = Markup(' text-anchor="{}"').format(anchor) if anchor else ""
    return Markup('<text class="aside" x="{}" y="{}"{}>{}</text>').format(num(x), num(y), at, shown(words))


def missing(seen: Seen, days: Days) -> list[Markup]:
    """A small bar at the bottom for each day without a night."""
    return [
        Markup('<rect class="gap" x="{}" y="{}" width="3" height="3"><title>{}</title></rect>').format(
            num(days.place(day) - 1.5), num(BOTTOM - 1.5), f"{short(day)}: no night"
        )
        for day in seen.gaps
    ]


def made_up(seen: Seen, days: Days) -> list[Markup]:
    """A dashed line under the nights that were simulated."""
    parts: list[Markup] = []
    run: list[date] = []
    for night, _ in [*seen.nights, (None, None)]:
        if night is not None and night.simulated:
            run.append(night.day)
            continue
        if run:
            x, end = days.bounds(run[0], run[-1])
            parts.append(line(x, BOTTOM + 5, end, BOTTOM + 5, "simulated"))
            run = []
    return parts


def ends(seen: Seen, event: Event | None, levels: Levels) -> list[Markup]:
    """The levels' numbers, right of where they end."""
    if event is not None:
        css = "bad" if event.direction == "drop" else "good"
        y, before = levels.place(100 * event.after), levels.place(100 * event.before)
        if abs(y - before) < 14:
            y = before + (14 if event.direction == "drop" else -14)
        return [
            *named(before, points(event.before), "before", "ink"),
            *named(y, points(event.after), "now", css),
        ]
    last = next((p for _, p in reversed(seen.nights) if not p.hollow), None)
    if last is None or last.expected is None:
        return []
    return named(levels.place(100 * last.expected), points(last.expected), "baseline", "ink")


def named(y: float, figure: str, word: str, css: str) -> list[Markup]:
    return [
        Markup('<text class="said {}" x="{}" y="{}">{} <tspan class="word">{}</tspan></text>').format(
            css, num(RIGHT + 10), num(y + 4), figure, word
        )
    ]
