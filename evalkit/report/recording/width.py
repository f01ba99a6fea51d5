"""How many cells a character takes, and which others are shown in its place."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

UNSEEN = ("Cc", "Cf", "Zl", "Zp")  # bidi marks, zero widths, tags: a terminal shows nothing for them
ACCENTS = ("Mn", "Me")
LINES = dict(zip(map(ord, "`afgjklmnopqrstuvwxyz{|}~"), "◆▒°±┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·", strict=True))


@lru_cache(4096)
def width(character: str) -> int:
    """0 (goes with the character before it), 1 or 2."""
    if unicodedata.category(character) in ACCENTS:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


class _Seen(dict[int, int | str | None]):
    """A table for str.translate that decides about each character when it first sees it."""

    def __missing__(self, code: int) -> int | str | None:
        kind = unicodedata.category(chr(code))
        self[code] = None if kind in UNSEEN else "\ufffd" if kind == "Cs" else code
        return self[code]


SEEN = _Seen()
