"""Where a hunk's lines are in a file: all of it, with blank lines or indents aside, or change by change with
less and less of its context."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from . import indents
from .hunks import Hunk, sides
from .line_diff import as_hunk, kept_lines
from .patience import Patience

FEW = 10  # characters: so little text is not replaced at several places, and no ground for a guess
MOST = 0.66  # of a hunk's lines must be in the file for the rest to be taken as added
FOUR_FINDS = 5  # a fifth of looking at a text line by line is what looking for others in it costs, four times
HUGE = 8_000_000  # characters: no file grows so large by a hunk that fits in many places
PAIRS = 2_000_000
BY_LINE = 20  # what a line costs when indents are made relative, in characters looked through


class Search:
    """What one reply's hunks may still cost: characters looked through, and pairs of lines compared. Keeps a
    file's text with relative indents, which is searched with each part of a hunk."""

    def __init__(self) -> None:
        self.texts = Patience()
        self.pairs = Patience(PAIRS)
        self._relative: dict[tuple[str, str], str] = {}

    @property
    def over(self) -> bool:
        return self.texts.over or self.pairs.over

    def relative(self, text: str, mark: str) -> str | None:
        """The file's text with relative indents. None where it would take too long."""
        if (text, mark) not in self._relative:
            if not self.texts.spend(BY_LINE * text.count("\n")):
                return None
            if len(self._relative) > 1:
                self._relative.clear()
            self._relative[text, mark] = indents.relative(text, mark)
        return self._relative[text, mark]


def applied(hunk: Hunk, text: str, search: Search) -> str | None:
    """The text with the hunk applied; None or "" where it does not fit."""
    before, after = ("".join(lines) for lines in sides(hunk.lines))
    if not before.strip():
        return text + after  # nothing to search: to the end, or into a new file
    if result := _directly(list(hunk.lines), text, search):
        return result
    parts = _parts(_explicit(list(hunk.lines), text, search))
    for at in range(0, len(parts) - 2, 2):
        result = _partly(parts[at], parts[at + 1], parts[at + 2], text, search)
        if not result:
            return None
        text = result
    return text


def _directly(lines: list[str], text: str, search: Search) -> str | None:
    """Replaced wherever it is found, in the first of four ways in which it is found at all."""
    before, after = ("".join(some) for some in sides(lines))
    if not before or not search.texts.spend(len(text) // FOUR_FINDS + len(before) + len(after)):
        return None
    if len("".join(line.strip() for line in sides(lines)[0])) < FEW and text.count(before) > 1:
        return None
    bare = [some.strip("\n") + "\n" for some in (before, after, text)]
    return (
        _replaced(before, after, text)
        or _replaced(*bare)
        or _relatively([before, after, text], search)
        or _relatively(bare, search)
    )


def _replaced(before: str, after: str, text: str) -> str | None:
    """In all places. None where it is nowhere, or would make a huge text."""
    count = text.count(before)
    return text.replace(before, after) if count and len(text) + count * len(after) < HUGE else None


def _relatively(texts: list[str], search: Search) -> str | None:
    before, after, text = texts
    mark = indents.marker(texts)
    if mark != indents.OUTDENT and not search.texts.spend(BY_LINE * len(text)):
        return None
    if not search.texts.spend(BY_LINE * (before.count("\n") + after.count("\n"))):
        return None
    if not (whole := search.relative(text, mark)):
        return None
    result = _replaced(indents.relative(before, mark), indents.relative(after, mark), whole)
    return indents.absolute(result, mark) if result else None


def _explicit(lines: list[str], text: str, search: Search) -> list[str]:
    """The hunk without those lines before it that the file does not have: where most are there, a model has
    forgotten to mark the others as added."""
    before, after = sides(lines)
    kept = kept_lines("".join(before), text, search.pairs)
    if kept is None or len(kept.strip()) < FEW:
        return lines
    there = kept.splitlines(keepends=True)
    if len(there) < len("".join(before).splitlines()) * MOST:
        return lines
    fresh = as_hunk(there, "".join(after).splitlines(keepends=True), search.pairs)
    return lines if fresh is None else fresh


def _parts(lines: list[str]) -> list[list[str]]:
    """The hunk as context, changes, context, ..., context; the first and the last may be empty."""
    parts: list[list[str]] = []
    for changes, group in groupby(lines, key=lambda line: line[0] in "-+"):
        if changes and len(parts) % 2 == 0:
            parts.append([])
        parts.append(list(group))
    return parts if len(parts) % 2 else [*parts, []]


def _partly(above: list[str], changes: list[str], below: list[str], text: str, search: Search) -> str | None:
    """The changes applied with as much of their context as is found; of equally much, most from above."""
    for upper, lower in _shares(len(above), len(below)):
        if search.over:
            return None
        if result := _directly(above[len(above) - upper :] + changes + below[:lower], text, search):
            return result
    return None


def _shares(above: int, below: int) -> Iterator[tuple[int, int]]:
    for size in range(above + below, -1, -1):
        for upper in range(min(above, size), max(0, size - below) - 1, -1):
            yield upper, size - upper
