"""A terminal's screen: what xterm and tmux make of what a program prints, as far as one can see it.

Written here: the emulator to be had as a package knows no second screen (vim and less leave theirs behind)
and stops at sequences that nobody sends in good faith. The tests hold it to what tmux shows. All of it is
data: nothing is asked, answered, opened, titled or copied, and every count is bounded by the screen.
Sequences: invisible-island.net/xterm/ctlseqs, read in November 2026.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from evalkit.report.recording.style import PLAIN, Style, restyled
from evalkit.report.recording.width import LINES, SEEN, width

Cell = tuple[str, Style]  # a wide character's second cell holds no text
BLANK: Cell = (" ", PLAIN)
MARKS = 4  # accents that one cell takes

TOKEN = re.compile(
    r"(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
    r"|\x1b\[(?P<numbers>[0-?]{0,256})(?P<between>[ -/]{0,4})(?P<final>[@-~])"
    r"|\x1b(?P<string>[\]PX^_k])"
    r"|\x1b(?P<escape>[ -/]{0,4}[0-OQ-WYZ\\`-jl-~])"
    r"|(?P<control>[\x00-\x1f\x7f-\x9f])"
)
UNFINISHED = re.compile(r"\x1b(?:\[[0-?]{0,256}[ -/]{0,4}|[ -/]{0,4})\Z")
END = re.compile(r"\x07|\x1b\\|[\x18\x1a]|(?=\x1b[^\\])")  # of a string: titles, clipboards, pictures


class Row:
    """`drawn` is the page's number for what it shows; None once that has changed."""

    __slots__ = ("cells", "drawn")

    def __init__(self, columns: int, style: Style = PLAIN) -> None:
        self.cells: list[Cell] = [(" ", style)] * columns
        self.drawn: int | None = None


@dataclass
class Pen:
    """Where the next character goes, and how it looks. `wraps`: the last one filled its line."""

    x: int = 0
    y: int = 0
    style: Style = PLAIN
    wraps: bool = False
    drawing: bool = False  # letters stand for lines

    def copy(self) -> Pen:
        return Pen(self.x, self.y, self.style, self.wraps, self.drawing)


class Screen:
    """`feed` it what was printed, in pieces cut anywhere."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.height = columns, rows
        self.spent = 0  # about nanoseconds: what was fed may take far longer than it is long
        self._pending, self._within = "", False  # within a string that has not ended
        self._reset()

    def _reset(self) -> None:
        self.rows = [Row(self.columns) for _ in range(self.height)]
        self.pen = Pen()
        self.cursor = True  # to be seen
        self._other: tuple[list[Row], Pen] | None = None  # the first screen, while the second is shown
        self._saved = Pen()
        self._top, self._bottom = 0, self.height - 1  # what scrolls
        self._wrap, self._insert, self._origin = True, False, False
        self._last = ""

    def resize(self, columns: int, rows: int) -> None:
        """Lines are cut or filled up, not joined anew; the end of the screen stays in sight."""
        for lines in (self.rows, self._other[0] if self._other else []):
            del lines[: max(0, min(len(lines) - rows, self.pen.y - rows + 1))]
            del lines[rows:]
            for row in lines:
                row.cells = [*row.cells[:columns], *[BLANK] * (columns - len(row.cells))]
                row.drawn = None
            lines += [Row(columns) for _ in range(rows - len(lines))]
        self.columns, self.height = columns, rows
        self._top, self._bottom = 0, rows - 1
        self.pen.y -= max(0, self.pen.y - rows + 1)
        self._go(self.pen.x, self.pen.y)

    # -- reading ---------------------------------------------------------------------------------------
    def feed(self, text: str) -> None:
        text, at = self._pending + text, 0
        self._pending = ""
        while at < len(text):
            if self._within:
                ended = END.search(text, at)
                if ended is None:
                    self._pending = "\x1b" if text.endswith("\x1b") else ""
                    return
                at, self._within = ended.end(), False
                continue
            found = TOKEN.match(text, at)
            if found is None or found["control"] == "\x1b":
                if UNFINISHED.match(text, at):
                    self._pending = text[at:]
                    return
                at += 1  # an escape that begins nothing
                continue
            at = found.end()
            self.spent += 1500
            if found["text"]:
                self.spent += 100 * len(found["text"])
                self._write(found["text"])
            elif found["final"]:
                if not found["between"]:
                    self._command(found["numbers"], found["final"])
            elif found["string"]:
                self._within = True
            elif found["escape"]:
                self._escape(found["escape"])
            else:
                self._control(found["control"])

    def _control(self, code: str) -> None:
        pen = self.pen
        if code in "\n\v\f":
            self._feed_line()
        elif code == "\r":
            self._go(0, pen.y)
        elif code == "\b":
            self._go(pen.x - 1, pen.y)
        elif code == "\t":
            self._go(pen.x // 8 * 8 + 8, pen.y)

    def _escape(self, code: str) -> None:
        pen = self.pen
        if code == "7":
            self._saved = pen.copy()
        elif code == "8":
            self._restore()
        elif code == "D":
            self._feed_line()
        elif code == "E":
            self._go(0, pen.y)
            self._feed_line()
        elif code == "M":
            self._feed_back()
        elif code == "c":
            self._reset()
        elif code in ("(0", "(B"):
            pen.drawing = code == "(0"

    def _command(self, given: str, final: str) -> None:
        if given[:1] in ("<", "=", ">"):
            return
        if given[:1] == "?":
            if final in "hl":
                for mode in numbers(given[1:]):
                    self._mode(mode, on=final == "h")
            return
        if final == "m":
            self.pen.style = restyled(self.pen.style, given)
            return
        asked = numbers(given)
        first, second = (*asked, 0, 0)[:2]
        self._move(final, max(1, first), max(1, second))
        self._change(final, first, max(1, first))
        if final == "r":
            top, bottom = max(1, first) - 1, min(second or self.height, self.height) - 1
            if top < bottom:
                self._top, self._bottom = top, bottom
                self._go(0, top if self._origin else 0)
        elif final in "hl" and 4 in asked:
            self._insert = final == "h"
        elif final == "s":
            self._saved = self.pen.copy()
        elif final == "u":
            self._restore()

    def _mode(self, mode: int, *, on: bool) -> None:
        if mode == 7:
            self._wrap = on
        elif mode == 25:
            self.cursor = on
        elif mode == 6:
            self._origin = on
            self._go(0, self._top if on else 0)
        elif mode in (47, 1047, 1049) and on != bool(self._other):
            if on:
                self._other = self.rows, self.pen.copy()
                self.rows = [Row(self.columns) for _ in range(self.height)]
            elif self._other:
                self.rows, before = self._other
                self._other = None
                if mode == 1049:
                    self.pen = before
                    self._go(before.x, before.y)

    # -- the pen ---------------------------------------------------------------------------------------
    def _go(self, x: int, y: int) -> None:
        self.pen.x, self.pen.y = bounded(x, self.columns), bounded(y, self.height)
        self.pen.wraps = False

    def _restore(self) -> None:
        self.pen = self._saved.copy()
        self._go(self.pen.x, self.pen.y)

    def _move(self, final: str, n: int, m: int) -> None:
        x, y = self.pen.x, self.pen.y
        above = self._top if y >= self._top else 0
        below = self._bottom if y <= self._bottom else self.height - 1
        base = self._top if self._origin else 0
        if final in "AF":
            self._go(0 if final == "F" else x, max(above, y - n))
        elif final in "BEe":
            self._go(0 if final == "E" else x, min(below, y + n))
        elif final in "Ca":
            self._go(x + n, y)
        elif final == "D":
            self._go(x - n, y)
        elif final in "G`":
            self._go(n - 1, y)
        elif final == "d":
            self._go(x, base + n - 1)
        elif final in "Hf":
            self._go(m - 1, base + n - 1)
        elif final == "I":
            self._go(x // 8 * 8 + 8 * n, y)
        elif final == "Z":
            self._go((x + 7) // 8 * 8 - 8 * n, y)

    # -- what changes ------------------------------------------------------------------------------------
    def _blank(self) -> Cell:
        return (" ", Style(back=self.pen.style.back))

    def _change(self, final: str, which: int, n: int) -> None:
        """`which` as it was given, `n` as a count of at least one."""
        x, y, row = self.pen.x, self.pen.y, self.rows[self.pen.y]
        n = min(n, max(self.columns, self.height))
        if final == "J":
            if which in (0, 1):
                self._erase(y, *((x, self.columns) if which == 0 else (0, x + 1)))
            lines = {0: range(y + 1, self.height), 1: range(y), 2: range(self.height)}.get(which, range(0))
            self.spent += len(lines) * (self.columns + 200)
            for other in lines:
                self._erase(other, 0, self.columns)
        elif final == "K":
            ends = {0: (x, self.columns), 1: (0, x + 1), 2: (0, self.columns)}.get(which)
            if ends:
                self._erase(y, *ends)
        elif final == "X":
            self._erase(y, x, min(x + n, self.columns))
        elif final == "@":
            row.cells[x:x] = [self._blank()] * n
            self._changed(row)
        elif final == "P":
            del row.cells[x : x + n]
            row.cells += [self._blank()] * n
            self._changed(row)
        elif final in "LM" and self._top <= y <= self._bottom:
            self._scroll(n if final == "M" else -n, y)
            self._go(0, y)
        elif final == "S":
            self._scroll(n, self._top)
        elif final == "T":
            self._scroll(-n, self._top)
        elif final == "b" and self._last:
            self.spent += 500 * n
            self._write(self._last * n)

    def _changed(self, row: Row) -> None:
        del row.cells[self.columns :]
        row.drawn = None

    def _erase(self, y: int, start: int, end: int) -> None:
        row = self.rows[y]
        if start and row.cells[start][0] == "":  # the second half of what is wide
            start -= 1
        row.cells[start:end] = [self._blank()] * (end - start)
        row.drawn = None

    def _scroll(self, n: int, top: int) -> None:
        """Lines from `top` to the bottom of what scrolls go up by n, or down by -n."""
        end = self._bottom + 1
        count, style = min(abs(n), end - top), self._blank()[1]
        new = [Row(self.columns, style) for _ in range(count)]
        kept = self.rows[top + count : end] if n > 0 else self.rows[top : end - count]
        self.rows[top:end] = [*kept, *new] if n > 0 else [*new, *kept]
        self.spent += count * (self.columns + 200) + 500

    def _feed_line(self) -> None:
        if self.pen.y == self._bottom:
            self._scroll(1, self._top)
        elif self.pen.y < self.height - 1:
            self.pen.y += 1
        self.pen.wraps = False

    def _feed_back(self) -> None:
        if self.pen.y == self._top:
            self._scroll(-1, self._top)
        elif self.pen.y:
            self.pen.y -= 1
        self.pen.wraps = False

    # -- writing -----------------------------------------------------------------------------------------
    def _write(self, text: str) -> None:
        if self.pen.drawing:
            text = text.translate(LINES)
        if text.isascii() and self._wrap and not self._insert:
            self._write_plain(text)
        else:
            for character in text.translate(SEEN):
                self._put(character, width(character))
        self._last = text[-1:]

    def _write_plain(self, text: str) -> None:
        """Pieces of lines at once: most of what is printed."""
        pen, at = self.pen, 0
        while at < len(text):
            if pen.wraps:
                self._next_line()
            piece = text[at : at + self.columns - pen.x]
            row, end = self.rows[pen.y], pen.x + len(piece)
            self._halve(row, pen.x, end)
            row.cells[pen.x : end] = [(character, pen.style) for character in piece]
            row.drawn = None
            at += len(piece)
            pen.x, pen.wraps = min(end, self.columns - 1), end == self.columns

    def _put(self, character: str, cells: int) -> None:
        pen = self.pen
        if not cells:
            self._mark(character)
            return
        if cells > self.columns:
            character, cells = "\ufffd", 1
        if self._wrap and (pen.wraps or pen.x + cells > self.columns):
            self._next_line()
        pen.x = min(pen.x, self.columns - cells)
        row, end = self.rows[pen.y], pen.x + cells
        if self._insert:
            row.cells[pen.x : pen.x] = [BLANK] * cells
            del row.cells[self.columns :]
        self._halve(row, pen.x, end)
        row.cells[pen.x : end] = [(character, pen.style), ("", pen.style)][:cells]
        row.drawn = None
        pen.x, pen.wraps = min(end, self.columns - 1), end >= self.columns

    def _mark(self, mark: str) -> None:
        """An accent goes with the character before it."""
        row, x = self.rows[self.pen.y], self.pen.x - (not self.pen.wraps)
        if x > 0 and row.cells[x][0] == "":
            x -= 1
        if x >= 0 and len(row.cells[x][0]) <= MARKS:
            row.cells[x] = row.cells[x][0] + mark, row.cells[x][1]
            row.drawn = None

    def _halve(self, row: Row, start: int, end: int) -> None:
        """What is wide and loses one half loses both."""
        if start and row.cells[start][0] == "":
            row.cells[start - 1] = BLANK
        if end < self.columns and row.cells[end][0] == "":
            row.cells[end] = BLANK

    def _next_line(self) -> None:
        self.pen.x = 0
        self._feed_line()


def numbers(given: str) -> Sequence[int]:
    """What stands between semicolons; 0 where nothing does, or no number."""
    return [min(int(part), 9999) if part.isdecimal() else 0 for part in given[:256].split(";")]


def bounded(at: int, size: int) -> int:
    return max(0, min(at, size - 1))
