"""Days and scores as the page prints them: as the sentences have them, and a dash where nothing is known."""

from __future__ import annotations

from datetime import date

from evalkit.nightly import phrases

FULL = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def short(day: date, now: date | None = None) -> str:
    """14 Nov; with its year where that is not the year of `now`."""
    return phrases.day(day, (now or day).year)


def long(day: date) -> str:
    return f"{day.day} {FULL[day.month - 1]} {day.year}"


def span(low: date, high: date, now: date) -> str:
    return short(low, now) if low == high else f"{short(low, now)} to {short(high, now)}"


def points(share: float | None) -> str:
    """A share as percentage points: 63.6."""
    return "–" if share is None else phrases.percent(share)


def change(share: float | None) -> str:
    """A difference of shares with its sign: +2.6, −3.5, 0.0."""
    return "–" if share is None else phrases.points(share)


def many(n: int, one: str, more: str = "") -> str:
    """1 night, 2 nights."""
    return f"{n:,} {one if n == 1 else more or one + 's'}"
