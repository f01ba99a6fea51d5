"""The grid of suites and models: of each series its last score, the change, a line and how it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from evalkit.nightly.page.seen import seen
from evalkit.nightly.page.spark import spark
from evalkit.nightly.page.view import SeriesView, suite
from evalkit.nightly.standing import Outlook

SPARKS = (186, 186, 186, 186, 116, 80)  # pixels, by the number of models
LEAST = 56


@dataclass(frozen=True)
class Entry:
    view: SeriesView
    spark: Markup


@dataclass(frozen=True)
class Line:
    """One suite. `cells` in the order of the models, None where the plan does not pair them."""

    suite: str
    size: str
    cells: Sequence[Entry | None]


@dataclass(frozen=True)
class Grid:
    models: Sequence[str]
    lines: Sequence[Line]


def grid(outlook: Outlook, views: Sequence[SeriesView]) -> Grid:
    models = list(dict.fromkeys(view.standing.series.model for view in views))
    suites: dict[str, dict[str, SeriesView]] = {}
    for view in views:
        suites.setdefault(view.standing.series.suite, {})[view.standing.series.model] = view
    width = SPARKS[len(models)] if len(models) < len(SPARKS) else LEAST
    return Grid(models, [line(outlook, models, cells, width) for cells in suites.values()])


def line(outlook: Outlook, models: Sequence[str], of: Mapping[str, SeriesView], width: int) -> Line:
    first = next(iter(of.values()))
    cells = [entry(outlook, of[model], width) if model in of else None for model in models]
    return Line(suite(outlook, first.standing), size(of), cells)


def size(of: Mapping[str, SeriesView]) -> str:
    """500 tasks, 80 tasks × 3; two numbers where models differ in it."""
    tasks = [len(v.standing.series.nights[-1].tasks) for v in of.values() if v.standing.series.nights]
    if not tasks:
        return ""
    samples = max(view.standing.series.samples for view in of.values())
    each = f" × {samples}" if samples > 1 else ""
    low, high = min(tasks), max(tasks)
    return f"{low:,} tasks{each}" if low == high else f"{low:,} to {high:,} tasks{each}"


def entry(outlook: Outlook, view: SeriesView, width: int) -> Entry:
    return Entry(view, spark(seen(view.standing, outlook.day), width, view.css))
