"""What a night took, night by night: money, tokens, time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median

from markupsafe import Markup

from evalkit.nightly.page.axes import Days
from evalkit.nightly.page.days import many
from evalkit.nightly.page.detail.grid import Grid
from evalkit.nightly.page.detail.scale import scale
from evalkit.report.page.marks.svg import line, num, path, svg, text

WIDTH, HEIGHT = 272, 112
LEFT, RIGHT, TOP, BOTTOM = 44, 18, 8, 20


@dataclass(frozen=True)
class Used:
    """One small chart with its words. `more`: last night against the median, "" where it cannot be said."""

    name: str
    last: str
    usual: str
    more: str
    chart: Markup


def money(dollars: float) -> str:
    if not dollars:
        return "$0"
    return f"${dollars:,.0f}" if dollars >= 1000 else f"${dollars:.2f}" if dollars >= 1 else f"${dollars:.4f}"


def tokens(number: float) -> str:
    for unit, size in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size * 0.9995:
            return f"{number / size:.3g} {unit}"
    return f"{number:.0f}"


def seconds(number: float) -> str:
    if number >= 5400:
        return f"{number / 3600:.1f} h"
    if number >= 120:
        return f"{number / 60:.0f} min"
    return f"{number:.0f} s" if number >= 20 else f"{number:.2g} s"


def clock(largest: float) -> float:
    """Seconds of the unit in which an axis up to `largest` counts."""
    return 3600.0 if largest >= 5400 else 60.0 if largest >= 120 else 1.0


KINDS: dict[str, tuple[str, Callable[[float], str]]] = {
    "cost": ("Cost of a night", money),
    "input_tokens": ("Tokens read", tokens),
    "output_tokens": ("Tokens written", tokens),
    "seconds": ("Time of the run", seconds),
    "latency": ("Time of a model call, median", seconds),
}


def used(grid: Grid, first: date, now: date) -> tuple[list[Used], list[str]]:
    """A chart, from `first` on, of each that is known of some night, and the names of the others."""
    drawn = [number for number, night in enumerate(grid.nights) if night.day >= first]
    found, unknown = [], []
    for key, (name, say) in KINDS.items():
        known = [night.used.get(key) for night in grid.nights]
        if all(value is None for value in known):
            unknown.append(name)
            continue
        before = [value for number in grid.comparable[:-1] if (value := known[number]) is not None]
        usual = median(before) if before else None
        last = known[-1]
        nights = [(grid.nights[at].day, known[at], bool(grid.hollow[at])) for at in drawn]
        days = Days(first, now, LEFT + 4, WIDTH - RIGHT)
        found.append(
            Used(
                name,
                "unknown" if last is None else say(last),
                "" if usual is None else say(usual),
                _more(last, usual),
                chart(nights, usual, days, say, name),
            )
        )
    return found, unknown


def _more(last: float | None, usual: float | None) -> str:
    if last is None or not usual:
        return ""
    percent = round(100 * (last / usual - 1))
    return f"{'+' if percent > 0 else '−' if percent < 0 else ''}{abs(percent)}%"


Place = tuple[float, float]
Taken = tuple[date, float | None, bool]  # a night: how much, and whether it is compared with nothing


def chart(
    nights: Sequence[Taken], usual: float | None, days: Days, say: Callable[[float], str], name: str
) -> Markup:
    """A line through the nights that count, broken where nothing is known; the others are hollow marks."""
    worth = [value for _, value, _ in nights if value is not None]
    largest = max([*worth, usual or 0.0])
    unit = clock(largest) if say is seconds else 1.0
    axis = scale(largest / unit, HEIGHT - BOTTOM, TOP, ticks=2)
    parts = []
    for tick in axis.ticks if largest else [0.0]:
        y = axis.place(tick)
        parts.append(line(LEFT, y, WIDTH - RIGHT, y, "grid"))
        parts.append(text(LEFT - 6, y + 4, say(tick * unit) if tick else "0", anchor="end"))
    parts += days.names(HEIGHT - 5)
    if usual is not None:
        y = axis.place(usual / unit)
        parts.append(line(LEFT, y, WIDTH - RIGHT, y, "usual"))
    places = [
        None if value is None else (days.place(day), axis.place(value / unit)) for day, value, _ in nights
    ]
    hollow = [apart for _, _, apart in nights]
    parts += [path(run, "sl") for run in _runs(places, hollow) if len(run) > 1]
    parts += [_dot(place, "hol") for place, apart in zip(places, hollow, strict=True) if place and apart]
    if places and places[-1] and not hollow[-1]:
        parts.append(_dot(places[-1], "sd"))
    span = f"{say(min(worth))} to {say(max(worth))}" if worth else "unknown"
    return svg(WIDTH, HEIGHT, parts, label=f"{name}, {many(len(nights), 'night')}: {span}.")


def _runs(places: Sequence[Place | None], hollow: Sequence[bool]) -> Iterator[list[Place]]:
    run: list[Place] = []
    for place, apart in zip(places, hollow, strict=True):
        if place is None:
            yield run
            run = []
        elif not apart:
            run.append(place)
    yield run


def _dot(place: Place, css: str) -> Markup:
    return Markup('<circle class="{}" cx="{}" cy="{}" r="2.6"/>').format(css, num(place[0]), num(place[1]))
