"""A table as its lines from top to bottom, with all that any format draws of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from evalkit.report.cells import columns_of, heading_in, interval_of, placed, text_of
from evalkit.report.labels import Labels
from evalkit.report.published import note_id
from evalkit.report.ranks import Rank, ranks
from evalkit.report.values import Row, Table, Value
from evalkit.text import one_line

LONGEST = 1000  # characters of one text in a document's format; JSON and CSV have all of it
INCOMPLETE = "†"
LIMIT = 900_000  # bytes of Markdown: GitHub drops a step's summary of over 1,024 KiB as a whole
NUMBER = re.compile(r"(~?)(\d+)((?:\.\d+)?)(%?)")


@dataclass(frozen=True)
class Show:
    """What stands beside the scores.

    `tied`: bold are all that cannot be told apart from the best. `long`: CSV with a line a value. `limit` in
    bytes, of Markdown. `sources`: titles of documents by id, for a line of sources; None for no such line.
    """

    notes: bool = True
    intervals: bool = False
    tied: bool = False
    long: bool = False
    limit: int = LIMIT
    sources: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Cell:
    """`notes` are letters, and a dagger where samples are missing; `interval` is "low–high" or "". `value`
    None: nothing is reported."""

    text: str
    rank: Rank | None = None
    notes: tuple[str, ...] = ()
    interval: str = ""
    value: Value | None = None

    @property
    def number(self) -> re.Match[str] | None:
        """The parts of a number: `~`, digits, fraction with its point, `%`. None for anything else."""
        return NUMBER.fullmatch(self.text)


@dataclass(frozen=True)
class Line:
    """`group`: a heading over several rows; `heading`: over the sub-rows of one benchmark; no cells then.

    `parents`: labels of the rows that a row stands under. `aside`: what stands small beside the
    label, who measured and the number of tasks.
    """

    kind: Literal["group", "heading", "row"]
    label: str
    row: Row | None = None
    parents: tuple[str, ...] = ()
    cells: tuple[Cell, ...] = ()
    aside: str = ""

    @property
    def level(self) -> int:
        return self.row.level if self.row else 0


def lines(table: Table, labels: Labels, show: Show) -> Iterator[Line]:
    """Texts are on one line, with hostile characters visible, and of at most `LONGEST` characters."""
    marks = ranks(table, tied=show.tied)
    letters = letters_of(table) if show.notes else {}
    group = ""
    for row, parents in placed(table):
        if row.group != group:
            group = row.group
            yield Line("group", safe(group)) if group else Line("group", "")
        label = safe(row.label)
        aside = aside_of(row, labels, show)
        if row.heading:
            yield Line("heading", label, row, aside=aside)
            continue
        cells = tuple(
            cell_of(table.cells.get((row.id, model.id)), row, marks.get((row.id, model.id)), letters, show)
            for model in table.models
        )
        yield Line("row", label, row, tuple(map(safe, parents)), cells, aside)


def aside_of(row: Row, labels: Labels, show: Show) -> str:
    measured = row.origin == "measured" and not row.heading
    n = row.n if show.intervals and (not row.level or measured) else None
    words = [labels("table.measured") if measured else "", "" if n is None else labels("table.n", n=n)]
    return ", ".join(filter(None, words))


def cell_of(value: Value | None, row: Row, rank: Rank | None, letters: Mapping[str, str], show: Show) -> Cell:
    return Cell(
        safe(text_of(value, row)),
        rank,
        tuple(marks_of(value, letters)),
        interval_of(value) if show.intervals else "",
        value,
    )


@dataclass(frozen=True)
class Width:
    """How wide the numbers of a column are: digits before and after the point, and whether with `%`."""

    whole: int
    fraction: int
    percent: bool

    def lacks(self, cell: Cell) -> tuple[str, str]:
        """What a number wants on its left and on its right to have its point under the others'."""
        number = cell.number
        assert number
        behind = "" if number[3] or not self.fraction else "."
        behind += "0" * (self.fraction - max(len(number[3]) - 1, 0))
        behind += "%" if self.percent and not number[4] else ""
        return "0" * (self.whole - len(number[2])), behind


def widths_of(rows: Sequence[Line], columns: int) -> list[Width]:
    """Of each column."""
    cells = [[line.cells[i] for line in rows if line.cells] for i in range(columns)]
    numbers = [[number for cell in column if (number := cell.number)] for column in cells]
    return [
        Width(
            max((len(number[2]) for number in column), default=0),
            max((len(number[3]) - 1 for number in column if number[3]), default=0),
            any(number[4] for number in column),
        )
        for column in numbers
    ]


def marks_of(value: Value | None, letters: Mapping[str, str]) -> Iterator[str]:
    if value is not None:
        if not value.complete:
            yield INCOMPLETE
        yield from (letters[note] for note in value.notes if note in letters)


def safe(text: str) -> str:
    return one_line(text, LONGEST)


def title(table: Table) -> str:
    return safe(" ".join(filter(None, (table.title, table.caption))))


def headings(table: Table, labels: Labels) -> list[tuple[str, int]]:
    """Headings over columns, with how many each spans; "" where columns stand under none."""
    return [(safe(heading_in(name, labels)), span) for name, span in columns_of(table)]


def names(table: Table) -> list[tuple[str, str]]:
    """Name and second line of each column."""
    return [(safe(model.display), safe(model.detail)) for model in table.models]


def width(text: str) -> int:
    """Columns of a terminal: two for a wide character, none for a combining one."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def anchor(text: str) -> str:
    """A name that is safe as the id of a thing: letters, digits and dashes."""
    return re.sub(r"[^A-Za-z0-9]+", "-", text)[:60].strip("-").lower() or "table"


def letters_of(table: Table) -> dict[str, str]:
    """a, b, c, ... by a note's id, in order of first use: of fewer rows, fewer notes are left."""
    texts: dict[str, str] = {}
    found: dict[str, str] = {}
    for row in table.rows:
        for model in table.models:
            value = table.cells.get((row.id, model.id))
            for note in value.notes if value else ():
                if note in table.notes and note not in found:
                    found[note] = note_id(table.notes[note], texts)
    return found


def used_notes(table: Table, show: Show) -> dict[str, str]:
    """Text by letter."""
    letters = letters_of(table) if show.notes else {}
    return {letter: safe(table.notes[note]) for note, letter in letters.items()}
