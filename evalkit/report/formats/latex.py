"""LaTeX with booktabs: three rules, no vertical ones, decimals under one another, notes below.

Nothing but booktabs is needed. Numbers of a column are filled up with phantoms to the same width, which
leaves a cell one cell. Characters that pdfTeX's fonts lack go through a small macro: it prints them where the
engine can (LuaTeX, XeTeX), and their code where it cannot.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from evalkit.report.formats.below import legend, sources
from evalkit.report.formats.lines import (
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

PLAIN = {
    "\0": "{}",  # between two that would become one; none is left in a text
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\ensuremath{\sim}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
    "[": "{[}",  # after \\ it would begin an argument, as would *
    "]": "{]}",
    "*": "{*}",
    "\N{EN DASH}": "--",
    "\N{EM DASH}": "---",
    "\N{MIDDLE DOT}": r"\textperiodcentered{}",
    "\N{MINUS SIGN}": r"\ensuremath{-}",
    "\N{NO-BREAK SPACE}": "~",
    "\N{NARROW NO-BREAK SPACE}": r"\,",
    "\N{ALMOST EQUAL TO}": r"\ensuremath{\approx}",
    "\N{LESS-THAN OR EQUAL TO}": r"\ensuremath{\leq}",
    "\N{GREATER-THAN OR EQUAL TO}": r"\ensuremath{\geq}",
    "\N{INFINITY}": r"\ensuremath{\infty}",
    "\N{GREEK CAPITAL LETTER DELTA}": r"\ensuremath{\Delta}",
}
# what T1 and TS1 fonts have beside ASCII; Latin Extended-A but for a few
T1 = frozenset("‘’“”„‚†‡•…‰‹›€™←→") | {
    chr(code) for code in range(0xA1, 0x180) if chr(code) not in "ĦħĸĿŀŉŦŧſ"
}
CYRILLIC = re.compile(r"((?:[\u0401-\u045f\u0490\u0491]+[ /]?)*[\u0401-\u045f\u0490\u0491])")
LIGATURE = re.compile("([-,'–—])(?=[-,'–—])")  # two would become one character

CHAR = r"""\providecommand\evalkitchar[2]{\ifdefined\Umathcode\char#1\relax\else{\ttfamily U+#2}\fi}"""
CYR = r"""\providecommand\evalkitcyr[1]{\ifdefined\Umathcode#1\else{\fontencoding{T2A}\selectfont#1}\fi}"""


def render(tables: Sequence[Table], labels: Labels, show: Show) -> str:
    body = "\n".join("\n".join(table_lines(table, labels, show)) + "\n" for table in tables)
    macros = [macro for name, macro in ((r"\evalkitchar{", CHAR), (r"\evalkitcyr{", CYR)) if name in body]
    fonts = "T2A,T1" if CYR in macros else "T1"
    needs = rf"% made by evalkit table; needs \usepackage{{booktabs}} and \usepackage[{fonts}]{{fontenc}}"
    return "\n".join([needs, *macros, body])


def table_lines(table: Table, labels: Labels, show: Show) -> Iterator[str]:
    rows = list(lines(table, labels, show))
    columns = len(table.models)
    yield r"\begin{table}"
    yield r"\centering"
    yield rf"\caption{{{escape(title(table))}}}"
    yield rf"\label{{tab:{anchor(table.id)}}}\par\smallskip"
    yield rf"\begin{{tabular}}{{l{'c' * columns}}}"
    yield r"\toprule"
    yield from head(table, labels)
    yield r"\midrule"
    widths = widths_of(rows, columns)
    for i, line in enumerate(rows):
        yield from line_of(line, widths, first=i == 0)
    yield r"\bottomrule"
    yield r"\end{tabular}"
    yield from below(table, rows, labels, show)
    yield r"\end{table}"


def head(table: Table, labels: Labels) -> Iterator[str]:
    spans = headings(table, labels)
    if any(name for name, _ in spans):
        cells, rules, at = [], [], 2
        for name, span in spans:
            cells.append(rf"\multicolumn{{{span}}}{{c}}{{{escape(name)}}}")
            if name:
                rules.append(rf"\cmidrule(lr){{{at}-{at + span - 1}}}")
            at += span
        yield rf"& {' & '.join(cells)} \\"
        yield "".join(rules)
    titles = names(table)
    yield rf"{escape(labels('table.benchmark'))} & {' & '.join(escape(name) for name, _ in titles)} \\"
    if any(detail for _, detail in titles):
        small = (rf"{{\footnotesize {escape(detail)}}}" if detail else "" for _, detail in titles)
        yield rf"& {' & '.join(small)} \\"


def filled(cell: Cell, width: Width) -> tuple[str, str, str]:
    """A cell's text, and phantoms before and behind it that make it as wide as its column's numbers."""
    if not cell.number:
        return "", escape(cell.text), ""
    before, behind = width.lacks(cell)
    return phantom(before), escape(cell.text), phantom(behind)


def phantom(text: str) -> str:
    return rf"\phantom{{{escape(text)}}}" if text else ""


def line_of(line: Line, widths: Sequence[Width], *, first: bool) -> Iterator[str]:
    columns = len(widths) + 1
    if line.kind == "group":
        if not first:
            yield r"\addlinespace"
        if line.label:
            yield rf"\multicolumn{{{columns}}}{{l}}{{\textbf{{{escape(line.label)}}}}} \\"
        return
    label = r"\quad " * line.level + escape(line.label)
    if line.aside:
        label += rf" {{\footnotesize {escape(line.aside)}}}"
    if line.kind == "heading":
        yield rf"{label} {'& ' * len(widths)}\\"
        return
    yield rf"{label} & {' & '.join(map(cell_text, line.cells, widths))} \\"
    if any(cell.interval for cell in line.cells):
        yield rf"& {' & '.join(map(interval_text, line.cells))} \\"


def cell_text(cell: Cell, width: Width) -> str:
    before, text, behind = filled(cell, width)
    if cell.rank:
        text = rf"\textbf{{{text}}}" if cell.rank == "best" else rf"\underline{{{text}}}"
    notes = rf"\textsuperscript{{{','.join(cell.notes)}}}" if cell.notes else ""
    if notes and cell.number:
        notes = rf"\rlap{{{notes}}}"  # takes no room, so that the digits stay where they are
    return before + text + behind + notes


def interval_text(cell: Cell) -> str:
    return rf"{{\footnotesize {escape(cell.interval)}}}" if cell.interval else ""


def below(table: Table, rows: Sequence[Line], labels: Labels, show: Show) -> Iterator[str]:
    said = [escape(sentence) for sentence in legend(table, rows, labels, show)]
    notes = [
        rf"\textsuperscript{{{letter}}}~{escape(note)}" for letter, note in used_notes(table, show).items()
    ]
    documents = sources(table, show)
    named = [escape(labels("formats.sources", names="; ".join(documents)))] if documents else []
    paragraphs = [*([" ".join(said)] if said else []), *notes, *named]
    if paragraphs:
        yield r"\par\medskip"
        yield r"\begin{minipage}{\linewidth}\footnotesize\raggedright"
        yield "\\par\n".join(paragraphs)
        yield r"\end{minipage}"


def escape(text: str) -> str:
    """Any text as LaTeX that prints it; nothing in it is a command."""
    words = CYRILLIC.split(LIGATURE.sub("\\1\0", text))
    return "".join(
        rf"\evalkitcyr{{{word}}}" if i % 2 else "".join(map(character, word)) for i, word in enumerate(words)
    )


def character(c: str) -> str:
    if c in PLAIN:
        return PLAIN[c]
    if c.isascii() or c in T1:
        return c
    return rf"\evalkitchar{{{ord(c)}}}{{{ord(c):X}}}"
