"""The main table, and the documents' further ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from evalkit.report.cells import columns_of, heading_in
from evalkit.report.labels import Labels
from evalkit.report.page.cells import Around, Cell
from evalkit.report.page.looks import Looks
from evalkit.report.page.marks.strip import Point, strip
from evalkit.report.page.marks.svg import mark, svg
from evalkit.report.palette import Mark
from evalkit.report.values import Model, Row, Table, Value


@dataclass(frozen=True)
class Column:
    """`first` of its group: a gap stands before it. `look` is the model's mark."""

    model: Model
    look: Mark
    subject: bool
    first: bool

    @property
    def mark(self) -> Markup:
        return svg(13, 13, [mark(self.look, 6.5, 6.5, 4, filled=False)])


@dataclass(frozen=True)
class Line:
    """`kind`: heading, measured, measured beside (a printed row), or ""; `parent` is the row that it stands
    under. `n` in words."""

    row: Row
    kind: str
    parent: str
    n: str
    cells: Sequence[Cell]
    strip: Markup


@dataclass(frozen=True)
class Group:
    heading: str
    lines: Sequence[Line]


@dataclass(frozen=True)
class Scores:
    table: Table
    spans: Sequence[tuple[str, Sequence[str]]]
    columns: Sequence[Column]
    groups: Sequence[Group]
    implied: bool
    published: bool
    measured: bool


@dataclass(frozen=True)
class Further:
    """A table that is drawn with a model a line. `heads` are its rows, `lines` a model and its cells,
    `signs` what the document prints where it has no plain number, and what that says."""

    table: Table
    heads: Sequence[Row]
    lines: Sequence[tuple[Column, Sequence[Cell]]]
    signs: Sequence[tuple[str, str]]


def scores(around: Around, looks: Looks) -> Scores:
    table = around.table
    values = table.cells.values()
    return Scores(
        table,
        spans(table, around.labels),
        columns(table, looks),
        tuple(groups(around, looks)),
        any(v.interval and v.interval.implied for v in values),
        any(v.origin == "published" for v in values),
        any(v.origin == "measured" for v in values),
    )


def further(around: Around, looks: Looks) -> Further:
    rows = [row for row in around.table.rows if not row.heading]
    lines = [(c, [around.cell(row, c.model.id) for row in rows]) for c in columns(around.table, looks)]
    return Further(around.table, rows, lines, signs(around))


def signs(around: Around) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for value in around.table.cells.values():
        if value.kind in ("missing", "not_disclosed") and any(c.isalpha() for c in value.printed):
            found.setdefault(value.printed, around.labels(f"value.{value.kind}.words"))
        elif value.kind == "range":
            found.setdefault("a\u2009–\u2009b", around.labels("value.range"))
        elif value.approximate:
            found.setdefault("~", around.labels("value.approximate"))
    return list(found.items())


def spans(table: Table, labels: Labels) -> list[tuple[str, Sequence[str]]]:
    """Headings over columns, each with the ids of its models."""
    found: list[tuple[str, Sequence[str]]] = []
    at = 0
    for heading, width in columns_of(table):
        found.append((heading_in(heading, labels), [model.id for model in table.models[at : at + width]]))
        at += width
    return found


def columns(table: Table, looks: Looks) -> list[Column]:
    starts, seen = set(), 0
    for _, width in columns_of(table):
        starts.add(seen)
        seen += width
    return [
        Column(model, looks.of[model.id], model.id == looks.subject, i > 0 and i in starts)
        for i, model in enumerate(table.models)
    ]


def groups(around: Around, looks: Looks) -> Iterator[Group]:
    """Neighbouring rows of one heading."""
    for heading, some in groupby(lines(around, looks), key=lambda line: line.row.group):
        yield Group(heading, tuple(some))


def lines(around: Around, looks: Looks) -> Iterator[Line]:
    above: list[Row] = []  # rows that the next one may stand under, outermost first
    for row in around.table.rows:
        above = above[: row.level]
        yield line(around, looks, row, above[-1] if above else None)
        above.append(row)


def line(around: Around, looks: Looks, row: Row, over: Row | None) -> Line:
    measured = row.origin == "measured"
    parent = over.id if over else ""
    if row.heading:
        n = around.labels("table.n", n=row.n) if row.n else ""
        return Line(row, "heading", parent, n, (), Markup(""))
    same_n = over is not None and over.n == row.n
    n = "" if same_n else around.labels("table.n", n=row.n) if row.n else around.labels("table.n.unknown")
    if measured:
        n = " · ".join(filter(None, (around.labels("row.measured"), n)))
    cells = [around.cell(row, model.id) for model in around.table.models]
    behind = over if measured and over and over.origin == "published" else None
    kind = "measured beside" if behind else "measured" if measured else ""
    drawn = strip(lanes(around.table, looks, row, behind))
    return Line(row, kind, parent, n, cells, drawn)


def lanes(table: Table, looks: Looks, row: Row, behind: Row | None) -> dict[str, list[Point]]:
    """A lane a model with a number; behind a measured score stands, faintly, the published one."""
    found = {}
    for model in table.models:
        value = table.cells.get((row.id, model.id))
        if value is None or value.value is None:
            continue
        published = table.cells.get((behind.id, model.id)) if behind else None
        lane = [point(looks, published, faint=True)] if published and published.value is not None else []
        found[model.id] = [*lane, point(looks, value)]
    return found


def point(looks: Looks, value: Value, *, faint: bool = False) -> Point:
    assert value.value is not None
    low, high = (value.interval.low, value.interval.high) if value.interval and not faint else (None, None)
    return Point(looks.of[value.model], value.value, low, high, value.origin == "measured", faint)
