"""Notes of all tables under letters that are unique on the page, linked there and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from evalkit.report.values import Table


@dataclass(frozen=True)
class Note:
    """`at`: ids of the places that refer to it."""

    letter: str
    text: str
    at: tuple[str, ...]


@dataclass(frozen=True)
class Reference:
    """One letter beside a score. `id` is its own place, which the note links back to."""

    letter: str
    id: str


@dataclass(frozen=True)
class Notes:
    """`references` by table, row and model."""

    all: Sequence[Note]
    references: Mapping[tuple[str, str, str], tuple[Reference, ...]]


def notes(tables: Sequence[Table]) -> Notes:
    """Letters in order of first use; the same text has one letter on the whole page."""
    letters: dict[str, str] = {}
    at: dict[str, list[str]] = {}
    references: dict[tuple[str, str, str], tuple[Reference, ...]] = {}
    for where, texts in noted(tables):
        found = []
        for text in texts:
            letter = letters.setdefault(text, letter_of(len(letters)))
            places = at.setdefault(letter, [])
            places.append(f"at-{letter}-{len(places) + 1}")
            found.append(Reference(letter, places[-1]))
        references[where] = tuple(found)
    return Notes([Note(letter, text, tuple(at[letter])) for text, letter in letters.items()], references)


def noted(tables: Sequence[Table]) -> Iterator[tuple[tuple[str, str, str], list[str]]]:
    for table in tables:
        for row in table.rows:
            for model in table.models:
                value = table.cells.get((row.id, model.id))
                texts = [table.notes[note] for note in value.notes if note in table.notes] if value else []
                if texts:
                    yield (table.id, row.id, model.id), texts


def letter_of(n: int) -> str:
    """a to z, then aa, ab and so on."""
    letters = ""
    while n >= 0:
        n, letters = n // 26 - 1, chr(ord("a") + n % 26) + letters
    return letters
