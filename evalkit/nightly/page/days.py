"""Days and scores as the page prints them."""

from __future__ import annotations

from datetime import date

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
FULL = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
MINUS = "\N{MINUS SIGN}"


def short(day: date, now: date | None = None) -> str:
    """14 Nov; with its year where that is not the year of `now`."""
    words = f"{day.day} {MONTHS[day.month - 1]}"
    return words if now is None or day.year == now.year else f"{words} {day.year}"


def long(day: date) -> str:
    return f"{day.day} {FULL[day.month - 1]} {day.year}"


def span(low: date, high: date, now: date) -> str:
    return short(low, now) if low == high else f"{short(low, now)} to {short(high, now)}"


def points(share: float | None, digits: int = 1) -> str:
    """A share as percentage points: 63.6."""
    return "–" if share is None else signless(100 * share, digits)


def signless(value: float, digits: int = 1) -> str:
    text = f"{abs(value):.{digits}f}"
    return text if value >= 0 or not float(text) else f"{MINUS}{text}"


def change(share: float | None, digits: int = 1) -> str:
    """A difference of shares with its sign: +2.6, −3.5, 0.0."""
    if share is None:
        return "–"
    text = f"{abs(100 * share):.{digits}f}"
    return text if not float(text) else f"{'+' if share > 0 else MINUS}{text}"


def many(n: int, one: str, more: str = "") -> str:
    """1 night, 2 nights."""
    return f"{n:,} {one if n == 1 else more or one + 's'}"
