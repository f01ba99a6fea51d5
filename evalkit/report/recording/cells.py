"""The cells of a screen: what is written into them, erased, moved and scrolled. Where and when: screen.py."""

from __future__ import annotations

from evalkit.report.recording.style import PLAIN, Style

Cell = tuple[str, Style]  # a wide character's second cell holds no text
BLANK: Cell = (" ", PLAIN)
MARKS = 4  # accents that one cell takes


class Row:
    """`drawn` is the page's number for what it shows; None once that has changed."""

    __slots__ = ("cells", "drawn")

    def __init__(self, columns: int, style: Style = PLAIN) -> None:
        self.cells: list[Cell] = [(" ", style)] * columns
        self.drawn: int | None = None


class Cells:
    """Rows of as many cells. x and y are within them, `end` one beyond the last; new cells have `style`."""

    def __init__(self, columns: int, height: int) -> None:
        self.columns = columns
        self.rows = [Row(columns) for _ in range(height)]

    def resize(self, columns: int, height: int, y: int) -> None:
        """Lines are cut or filled up, not joined anew; row `y` stays, as the last one if need be."""
        del self.rows[: max(0, min(len(self.rows) - height, y - height + 1))]
        del self.rows[height:]
        for row in self.rows:
            row.cells += [BLANK] * (columns - len(row.cells))
            self._changed(row, columns)
        self.rows += [Row(columns) for _ in range(height - len(self.rows))]
        self.columns = columns

    def erase(self, y: int, start: int, end: int, style: Style) -> None:
        row = self.rows[y]
        if start and row.cells[start][0] == "":  # the second half of what is wide
            start -= 1
        row.cells[start:end] = [(" ", style)] * (end - start)
        row.drawn = None

    def insert(self, y: int, x: int, n: int, style: Style) -> None:
        row = self.rows[y]
        row.cells[x:x] = [(" ", style)] * n
        self._changed(row, self.columns)

    def delete(self, y: int, x: int, n: int, style: Style) -> None:
        row = self.rows[y]
        del row.cells[x : x + n]
        row.cells += [(" ", style)] * n
        self._changed(row, self.columns)

    def scroll(self, top: int, end: int, n: int, style: Style) -> None:
        """These rows go up by n, or down by -n; at most all of them."""
        new = [Row(self.columns, style) for _ in range(abs(n))]
        kept = self.rows[top + n : end] if n > 0 else self.rows[top : end + n]
        self.rows[top:end] = [*kept, *new] if n > 0 else [*new, *kept]

    def write(self, y: int, x: int, text: str, style: Style) -> None:
        """Characters of one cell each, which have room in the row."""
        row, end = self.rows[y], x + len(text)
        self._halve(row, x, end)
        row.cells[x:end] = [(character, style) for character in text]
        row.drawn = None

    def write_wide(self, y: int, x: int, character: str, style: Style) -> None:
        row = self.rows[y]
        self._halve(row, x, x + 2)
        row.cells[x : x + 2] = [(character, style), ("", style)]
        row.drawn = None

    def mark(self, y: int, x: int, mark: str) -> None:
        """An accent on what stands there."""
        row = self.rows[y]
        if x > 0 and row.cells[x][0] == "":
            x -= 1
        text, style = row.cells[x]
        if len(text) <= MARKS:
            row.cells[x] = text + mark, style
            row.drawn = None

    def _halve(self, row: Row, start: int, end: int) -> None:
        """What is wide and loses one half loses both."""
        if start and row.cells[start][0] == "":
            row.cells[start - 1] = BLANK
        if end < self.columns and row.cells[end][0] == "":
            row.cells[end] = BLANK

    def _changed(self, row: Row, columns: int) -> None:
        del row.cells[columns:]
        row.drawn = None
