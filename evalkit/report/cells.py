"""What a cell shows, in every form of a table: what was printed, or the sign for what is not there."""

from __future__ import annotations

from collections.abc import Iterator

from evalkit.report.labels import Labels, labels
from evalkit.report.values import Row, Table, Value

NOT_REPORTED = "–"
NOT_RUN = "·"
HEADINGS = ("table.open", "table.proprietary", "table.other")
DASHES = frozenset("-–—−")


def text_of(value: Value | None, row: Row) -> str:
    """The characters of one cell. A document's own sign for "no data" stays; a bare dash becomes ours."""
    if value is None or (value.kind == "missing" and value.printed.strip() in DASHES | {""}):
        return NOT_RUN if row.origin == "measured" else NOT_REPORTED
    return value.printed


def columns_of(table: Table) -> list[tuple[str, int]]:
    """Headings over neighbouring columns, with how many they span; "" where columns stand under none."""
    heading = {model: name for name, models in table.columns_by.items() for model in models}
    spans: list[tuple[str, int]] = []
    for model in table.models:
        name = heading.get(model.id, "")
        if spans and spans[-1][0] == name:
            spans[-1] = (name, spans[-1][1] + 1)
        else:
            spans.append((name, 1))
    return spans


def heading_in(name: str, said: Labels) -> str:
    """A heading of models in a language, where it is one of evalkit's own; else as it is."""
    english = labels("en")
    return next((said(key) for key in HEADINGS if english(key) == name), name)


def placed(table: Table) -> Iterator[tuple[Row, tuple[str, ...]]]:
    """Each row with the labels of those that it stands under, outermost first."""
    above: list[str] = []
    for row in table.rows:
        above = above[: row.level]
        yield row, tuple(above)
        above.append(row.label)


def interval_of(value: Value | None) -> str:
    """Low to high with one digit, as a page prints it under its score; "" where there is none."""
    if value is None or value.interval is None:
        return ""
    return f"{value.interval.low:.1f}–{value.interval.high:.1f}"


def notes_of(table: Table) -> dict[str, str]:
    """The table's notes that one of its cells refers to, lettered as they are."""
    used = {note for value in table.cells.values() for note in value.notes}
    return {letter: text for letter, text in table.notes.items() if letter in used}
