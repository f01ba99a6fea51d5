"""Markdown for GitHub: a table of pipes, best in bold, second underlined, notes below.

Texts print as they are: they make no heading, link, mention, formula or HTML. A job's summary has a limit in
bytes, above which GitHub shows none of it, so that the text ends within `Show.limit`, on the border of a row,
with a line that says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from evalkit.report.formats.below import legend, sources
from evalkit.report.formats.lines import Cell, Line, Show, headings, lines, names, safe, used_notes
from evalkit.report.labels import Labels
from evalkit.report.values import Table

INDENT = "&emsp;"
BREAK = "<!-- -->"  # ends a word without a trace
MARKUP = re.compile(r"([\\`*_\[\]|~])")
BLOCK = re.compile(r"[-+=#\d]")  # at its beginning a line with one of these might be a list or a heading
# what GitHub makes links and mentions of, also where it is escaped: @name, a@b.c, #1, GH-1, www., http://
LINKS = re.compile(
    r"((?<!\w)@(?=\w)|@(?=[\w-]+\.)|#(?=\d)|\bGH(?=-\d)|\bwww(?=\.)|[a-z]:(?=//)|\b(?:mailto|xmpp):)",
    re.IGNORECASE | re.ASCII,
)


def render(tables: Sequence[Table], labels: Labels, show: Show) -> str:
    text = "\n\n".join("\n".join(table_lines(table, labels, show)) for table in tables)
    return within(text + "\n", labels, show.limit)


def table_lines(table: Table, labels: Labels, show: Show) -> Iterator[str]:
    rows = list(lines(table, labels, show))
    yield f"### {escape(safe(table.title))}"
    yield ""
    if table.caption:
        caption = escape(safe(table.caption))
        yield from (BREAK + caption if BLOCK.match(caption) else caption, "")
    yield piped([escape(labels("table.benchmark")), *head(table, labels)])
    yield piped([":---", *(":---:" for _ in table.models)])
    for line in rows:
        yield from line_of(line, len(table.models))
    yield from below(table, rows, labels, show)


def head(table: Table, labels: Labels) -> Iterator[str]:
    """Of each column its heading, its name and its second line: there is one header row only."""
    over = [name for name, span in headings(table, labels) for _ in range(span)]
    for heading, (name, detail) in zip(over, names(table), strict=True):
        small = f"<sub>{escape(detail)}</sub>" if detail else ""
        group = f"<sup>{escape(heading)}</sup>" if heading else ""
        yield "<br>".join(filter(None, (group, escape(name), small)))


def line_of(line: Line, columns: int) -> Iterator[str]:
    label = INDENT * line.level + escape(line.label)
    if line.kind == "group":
        if line.label:
            yield piped([f"**{label}**", *[""] * columns])
        return
    if line.aside:
        label += f" <sub>{escape(line.aside)}</sub>"
    yield piped([label, *map(cell_text, line.cells)] if line.cells else [label, *[""] * columns])


def cell_text(cell: Cell) -> str:
    text = escape(cell.text)
    if cell.rank:
        text = f"**{text}**" if cell.rank == "best" else f"<ins>{text}</ins>"
    if cell.notes:
        text += f"<sup>{','.join(cell.notes)}</sup>"
    return f"{text}<br><sub>{escape(cell.interval)}</sub>" if cell.interval else text


def piped(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def below(table: Table, rows: Sequence[Line], labels: Labels, show: Show) -> Iterator[str]:
    said = " ".join(map(escape, legend(table, rows, labels, show)))
    notes = [f"<sup>{letter}</sup> {escape(note)}" for letter, note in used_notes(table, show).items()]
    documents = sources(table, show)
    named = [escape(labels("formats.sources", names="; ".join(documents)))] if documents else []
    paragraphs = [*([said] if said else []), *notes, *named]
    if paragraphs:
        yield ""
        yield from (f"{paragraph}<br>" for paragraph in paragraphs[:-1])
        yield paragraphs[-1]


def escape(text: str) -> str:
    """Any text as Markdown that prints it, on one line, also inside a table's cell."""
    text = LINKS.sub("\\1\0", text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = MARKUP.sub(r"\\\1", text)
    return text.replace("$", "<span>$</span>").replace("\0", BREAK)


def within(text: str, labels: Labels, limit: int) -> str:
    """`text` where it has at most `limit` bytes, else as many of its lines as fit, and how many do not."""
    if len(text.encode("utf-8")) <= limit:
        return text
    every = text.splitlines(keepends=True)
    room = limit - len(ending(len(every), labels).encode("utf-8"))
    kept = 0
    for line in every:
        room -= len(line.encode("utf-8"))
        if room < 0:
            break
        kept += 1
    return "".join(every[:kept]) + ending(len(every) - kept, labels)


def ending(n: int, labels: Labels) -> str:
    return f"\n**{escape(labels('formats.cut', n=n))}**\n"
