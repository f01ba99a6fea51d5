"""Recordings of terminals: asciicast v2, which asciinema and its players know.

A header, then events: seconds since the beginning, by this host's clock; "o" what was printed, "i" what was
typed, "r" another size, "m" a mark. Their size is bounded: what goes over is told in a mark, and on the
screen.
"""

from __future__ import annotations

import codecs
import json
import time
from collections.abc import Callable

MOST_BYTES = 8 << 20
TOGETHER_S = 0.02  # what is printed within it makes one event
CUT = "the recording is cut here: it had grown to its limit"


class Recording:
    """One session's, of a terminal that may be made anew meanwhile. `clock`: seconds."""

    def __init__(
        self,
        width: int = 160,
        height: int = 40,
        *,
        limit: int = MOST_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock, self._limit = clock, limit
        self._began = clock()
        self._header = {
            "version": 2,
            "width": width,
            "height": height,
            "timestamp": int(time.time()),
            "env": {"TERM": "tmux-256color"},
        }
        self._lines: list[str] = []
        self._size = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._open: tuple[float, list[str]] | None = None  # the event of output that more may come to
        self.cut = False

    def output(self, data: bytes) -> None:
        text = self._decoder.decode(data)
        if not text:
            return
        now = self._now()
        if self._open and now - self._open[0] < TOGETHER_S:
            self._open[1].append(text)
            return
        self._settle()
        self._open = (now, [text])

    def typed(self, text: str) -> None:
        self._event("i", text)

    def resized(self, width: int, height: int) -> None:
        self._event("r", f"{width}x{height}")

    def mark(self, text: str) -> None:
        """A note of ours on what happened, for who looks at it."""
        self._event("m", text)

    def cast(self) -> bytes:
        self._settle()
        head = json.dumps(self._header)
        return "".join(f"{line}\n" for line in (head, *self._lines)).encode()

    # -- events ------------------------------------------------------------------------------------
    def _now(self) -> float:
        return self._clock() - self._began

    def _event(self, kind: str, text: str) -> None:
        self._settle()
        self._add(self._now(), kind, text)

    def _settle(self) -> None:
        if self._open:
            at, texts = self._open
            self._open = None
            self._add(at, "o", "".join(texts))

    def _add(self, at: float, kind: str, text: str) -> None:
        if self.cut:
            return
        line = json.dumps([round(at, 3), kind, text])
        if self._size + len(line) > self._limit:
            self.cut = True
            self._lines.append(json.dumps([round(at, 3), "m", CUT]))
            self._lines.append(json.dumps([round(at, 3), "o", f"\r\n\x1b[0m[{CUT}]\r\n"]))
            return
        self._size += len(line) + 1
        self._lines.append(line)
