"""What one cell of a table shows: the score as printed, its rank, interval and notes, and that in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evalkit.report.cells import interval_of, text_of
from evalkit.report.labels import Labels
from evalkit.report.page.notes import Reference
from evalkit.report.published import digits_of
from evalkit.report.ranks import Rank
from evalkit.report.values import Row, Table, Value


@dataclass(frozen=True)
class Cell:
    """`text` is all that a reader sees of the score; `number` the same for sorting, "" where there is none.
    `words` are said, not seen. `below` stands in small figures under it, `state` where samples are missing.
    `pad` is the width of the digits that others of the column have more, in figures."""

    model: str
    text: str
    number: str = ""
    rank: Rank | None = None
    words: tuple[str, ...] = ()
    below: str = ""
    state: str = ""
    notes: tuple[Reference, ...] = ()
    origin: str = ""
    run: str = ""
    pad: float = 0.0

    @property
    def none(self) -> bool:
        return not self.number

    @property
    def foreign(self) -> bool:
        """A document's own sign for what it does not have, which readers of other languages may not know."""
        return self.none and any(c.isalpha() for c in self.text) and bool(self.words)


@dataclass(frozen=True)
class Around:
    """What cells of one table need to know of the rest: ranks, notes, ids of runs by folder, digits."""

    table: Table
    ranks: Mapping[tuple[str, str], Rank]
    notes: Mapping[tuple[str, str, str], tuple[Reference, ...]]
    runs: Mapping[str, str]
    labels: Labels

    def cell(self, row: Row, model: str) -> Cell:
        value = self.table.cells.get((row.id, model))
        text = text_of(value, row)
        if value is None:
            word = "value.not_run.words" if row.origin == "measured" else "value.missing.words"
            return Cell(model, text, words=(self.labels(word),))
        rank = self.ranks.get((row.id, model))
        return Cell(
            model,
            text,
            "" if value.value is None else f"{value.value:g}",
            rank,
            tuple(self.words(value, rank)),
            interval_of(value),
            "" if value.complete else state(value),
            self.notes.get((self.table.id, row.id, model), ()),
            value.origin,
            self.runs.get(value.id, self.runs.get(value.source, "")) if value.origin == "measured" else "",
            self.pad(value),
        )

    def words(self, value: Value, rank: Rank | None) -> list[str]:
        """What the look of the cell says, for those who do not see it."""
        said = [self.labels(f"table.{rank}")] if rank else []
        if value.kind == "missing":
            said.append(self.labels("value.missing.words"))
        elif value.kind == "not_disclosed":
            said.append(self.labels("value.not_disclosed.words"))
        elif value.kind == "range":
            said.append(self.labels("value.range"))
        elif value.approximate:
            said.append(self.labels("value.approximate"))
        if not value.complete:
            said.append(self.labels("value.incomplete", scored=value.scored or 0, planned=value.planned or 0))
        return said

    def pad(self, value: Value) -> float:
        """So that points stand under points where digits differ."""
        if value.kind != "number":
            return 0.0
        column = [
            v for (_, model), v in self.table.cells.items() if model == value.model and v.kind == "number"
        ]
        digits = digits_of(value.printed)
        most = max(digits_of(v.printed) for v in column)
        return most - digits + (0.4 if most and not digits else 0.0)


def state(value: Value) -> str:
    return f"{value.scored or 0:,} / {value.planned or 0:,}"
