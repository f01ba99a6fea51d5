"""HTML: a fragment for a page of one's own. A table that a screen reader can read, and that needs no styles.

What is only seen (bold, a dash) is also said, in words that are hidden from the eye. Every text is escaped.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence

from evalkit.report.cells import NOT_REPORTED, NOT_RUN
from evalkit.report.formats.below import legend, sources
from evalkit.report.formats.lines import (
    INCOMPLETE,
    Cell,
    Line,
    Show,
    Width,
    anchor,
    headings,
    lines,
    names,
    title,
    used_notes,
    widths_of,
)
from evalkit.report.labels import Labels
from evalkit.report.values import Table

STYLE = (
    ".evalkit-said{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);"
    "white-space:nowrap}.evalkit-table{overflow-x:auto}"
    ".evalkit-table table{border-collapse:collapse;border-block:2px solid;margin-block:.5em}"
    ".evalkit-table caption{padding-block:.3em}.evalkit-table thead{border-bottom:1px solid}"
    ".evalkit-table :is(td,th){padding:.15em .7em;vertical-align:baseline}"
    ".evalkit-table th[scope=colgroup]{border-bottom:1px solid}"
    ".evalkit-table td{text-align:center;font-variant-numeric:tabular-nums}"
    ".evalkit-table td>sup{display:inline-block;width:0;white-space:nowrap}"
    ".evalkit-table th:first-child{text-align:left}.evalkit-table tbody th{font-weight:inherit}"
    ".evalkit-table tbody+tbody th[scope=rowgroup]{padding-top:.8em}"
    ".evalkit-table .evalkit-sub1{padding-left:2em}.evalkit-table .evalkit-sub2{padding-left:3.2em}"
    ".evalkit-table p{margin:.2em 0;font-size:.9em}"
)


def render(tables: Sequence[Table], labels: Labels, show: Show) -> str:
    parts = [f"<style>{STYLE}</style>"]
    for table in tables:
        parts += table_lines(table, labels, show)
    return "\n".join(parts) + "\n"


def table_lines(table: Table, labels: Labels, show: Show) -> Iterator[str]:
    rows = list(lines(table, labels, show))
    name = f"evalkit-{anchor(table.id)}"
    yield f'<div class="evalkit-table" id="{name}" lang="{labels.language.code}">'
    yield "<table>"
    yield f"<caption>{escape(title(table))}</caption>"
    yield from head(table, labels)
    yield "<tbody>"
    widths = widths_of(rows, len(table.models))
    for i, line in enumerate(rows):
        if line.kind == "group" and i:
            yield "</tbody><tbody>"
        yield from line_of(line, widths, labels, name)
    yield "</tbody>"
    yield "</table>"
    yield from below(table, rows, labels, show, name)
    yield "</div>"


def head(table: Table, labels: Labels) -> Iterator[str]:
    spans = headings(table, labels)
    yield "<thead>"
    if any(name for name, _ in spans):
        cells = (
            f'<th scope="colgroup" colspan="{span}">{escape(name)}</th>'
            if name
            else f'<td colspan="{span}"></td>'
            for name, span in spans
        )
        yield f"<tr><td></td>{''.join(cells)}</tr>"
    titles = (
        f'<th scope="col">{escape(name)}'
        + (f"<br><small>{escape(detail)}</small>" if detail else "")
        + "</th>"
        for name, detail in names(table)
    )
    yield f'<tr><th scope="col">{escape(labels("table.benchmark"))}</th>{"".join(titles)}</tr>'
    yield "</thead>"


def line_of(line: Line, widths: Sequence[Width], labels: Labels, name: str) -> Iterator[str]:
    label, columns = escape(line.label), len(widths)
    if line.kind == "group":
        if line.label:
            yield f'<tr><th scope="rowgroup" colspan="{columns + 1}"><b>{label}</b></th></tr>'
        return
    if line.aside:
        label += f" <small>{escape(line.aside)}</small>"
    if line.kind == "heading":
        yield f'<tr><th scope="row">{label}</th>{"<td></td>" * columns}</tr>'
        return
    if line.parents:
        label = said(f"{', '.join(line.parents)}: ") + label
    cells = "".join(
        f"<td>{cell_text(cell, width, labels, name)}</td>"
        for cell, width in zip(line.cells, widths, strict=True)
    )
    sub = f' class="evalkit-sub{line.level}"' if line.level else ""
    yield f'<tr><th scope="row"{sub}>{label}</th>{cells}</tr>'


def cell_text(cell: Cell, width: Width, labels: Labels, name: str) -> str:
    text = escape(cell.text)
    if cell.number:
        left, right = (len(lacking) for lacking in width.lacks(cell))
        if left or right:  # points under one another, by room and not by characters, which would be copied
            text = f'<span style="margin:0 {right}ch 0 {left}ch">{text}</span>'
    if cell.text in (NOT_REPORTED, NOT_RUN):
        key = "value.missing.words" if cell.text == NOT_REPORTED else "value.not_run.words"
        text = f'<span aria-hidden="true">{text}</span>{said(labels(key))}'
    if cell.rank:
        tag = "b" if cell.rank == "best" else "u"
        text = f"<{tag}>{text}</{tag}>{said(' ' + labels(f'table.{cell.rank}'))}"
    if cell.notes:
        links = ",".join(
            f'<a href="#{name}-{note}" aria-label="{escape(labels("table.note", id=note))}">{note}</a>'
            if note != INCOMPLETE
            else f"{note}{said(labels('formats.incomplete'))}"
            for note in cell.notes
        )
        text += f"<sup>{links}</sup>"
    return f"{text}<br><small>{escape(cell.interval)}</small>" if cell.interval else text


def below(table: Table, rows: Sequence[Line], labels: Labels, show: Show, name: str) -> Iterator[str]:
    sentences = legend(table, rows, labels, show)
    if sentences:
        yield f"<p>{' '.join(map(escape, sentences))}</p>"
    for letter, note in used_notes(table, show).items():
        yield f'<p id="{name}-{letter}"><sup>{letter}</sup> {escape(note)}</p>'
    documents = sources(table, show)
    if documents:
        yield f"<p>{escape(labels('formats.sources', names='; '.join(documents)))}</p>"


def said(text: str) -> str:
    return f'<span class="evalkit-said">{escape(text)}</span>'


def escape(text: str) -> str:
    return html.escape(text, quote=True)
