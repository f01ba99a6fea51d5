"""Days, numbers and names as the sentences about nights have them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from evalkit.text import shown

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
NUMBERS = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)
LONG = 80  # characters of what others wrote


def day(one: date, year: int) -> str:
    """14 Nov, and the year where it is not `year`."""
    text = f"{one.day} {MONTHS[one.month - 1]}"
    return text if one.year == year else f"{text} {one.year}"


def points(share: float) -> str:
    """-0.0347 as −3.5, with its sign."""
    text = f"{abs(100 * share):.1f}"
    return text if text == "0.0" else f"{'−' if share < 0 else '+'}{text}"


def percent(share: float | None) -> str:
    """0.671 as 67.1."""
    return "unknown" if share is None else f"{100 * share:.1f}"


def number(count: int) -> str:
    return NUMBERS[count] if count < len(NUMBERS) else str(count)


def many(count: int, noun: str, plural: str = "") -> str:
    """one task, two tasks."""
    return f"{number(count)} {noun if count == 1 else plural or noun + 's'}"


def unread(files: int) -> str:
    return many(files, "file that cannot be read", "files that cannot be read")


def listed(parts: Sequence[str]) -> str:
    """a, b and c."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def sentence(text: str) -> str:
    """With a capital, where it begins with one of our own words."""
    return text[:1].upper() + text[1:]


def plain(text: str, width: int = LONG) -> str:
    """What others wrote: on one line, cut, nothing in it that hides or reverses text."""
    line = shown(" ".join(text.split()))
    return f"{line[: width - 1]}…" if len(line) > width else line
