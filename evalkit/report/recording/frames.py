"""A recording -> plain JSON that a page plays: lines that are ever seen, and at which time a row shows which.

    {"columns": 160, "rows": 40, "ms": how long it plays, "seconds": how long it took,
     "styles": [[fore, back, looks], ...],        as recording/style.py has them; the first is plain
     "lines":  [[text, style, text, style, ...], ...],   a wide character by itself, with style -1 - style
     "frames": [[ms, seconds, cursor, [row, line, row, line, ...]], ...],   cursor: row * 1000 + column, or -1
     "typed":  [[ms, text], ...], and "marked" in the same way: remarks of who recorded it
     "left":   {"bytes": not looked at, "lines": that are no events, "frames": 1 where some were left out},
     "why":    why it cannot be played, or ""}

What waits longer than IDLE plays as IDLE. However long, fast or hostile a recording is, a page gets at
most MOST frames and about LARGEST bytes of it, and the last screen is always there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby, zip_longest
from operator import itemgetter
from typing import Any

from evalkit.report.recording.cast import Cast, Happened, read_cast
from evalkit.report.recording.cells import BLANK, Row
from evalkit.report.recording.screen import Screen
from evalkit.report.recording.style import PLAIN, Style
from evalkit.run.passages import cut
from evalkit.text import shown

IDLE = 2.0  # seconds
STEP = 0.05  # seconds between frames, at the least
MOST = 1_500  # frames
LARGEST = 500_000  # characters of lines and changes, roughly what they take as JSON
SPENT = 4_000_000_000  # of what the screen counts: a few seconds
PIECE = 16_384  # characters
HEAD, TAIL = 2_000_000, 500_000  # characters that go through the screen: of more, the beginning and the end
CONTROLS = {code: f"^{chr(code + 64)}" for code in range(32)}
NAMED = CONTROLS | dict(zip(b"\r\n\t\x1b\x7f", "⏎⏎⇥⎋⌫", strict=True))  # what keys send, by what they are
ANEW = "\x18\x1bc"  # ends what was begun, and clears all
TYPED, KEYS = 1_000, 120  # texts that were typed, and characters of each


def frames(data: bytes, *, largest: int = LARGEST) -> dict[str, Any]:
    """Nothing in `data` is an error: what cannot be played says why."""
    cast = read_cast(data)
    happened = list(played(cast.happened))
    length = happened[-1][0] if happened else 0.0
    step = max(STEP, length / MOST)
    film = Film(cast, largest)
    for _, together in groupby(happened, key=lambda one: int(one[0] / step)):
        for now, one in together:
            film.take(now, one)
        film.show(now, one.at)
    return film.to_json(length)


def played(happened: Iterable[Happened]) -> Iterator[tuple[float, Happened]]:
    """Each with its second of playing, where nobody waits longer than IDLE."""
    now = before = 0.0
    for one in happened:
        now += min(IDLE, one.at - before)
        before = one.at
        yield now, one


def fed(text: str, before: int, total: int) -> Iterator[str]:
    """What the screen gets of `text`, which came after `before` characters of `total`, in pieces."""
    head, tail = (total, total) if total <= HEAD + TAIL else (HEAD, total - TAIL)
    yield from cut_up(text[: max(0, head - before)])
    if head < tail and before <= tail < before + len(text):
        yield ANEW
    yield from cut_up(text[max(0, tail - before) :])


def cut_up(text: str) -> Iterator[str]:
    return (text[at : at + PIECE] for at in range(0, len(text), PIECE))


def last_screen(film: dict[str, Any]) -> str:
    """What the last of these frames shows, as text."""
    rows = [0] * film["rows"]
    for *_, changes in film["frames"]:
        for row, line in zip(changes[::2], changes[1::2], strict=True):
            rows[row] = line
    return "\n".join("".join(film["lines"][line][::2]) for line in rows).rstrip()


class Film:
    """Frames that grow while events are taken, until there is no more room; the last one has it always."""

    def __init__(self, cast: Cast, largest: int) -> None:
        self._cast, self._room = cast, largest
        self._screen = Screen(*cast.size)
        self._total = sum(len(one.text) for one in cast.happened if one.kind == "o")
        self._before = 0
        self._lines: dict[tuple[Any, ...], int] = {(): 0}
        self._styles: dict[Style, int] = {PLAIN: 0}
        self._shown: list[int] = []  # the line in each row of the last frame
        self._frames: list[list[Any]] = []
        self._said: dict[str, list[list[Any]]] = {"i": [], "m": []}
        self._most = cast.size
        self._full = False

    def take(self, now: float, one: Happened) -> None:
        if one.kind == "o":
            for text in fed(one.text, self._before, self._total):
                if self._screen.spent < SPENT:
                    self._screen.feed(text)
            self._before += len(one.text)
        elif one.kind == "r":
            self._screen.resize(*one.size)
            self._most = max(self._most[0], one.size[0]), max(self._most[1], one.size[1])
        elif one.kind in self._said and len(self._said[one.kind]) < TYPED:
            self._said[one.kind].append([round(now * 1000), shown(cut(one.text, KEYS).translate(NAMED))])

    def show(self, now: float, at: float, *, last: bool = False) -> None:
        """The screen as it is, where it is another than before."""
        self._full |= self._room <= 0 or self._screen.spent >= SPENT
        if self._full and not last:
            return
        screen = self._screen
        lines = [self._line(row) for row in screen.rows]
        pairs = enumerate(zip_longest(self._shown, lines, fillvalue=0))
        changes = [part for number, (was, line) in pairs if was != line for part in (number, line)]
        self._shown = lines
        cursor = screen.pen.y * 1000 + screen.pen.x if screen.cursor else -1
        if changes or not self._frames or self._frames[-1][2] != cursor:
            self._frames.append([round(now * 1000), round(at), cursor, changes])
            self._room -= 20 + 6 * len(changes)

    def _line(self, row: Row) -> int:
        """The number of what a row shows."""
        if row.drawn is None:
            self._screen.spent += 400 * len(row.cells)
            runs = tuple(self._runs(row))
            known = len(self._lines)
            row.drawn = self._lines.setdefault(runs, known)
            if row.drawn == known:
                self._room -= 4 + sum(len(part) + 3 if isinstance(part, str) else 4 for part in runs)
        return row.drawn

    def _runs(self, row: Row) -> Iterator[Any]:
        """Text and style in turn; blanks at the end say nothing."""
        cells = row.cells
        end = len(cells)
        while end and cells[end - 1] == BLANK:
            end -= 1
        wide = [at + 1 < len(cells) and not cells[at + 1][0] for at in range(end)]
        numbered = [
            (cell[0], self._style(cell[1]), wide[at]) for at, cell in enumerate(cells[:end]) if cell[0]
        ]
        for (style, double), run in groupby(numbered, key=itemgetter(1, 2)):
            texts = [text for text, _, _ in run]
            for text in texts if double else ["".join(texts)]:
                yield shown(text)
                yield -1 - style if double else style

    def _style(self, style: Style) -> int:
        seen, known = style.seen(), len(self._styles)
        number = self._styles.setdefault(seen, known)
        if number == known:
            self._room -= 24
        return number

    def to_json(self, length: float) -> dict[str, Any]:
        cast = self._cast
        took = cast.happened[-1].at if cast.happened else 0.0
        self.show(length, took, last=True)
        left = {
            "bytes": cast.cut + max(0, self._total - HEAD - TAIL),
            "lines": cast.bad,
            "frames": int(self._full),
        }
        return {
            "columns": self._most[0],
            "rows": self._most[1],
            "ms": round(length * 1000),
            "seconds": round(took),
            "styles": list(map(list, self._styles)),
            "lines": list(map(list, self._lines)),
            "frames": self._frames,
            "typed": self._said["i"],
            "marked": self._said["m"],
            "left": left,
            "why": cast.why,
        }
