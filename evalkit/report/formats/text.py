"""Plain text for a terminal: decimals under one another, `*` best, `+` second, letters of notes behind."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from evalkit.report.formats.below import legend, sources
from evalkit.report.formats.lines import Cell, Line, Show, headings, lines, names, title, used_notes, width
from evalkit.report.labels import Labels
from evalkit.report.values import Table

SIGNS = {"best": "*", "second": "+"}
GAP = "  "
WRAP = 100


def render(tables: Sequence[Table], labels: Labels, show: Show) -> str:
    return "\n\n".join("\n".join(table_lines(table, labels, show)) for table in tables) + "\n"


def table_lines(table: Table, labels: Labels, show: Show) -> Iterator[str]:
    rows = list(lines(table, labels, show))
    columns = [column([line.cells[i] for line in rows if line.cells]) for i in range(len(table.models))]
    titles = names(table)
    wide = [max(map(width, (*titles[i], *column))) for i, column in enumerate(columns)]
    widen(wide, headings(table, labels))
    stub = [label_of(line) for line in rows]
    left = max(map(width, [labels("table.benchmark"), *stub]))
    rule = "─" * (left + sum(len(GAP) + w for w in wide))
    yield title(table)
    yield rule
    yield from head(table, labels, left, wide)
    yield rule
    at = 0
    for i, (line, label) in enumerate(zip(rows, stub, strict=True)):
        if line.kind == "group" and i:
            yield ""
        if line.cells:
            yield joined(label, left, [column[at] for column in columns], wide)
            at += 1
        elif label:
            yield label
        if any(cell.interval for cell in line.cells):
            yield joined("", left, [cell.interval for cell in line.cells], wide)
    yield rule
    yield from below(table, rows, labels, show)


def head(table: Table, labels: Labels, left: int, wide: Sequence[int]) -> Iterator[str]:
    spans = headings(table, labels)
    if any(name for name, _ in spans):
        parts, at = [], 0
        for name, span in spans:
            room = sum(wide[at : at + span]) + len(GAP) * (span - 1)
            parts.append(centred(name, room))
            at += span
        yield (" " * left + GAP + GAP.join(parts)).rstrip()
    titles = names(table)
    yield joined(labels("table.benchmark"), left, [name for name, _ in titles], wide)
    if any(detail for _, detail in titles):
        yield joined("", left, [detail for _, detail in titles], wide)


def label_of(line: Line) -> str:
    return "  " * line.level + line.label + (f" ({line.aside})" if line.aside else "")


def column(cells: Sequence[Cell]) -> list[str]:
    """The texts of one column's cells, numbers with their points under one another."""
    parts = [number.groups() if (number := cell.number) else None for cell in cells]
    before = max((len(p[0] + p[1]) for p in parts if p), default=0)
    behind = max((len(p[2] + p[3]) for p in parts if p), default=0)
    tails = [SIGNS.get(cell.rank or "", "") + ",".join(cell.notes) for cell in cells]
    tail = max((width(t) for t, p in zip(tails, parts, strict=True) if p), default=0)
    return [
        (p[0] + p[1]).rjust(before) + (p[2] + p[3]).ljust(behind) + padded(t, tail)
        if p
        else cell.text + (" " + t if t else "")
        for cell, p, t in zip(cells, parts, tails, strict=True)
    ]


def joined(label: str, left: int, cells: Sequence[str], wide: Sequence[int]) -> str:
    centre = [centred(cell, w) for cell, w in zip(cells, wide, strict=True)]
    return (padded(label, left) + GAP + GAP.join(centre)).rstrip()


def padded(text: str, room: int) -> str:
    return text + " " * (room - width(text))


def centred(text: str, room: int) -> str:
    left = (room - width(text)) // 2
    return padded(" " * left + text, room)


def widen(wide: list[int], spans: Sequence[tuple[str, int]]) -> None:
    """Room for headings that are wider than the columns that they stand over."""
    at = 0
    for name, span in spans:
        lacks = width(name) - (sum(wide[at : at + span]) + len(GAP) * (span - 1))
        wide[at + span - 1] += max(lacks, 0)
        at += span


def below(table: Table, rows: Sequence[Line], labels: Labels, show: Show) -> Iterator[str]:
    sentences = legend(table, rows, labels, show, signs=True)
    documents = sources(table, show)
    if documents:
        sentences.append(labels("formats.sources", names="; ".join(documents)))
    for sentence in sentences:
        yield from textwrap.wrap(sentence, WRAP, break_on_hyphens=False)
    for letter, note in used_notes(table, show).items():
        yield from textwrap.wrap(
            f"{letter}  {note}", WRAP, subsequent_indent=" " * (len(letter) + 2), break_on_hyphens=False
        )
