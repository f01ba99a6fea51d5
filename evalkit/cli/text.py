"""What a terminal adds to text: colours and columns."""

from __future__ import annotations

import os
import sys
from typing import TextIO

from evalkit.text import count, duration, money, one_line, percent, size, visible

__all__ = ["Style", "count", "duration", "money", "one_line", "percent", "size", "table", "visible"]


class Style:
    """Colours, where `stream` is a terminal that wants them; elsewhere the text as it is."""

    def __init__(self, stream: TextIO | None = None) -> None:
        stream = sys.stdout if stream is None else stream
        plain = os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") == "dumb"
        self.on = stream.isatty() and not plain

    def _paint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.on else text

    def bold(self, text: str) -> str:
        return self._paint("1", text)

    def dim(self, text: str) -> str:
        return self._paint("2", text)

    def good(self, text: str) -> str:
        return self._paint("32", text)

    def bad(self, text: str) -> str:
        return self._paint("31", text)

    def warn(self, text: str) -> str:
        return self._paint("33", text)


def table(rows: list[list[str]], right: frozenset[int] = frozenset()) -> str:
    """Columns padded to their widest cell, two spaces between; `right` are those aligned right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = (
        "  ".join(
            c.rjust(w) if i in right else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)
