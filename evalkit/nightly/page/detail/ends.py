"""How samples ended, night by night: what cut them short as bars, and every class in figures."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from evalkit.nightly.history import MOST_ERRORS, Night
from evalkit.nightly.page.axes import Days
from evalkit.nightly.page.days import many, short
from evalkit.nightly.page.detail.grid import Grid
from evalkit.nightly.page.detail.scale import scale
from evalkit.report.content import ACCOUNTS
from evalkit.report.page.marks.bars import swatch
from evalkit.report.page.marks.svg import line, num, svg, text
from evalkit.report.runs import CLASSES

WIDTH, HEIGHT = 560, 190
LEFT, RIGHT, TOP, BOTTOM = 34, 18, 10, 24
CUT = (
    "error",
    "not_run",
    "no_answer",
    "truncated",
    "timeout",
    "refused",
)  # from below; the rest is its score
NAMES = {
    "passed": "passed",
    "failed": "failed",
    "no_answer": "no answer",
    "truncated": "cut off by a limit",
    "timeout": "out of time",
    "refused": "refused",
    "error": "infrastructure error",
    "not_run": "not run",
}


@dataclass(frozen=True)
class Line:
    """One class: samples of the last night, and their share then and on the comparable nights before."""

    swatch: Markup
    name: str
    count: int
    share: str
    usual: str


@dataclass(frozen=True)
class Ends:
    chart: Markup
    lines: Sequence[Line]


def classes(night: Night) -> dict[str, int]:
    """Samples by class, all of ACCOUNTS; they sum to what was planned, or to more where it says more."""
    found = Counter(dict.fromkeys(ACCOUNTS, 0))
    if night.ends:
        for end, number in night.ends.items():
            found[class_of(end)] += number
    else:
        passed = sum(k for k, _ in night.tasks.values())
        found.update(passed=passed, failed=night.scored - passed, error=night.errors)
    found["not_run"] += max(0, night.planned - found.total())
    return dict(found)


def class_of(end: str) -> str:
    """Of "failed/timeout" as a report has it. What this evalkit does not know stays with its outcome."""
    outcome, _, reason = end.partition("/")
    if outcome == "failed":
        return next((name for name, reasons in CLASSES.items() if reason in reasons), "failed")
    return outcome if outcome in ACCOUNTS else "error"


def ends(grid: Grid, first: date, now: date) -> Ends | None:
    """The chart begins with `first`. None where nothing is known of any night."""
    told = [classes(night) for night in grid.nights]
    if not any(any(night.values()) for night in told):
        return None
    usual = _usual([told[number] for number in grid.comparable[:-1]])
    last = told[-1]
    total = sum(last.values())
    lines = [
        Line(
            swatch(name),
            NAMES[name],
            last[name],
            percent(last[name] / total if total else None),
            percent(usual.get(name) if usual else None),
        )
        for name in ACCOUNTS
        if any(night[name] for night in told)
    ]
    drawn = [number for number, night in enumerate(grid.nights) if night.day >= first]
    nights = [grid.nights[number] for number in drawn]
    return Ends(chart(nights, [told[number] for number in drawn], first, now), lines)


def _usual(told: Sequence[Mapping[str, int]]) -> dict[str, float]:
    total = sum(sum(night.values()) for night in told)
    return {name: sum(night[name] for night in told) / total for name in ACCOUNTS} if total else {}


def percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f}"


def chart(nights: Sequence[Night], told: Sequence[Mapping[str, int]], first: date, now: date) -> Markup:
    days = Days(first, now, LEFT + 6, WIDTH - RIGHT - 6)
    shares = []
    for night in told:
        total = sum(night.values())
        shares.append({name: 100 * night[name] / total if total else 0.0 for name in CUT})
    largest = max((sum(night.values()) for night in shares), default=0.0)
    axis = scale(max(largest, 100 * MOST_ERRORS * 1.5), HEIGHT - BOTTOM, TOP)
    parts = [part for tick in axis.ticks for part in _level(axis.place(tick), figure(tick))]
    parts += days.names(HEIGHT - 6)
    wide = max(1.0, min(12.0, days.step * 0.78))
    bars: dict[str, list[str]] = {}
    for day, share in zip((night.day for night in nights), shares, strict=True):
        low = axis.place(0)
        for name in CUT:
            high = axis.place(0) - axis.place(share[name])
            if high > 0:
                bars.setdefault(name, []).append(_bar(days.place(day) - wide / 2, low, wide, high))
                low -= high
    parts += [
        Markup('<path class="out-{}" d="{}"/>').format(name, "".join(bars[name]))
        for name in CUT
        if name in bars
    ]
    limit = axis.place(100 * MOST_ERRORS)
    parts.append(line(LEFT, limit, WIDTH - RIGHT, limit, "lim"))
    return svg(WIDTH, HEIGHT, parts, label=_label(nights, shares))


def _label(nights: Sequence[Night], shares: Sequence[Mapping[str, float]]) -> str:
    if not nights:
        return "No night in these days."
    at = max(range(len(nights)), key=lambda number: (sum(shares[number].values()), number))
    most = sum(shares[at].values())
    return (
        f"Share of samples cut short, {many(len(nights), 'night')}. "
        f"Last night {sum(shares[-1].values()):.1f}%; most {most:.1f}%, on {short(nights[at].day)}."
    )


def _bar(x: float, low: float, width: float, height: float) -> str:
    return f"M{num(x)} {_fine(low)}h{num(width)}v{_fine(-height)}h{num(-width)}z"


def _fine(length: float) -> str:
    """With two decimals: bars stand upon each other."""
    return f"{length:.2f}".rstrip("0").rstrip(".")


def _level(y: float, words: str) -> list[Markup]:
    return [line(LEFT, y, WIDTH - RIGHT, y, "grid"), text(LEFT - 8, y + 4, words, anchor="end")]


def figure(tick: float) -> str:
    digits = max(0, -math.floor(math.log10(tick) + 1e-9)) if 0 < tick < 1 else 0
    return f"{tick:.{digits}f}" if tick == round(tick, digits) else f"{tick:g}"
