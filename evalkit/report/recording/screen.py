"""A terminal's screen: what xterm and tmux make of what a program prints, as far as one can see it.

Written here: the emulator to be had as a package knows no second screen (vim and less leave theirs behind)
and stops at sequences that nobody sends in good faith. The tests hold it to what tmux shows. All of it is
data: nothing is asked, answered, opened, titled or copied, and every count is bounded by the screen.
What commands do: invisible-island.net/xterm/ctlseqs, read in November 2026.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from evalkit.report.recording.cells import Cells, Row
from evalkit.report.recording.sequences import Sequences
from evalkit.report.recording.style import PLAIN, Style, restyled
from evalkit.report.recording.width import LINES, SEEN, width

SECOND = (47, 1047, 1049)  # modes that show the second screen


@dataclass
class Pen:
    """Where the next character goes, and how it looks. `wraps`: the last one filled its line."""

    x: int = 0
    y: int = 0
    style: Style = PLAIN
    wraps: bool = False
    drawing: bool = False  # letters stand for lines


class Screen:
    """`feed` it what was printed, in pieces cut anywhere."""

    def __init__(self, columns: int, height: int) -> None:
        self.columns, self.height = columns, height
        self.spent = 0  # about nanoseconds: what was fed may take far longer than it is long
        self._sequences = Sequences()
        self._reset()

    @property
    def rows(self) -> list[Row]:
        return self._cells.rows

    def _reset(self) -> None:
        self._cells = Cells(self.columns, self.height)
        self.pen = Pen()
        self.cursor = True  # to be seen
        self._first: tuple[Cells, Pen] | None = None  # the first screen, while the second is shown
        self._saved = Pen()
        self._top, self._bottom = 0, self.height - 1  # what scrolls
        self._wrap, self._insert, self._origin = True, False, False
        self._last = ""

    def resize(self, columns: int, height: int) -> None:
        for cells in (self._cells, *([self._first[0]] if self._first else [])):
            cells.resize(columns, height, self.pen.y)
        self.columns, self.height = columns, height
        self._top, self._bottom = 0, height - 1
        self._go(self.pen.x, min(self.pen.y, height - 1))

    # -- what is printed -------------------------------------------------------------------------------
    def feed(self, text: str) -> None:
        for kind, value, final in self._sequences.read(text):
            self.spent += 1500
            if kind == "text":
                self._write(value)
            elif kind == "command":
                self._command(value, final)
            elif kind == "escape":
                self._escape(value)
            else:
                self._control(value)

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
        if code == "7":
            self._saved = replace(self.pen)
        elif code == "8":
            self._restore()
        elif code == "D":
            self._feed_line()
        elif code == "E":
            self._go(0, self.pen.y)
            self._feed_line()
        elif code == "M":
            self._feed_back()
        elif code == "c":
            self._reset()
        elif code in ("(0", "(B"):
            self.pen.drawing = code == "(0"

    def _command(self, given: str, final: str) -> None:
        if given[:1] == "?" and final in "hl":
            for mode in numbers(given[1:]):
                self._mode(mode, on=final == "h")
        if given[:1] in ("<", "=", ">", "?"):
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
            self._saved = replace(self.pen)
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
        elif mode in SECOND and on and not self._first:
            self._first = self._cells, replace(self.pen)
            self._cells = Cells(self.columns, self.height)
        elif mode in SECOND and not on and self._first:
            (self._cells, before), self._first = self._first, None
            if mode == 1049:
                self.pen = before
                self._go(before.x, before.y)

    # -- the pen ---------------------------------------------------------------------------------------
    def _go(self, x: int, y: int) -> None:
        self.pen.x, self.pen.y = bounded(x, self.columns), bounded(y, self.height)
        self.pen.wraps = False

    def _restore(self) -> None:
        self.pen = replace(self._saved)
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

    # -- what changes ------------------------------------------------------------------------------------
    @property
    def _blank(self) -> Style:
        return Style(back=self.pen.style.back)

    def _change(self, final: str, which: int, n: int) -> None:
        """`which` as it was given, `n` as a count of at least one."""
        x, y = self.pen.x, self.pen.y
        n = min(n, max(self.columns, self.height))
        parts = {0: (x, self.columns), 1: (0, x + 1), 2: (0, self.columns)}  # of the line
        if final == "J" and which in parts:
            others = (range(y + 1, self.height), range(y), range(self.height))[which]
            self.spent += len(others) * (self.columns + 200)
            if which != 2:
                self._cells.erase(y, *parts[which], self._blank)
            for other in others:
                self._cells.erase(other, 0, self.columns, self._blank)
        elif final == "K" and which in parts:
            self._cells.erase(y, *parts[which], self._blank)
        elif final == "X":
            self._cells.erase(y, x, min(x + n, self.columns), self._blank)
        elif final == "@":
            self._cells.insert(y, x, n, self._blank)
        elif final == "P":
            self._cells.delete(y, x, n, self._blank)
        elif final in "LM" and self._top <= y <= self._bottom:
            self._scroll(n if final == "M" else -n, y)
            self._go(0, y)
        elif final in "ST":
            self._scroll(n if final == "S" else -n, self._top)
        elif final == "b" and self._last:
            self._write(self._last * n)

    def _scroll(self, n: int, top: int) -> None:
        """Lines from `top` to the bottom of what scrolls go up by n, or down by -n."""
        end = self._bottom + 1
        n = max(top - end, min(n, end - top))
        self._cells.scroll(top, end, n, self._blank)
        self.spent += abs(n) * (self.columns + 200) + 500

    # -- writing -----------------------------------------------------------------------------------------
    def _write(self, text: str) -> None:
        self.spent += 100 * len(text)
        if self.pen.drawing:
            text = text.translate(LINES)
        if text.isascii() and self._wrap and not self._insert:
            self._write_plain(text)
        else:
            self.spent += 400 * len(text)
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
            self._cells.write(pen.y, pen.x, piece, pen.style)
            at += len(piece)
            self._step(len(piece))

    def _put(self, character: str, cells: int) -> None:
        pen = self.pen
        if not cells:  # an accent goes with the character before it
            if pen.x or pen.wraps:
                self._cells.mark(pen.y, pen.x - (not pen.wraps), character)
            return
        if cells > self.columns:
            character, cells = "\ufffd", 1
        if self._wrap and (pen.wraps or pen.x + cells > self.columns):
            self._next_line()
        pen.x = min(pen.x, self.columns - cells)
        if self._insert:
            self._cells.insert(pen.y, pen.x, cells, PLAIN)
        (self._cells.write if cells == 1 else self._cells.write_wide)(pen.y, pen.x, character, pen.style)
        self._step(cells)

    def _step(self, cells: int) -> None:
        end = self.pen.x + cells
        self.pen.x, self.pen.wraps = min(end, self.columns - 1), end >= self.columns

    def _next_line(self) -> None:
        self.pen.x = 0
        self._feed_line()


def numbers(given: str) -> Sequence[int]:
    """What stands between semicolons; 0 where nothing does, or no number."""
    return [min(int(part), 9999) if part.isdecimal() else 0 for part in given.split(";")]


def bounded(at: int, size: int) -> int:
    return max(0, min(at, size - 1))
