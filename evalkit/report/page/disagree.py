"""One benchmark as all tables have it, where some model stands there with more than one number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from evalkit.report.content import Report
from evalkit.report.labels import Labels
from evalkit.report.page.looks import Looks
from evalkit.report.page.marks.forest import grid
from evalkit.report.page.marks.svg import line, mark, svg, text
from evalkit.report.palette import Mark
from evalkit.report.values import Model, Row, Table, Value

WIDTH, HEIGHT, EDGE = 200, 24, 12


@dataclass(frozen=True)
class Span:
    """The part of 0..100 that is drawn, between multiples of `step`."""

    low: int
    high: int

    @property
    def step(self) -> int:
        return 10 if self.high - self.low <= 50 else 20

    @property
    def step_px(self) -> int:
        return int((WIDTH - 2 * EDGE) * self.step / (self.high - self.low))

    def place(self, points: float) -> float:
        return EDGE + 0.5 + self.step_px * (points - self.low) / self.step

    @property
    def ticks(self) -> Sequence[int]:
        return range(self.low, self.high + 1, self.step)

    @property
    def style(self) -> str:
        return grid(EDGE, self.step_px, len(self.ticks))

    def head(self) -> Markup:
        return svg(WIDTH, 14, [text(self.place(t), 11, str(t), anchor="middle") for t in self.ticks])


@dataclass(frozen=True)
class Entry:
    """One number as printed, and where it stands: under a setting, or without one in some table."""

    setting: str
    printed: str
    plot: Markup


@dataclass(frozen=True)
class Disagreement:
    title: str
    head: Markup
    style: str
    models: Sequence[tuple[Model, Mark, Sequence[Entry]]]


def disagreements(report: Report, looks: Looks, labels: Labels) -> list[Disagreement]:
    """In the order of the conflicts. A conflict of other kind is told in words alone."""
    suites = dict.fromkeys(conflict.benchmark for conflict in report.conflicts if conflict.benchmark)
    found = [disagreement(report, suite, looks, labels) for suite in suites]
    return [one for one in found if any(len(entries) > 1 for _, _, entries in one.models)]


def disagreement(report: Report, suite: str, looks: Looks, labels: Labels) -> Disagreement:
    values = [
        (table, row, value)
        for table in report.tables
        for row in table.rows
        for model in table.models
        if (value := table.cells.get((row.id, model.id)))
        and value.setting.suite == suite
        and value.kind in ("number", "range")
    ]
    span = span_of([value for _, _, value in values])
    by_model: dict[str, list[Entry]] = {}
    for table, row, value in values:
        here = entry(table, row, value, span, looks, labels)
        by_model.setdefault(value.model, []).append(here)
    names = [looks.name(model) for model in looks.of]  # models of one name stand together
    order = sorted(by_model, key=lambda m: (names.index(looks.name(m)), list(looks.of).index(m)))
    title = labels("conflicts.all", benchmark=name_of(report, suite))
    return Disagreement(
        title, span.head(), span.style, [(looks.models[m], looks.of[m], by_model[m]) for m in order]
    )


def span_of(values: Sequence[Value]) -> Span:
    ends = [end for v in values for end in (v.value, v.low, v.high) if end is not None]
    if not ends:
        return Span(0, 100)
    return Span(max(0, math.floor((min(ends) - 2) / 10) * 10), min(100, math.ceil((max(ends) + 2) / 10) * 10))


def entry(table: Table, row: Row, value: Value, span: Span, looks: Looks, labels: Labels) -> Entry:
    look, y = looks.of[value.model], HEIGHT / 2
    parts = []
    if value.value is not None:
        filled = value.origin == "measured"
        css = "dashed" if value.approximate else ""
        parts.append(mark(look, span.place(value.value), y, 3.6, filled=filled, css=css))
    elif value.low is not None and value.high is not None:
        parts.append(line(span.place(value.low), y, span.place(value.high), y, f"ci range c{look.colour}"))
    return Entry(stated(table, row, labels), value.printed, svg(WIDTH, HEIGHT, parts))


def stated(table: Table, row: Row, labels: Labels) -> str:
    """The setting as the row has it; where the row has none, the table that says nothing of it."""
    setting = row.setting
    if row.level:
        return row.label
    scaffold = labels("table.with", scaffold=setting.scaffold) if setting.scaffold else ""
    turns = labels("count.turns", n=setting.turns) if setting.turns else ""
    return ", ".join(part for part in (scaffold, turns, setting.protocol) if part) or table.title


def name_of(report: Report, suite: str) -> str:
    """As the first table calls it."""
    rows = (row for table in report.tables for row in table.rows if not row.level)
    return next((row.label for row in rows if row.setting.suite == suite), suite)
