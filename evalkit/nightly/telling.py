"""One event in sentences: by how much, since when, what else changed then, what was said of it."""

from __future__ import annotations

from evalkit.nightly.dating import CLEAR
from evalkit.nightly.phrases import day, listed, many, number, percent, plain, points, sentence
from evalkit.nightly.standing import Event, Note, Standing
from evalkit.nightly.turns import Turn, turns

MOST = 3  # facts that are told one by one


def told(event: Event, standing: Standing) -> str:
    """All of it."""
    low, high = (points(end) for end in event.interval)
    size = (
        f"from {percent(event.before)} to {percent(event.after)}; 95% interval of the change {low} to {high}"
    )
    clear = [one for one in event.moved if one.p < CLEAR]
    lower, higher = sum(one.difference < 0 for one in clear), sum(one.difference > 0 for one in clear)
    tasks = f"{sentence(many(lower, 'task'))} clearly lower, {_none(higher)} clearly higher."
    return f"{change(event, standing)} ({size}). {since(event, standing)} {tasks} {state(event, standing)}"


def change(event: Event, standing: Standing) -> str:
    """Without a full stop."""
    verb = "lost" if event.direction == "drop" else "gained"
    much = f"{abs(100 * event.difference):.1f}"
    return f"{plain(standing.series.model)} {verb} {much} points on {on_suite(standing)}"


def since(event: Event, standing: Standing) -> str:
    """The first night, its interval, and what else changed in these nights."""
    year, found = year_of(standing), turns(event, standing.series)
    dated = f"The change dates from {day(event.first, year)}"
    if event.low < event.high:
        dated += f" (99% interval: {day(event.low, year)} to {day(event.high, year)})"
    if not found:
        return f"{dated}. Nothing else that is recorded changed then."
    same = [_turned(turn) for turn in found if turn.day == event.first]
    other = [f"{_turned(turn)} on {day(turn.day, year)}" for turn in found if turn.day != event.first]
    first = f"{dated}, the night {_some(same)}." if same else f"{dated}."
    return f"{first} Within that interval, {_some(other)}." if other else first


def state(event: Event, standing: Standing) -> str:
    """What was said of it, or how it ended."""
    year, note = year_of(standing), event.note
    over = day(event.over, year) if event.over else ""
    if event.state == "fixed":
        return f"Fixed: on {over} it was clear that the old level is back."
    if event.state == "expected" and note:
        return f"Expected: a new baseline began on {over}. {_said(note)}"
    if event.state == "closed":
        return f"Closed on {over}: {plain(event.ended, 200)}."
    if event.state == "acknowledged":
        return sentence(acknowledged(event, standing))
    if note and note.until:
        return f"It was acknowledged until {day(note.until, year)}, which is over. {_said(note)}"
    if event.direction == "rise":
        return "The baseline is still the old level: `evalkit nightly expect` makes this the one to keep."
    return "Nobody has spoken for it yet."


def acknowledged(event: Event, standing: Standing) -> str:
    note = event.note
    if note is None:
        return "acknowledged."
    until = f" until {day(note.until, year_of(standing))}" if note.until else ""
    return f"acknowledged{until}. {_said(note)}"


def on_suite(standing: Standing) -> str:
    return plain(standing.series.title or standing.series.suite)


def year_of(standing: Standing) -> int:
    """Days of the last night's year are told without it."""
    return standing.series.nights[-1].day.year


def _said(note: Note) -> str:
    issue = f" ({plain(note.issue)})" if note.issue else ""
    return f"{plain(note.who)}: {plain(note.why, 200).rstrip('.')}{issue}."


def _turned(turn: Turn) -> str:
    name, before, after = plain(turn.name), plain(turn.before), plain(turn.after)
    if not before:
        return f"{name} was first recorded ({after})"
    if not after:
        return f"{name} was recorded no more ({before} before)"
    return f"{name} changed from {before} to {after}"


def _none(count: int) -> str:
    return number(count) if count else "none"


def _some(parts: list[str]) -> str:
    left = len(parts) - MOST
    return listed([*parts[:MOST], many(left, "other fact") + " changed"] if left > 0 else parts)
