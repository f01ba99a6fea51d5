"""asciicast v2, read from a file that a hostile program may have filled.

A header in JSON, then a line of JSON an event: [seconds since the start, kind, text]. Kinds: "o" what was
printed, "i" what was typed, "r" a new size ("100x50"), "m" a remark. Others show nothing.
Source: docs.asciinema.org/manual/asciicast/v2, read in November 2026.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

LARGEST = 16_000_000  # bytes of a file that are looked at
MOST = 200_000  # lines of it
COLUMNS, ROWS = 400, 120  # the largest screen that is shown
SIZE = re.compile(r"(\d{1,6})x(\d{1,6})")


@dataclass(frozen=True)
class Happened:
    """`at`: seconds since the start, never before the event before it. `size` of an "r" alone."""

    at: float
    kind: str
    text: str = ""
    size: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Cast:
    """`size`: columns and rows. `bad`: lines that are no events. `why` it cannot be played: no header of
    "version" 2, or one without a "size"; "" where it can."""

    size: tuple[int, int] = (80, 24)
    happened: tuple[Happened, ...] = ()
    bad: int = 0
    why: str = ""
    cut: int = 0  # bytes that were not looked at


def read_cast(data: bytes) -> Cast:
    """Nothing that stands in a file is an error here: what can be played is."""
    head, _, rest = data[:LARGEST].partition(b"\n")
    header = parsed(head)
    if not isinstance(header, dict) or header.get("version") != 2:
        return Cast(why="version")
    size = sized(header.get("width"), header.get("height"))
    if size is None:
        return Cast(why="size")
    *lines, beyond = rest.split(b"\n", MOST)
    if len(lines) < MOST:
        lines, beyond = [*lines, beyond], b""
    lines = [line for line in lines if line.strip()]
    found = tuple(events(lines))
    return Cast(size, found, len(lines) - len(found), cut=len(beyond) + max(0, len(data) - LARGEST))


def events(lines: list[bytes]) -> Iterator[Happened]:
    now = 0.0
    for line in lines:
        match parsed(line):
            case [int() | float() as at, str(kind), str(text)] if not isinstance(at, bool):
                now = max(now, seconds(at, now))
                if kind != "r":
                    yield Happened(now, kind, text)
                elif (found := SIZE.fullmatch(text)) and (size := sized(*map(int, found.groups()))):
                    yield Happened(now, kind, size=size)


def parsed(line: bytes) -> Any:
    try:
        return json.loads(line.decode("utf-8", "replace"))
    except (ValueError, RecursionError):  # too many digits are a ValueError
        return None


def seconds(at: float, otherwise: float) -> float:
    try:
        return float(at) if math.isfinite(at) and at < 1e9 else otherwise
    except OverflowError:  # a whole number beyond all floats
        return otherwise


def sized(columns: Any, rows: Any) -> tuple[int, int] | None:
    """What fits a page of what was asked for; None where nothing sensible was."""
    for number in (columns, rows):
        if not isinstance(number, int) or isinstance(number, bool) or number < 1:
            return None
    return min(columns, COLUMNS), min(rows, ROWS)
