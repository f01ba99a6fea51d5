"""The key of a figure: what its marks, lines and colours mean, in lines that fit the sheet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evalkit.report.figures.sheet import SMALL, Fill, Sheet, plain
from evalkit.report.palette import Mark

LINE = 0.16  # inches from one line to the next
SIGN, AFTER, APART = 0.13, 0.05, 0.16  # a sign's width, the room after it, the room between two entries


@dataclass(frozen=True)
class Entry:
    """`draw` puts the sign with its middle at (x, y), in inches."""

    text: str
    draw: Callable[[Sheet, float, float], None]


def marked(text: str, mark: Mark, fill: Fill) -> Entry:
    return Entry(text, lambda sheet, x, y: sheet.mark(mark, x, y, fill=fill))


def ringed(text: str, fill: Fill) -> Entry:
    """A mark of no model."""
    circle = Mark(0, "circle")
    return Entry(text, lambda sheet, x, y: sheet.mark(circle, x, y, fill=fill, colour=sheet.muted))


def lined(text: str, style: str = "-", colour: str = "") -> Entry:
    def draw(sheet: Sheet, x: float, y: float) -> None:
        sheet.line(x - SIGN / 2, y, SIGN, colour or sheet.muted, lw=1.0, ls=style)

    return Entry(text, draw)


def boxed(text: str, colour: str, *, filled: bool = True) -> Entry:
    def draw(sheet: Sheet, x: float, y: float) -> None:
        face = colour if filled else "none"
        sheet.box(x - 0.04, y - 0.04, 0.08, 0.08, facecolor=face, edgecolor=colour, lw=0.6)

    return Entry(text, draw)


def lines_of(entries: Sequence[Entry], width: float, sheet: Sheet) -> list[list[Entry]]:
    """The entries in lines of at most `width` inches."""
    lines: list[list[Entry]] = [[]]
    used = 0.0
    for entry in entries:
        takes = SIGN + AFTER + min(sheet.wide(plain(entry.text), SMALL), width - SIGN - AFTER) + APART
        if lines[-1] and used + takes - APART > width:
            lines.append([])
            used = 0.0
        lines[-1].append(entry)
        used += takes
    return [line for line in lines if line]


def draw_legend(sheet: Sheet, entries: Sequence[Entry], x: float, y: float, width: float) -> None:
    """Beginning with its first line at `y`."""
    for row, line in enumerate(lines_of(entries, width, sheet)):
        at, middle = x, y + row * LINE
        for entry in line:
            entry.draw(sheet, at + SIGN / 2, middle)
            at += SIGN + AFTER
            at += (
                sheet.text(at, middle, entry.text, size=SMALL, colour=sheet.muted, fit=width - SIGN - AFTER)
                + APART
            )
