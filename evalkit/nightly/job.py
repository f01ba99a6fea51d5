"""The night as a job's summary on GitHub: Markdown, within its limit in bytes, above which GitHub shows
nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from evalkit.nightly.latest import latest
from evalkit.nightly.standing import Outlook, Standing
from evalkit.report.formats.markdown import escape, piped
from evalkit.text import shown

LIMIT = 900_000  # bytes of one step; GitHub takes 1,024 KiB
CUT = "*Cut here, at GitHub's limit: the dashboard has the rest.*\n"
MARKS = {
    "regressed": "🔴",
    "acknowledged": "🟠",
    "watch": "🟡",
    "improved": "🔵",
    "steady": "🟢",
    "learning": "⚪",
    "ended": "⚫",
}


def add_to_summary(outlook: Outlook, file: Path) -> None:
    """What other commands of the same step wrote stays before it, and counts."""
    before = file.stat().st_size if file.exists() else 0
    text = summary(outlook, LIMIT - before)
    with file.open("a", encoding="utf-8") as out:
        out.write(text)


def summary(outlook: Outlook, limit: int = LIMIT) -> str:
    """What happened in words, the series in a table, what is open; "" where not even a line has room."""
    return within("\n".join(lines(outlook)) + "\n", limit)


def lines(outlook: Outlook) -> Iterator[str]:
    from evalkit.nightly.words import headline, lede, told

    yield f"## {text(outlook.name)}, {outlook.day}: {text(headline(outlook))}"
    yield ""
    yield text(lede(outlook))
    yield ""
    if outlook.missing:
        yield piped(["Not whole this night", "why"])
        yield piped([":---", ":---"])
        for series, why in outlook.missing.items():
            yield piped([text(series), text(why)])
        yield ""
    for one in outlook.damaged:
        yield f"- {text(one.told)}."
    if outlook.damaged:
        yield ""
    yield piped(["Suite", "Model", "Score", "Change", "Last night", "Tasks", "State"])
    yield piped([":---", ":---", "---:", "---:", "---:", "---:", ":---"])
    for standing in outlook.standings:
        yield row(standing)
    for standing in outlook.standings:
        for event in standing.events:
            if event.over is None and event.state in ("new", "acknowledged"):
                yield ""
                yield text(told(event, standing))
    yield ""
    expected = f"{outlook.false_alarms:.1f}"
    yield "Score: mean of the last seven nights that count; change: from the baseline, in points."
    yield ""
    yield f"False drop alarms expected a month over all series, where nothing changes: {expected}."


def row(standing: Standing) -> str:
    """The score and the change as the page, the badge and the feed have them; a hollow night in brackets."""
    series, now = standing.series, latest(standing.watched)
    point = standing.watched.points[-1] if standing.watched.points else None
    last = share(point.score) if point else ""
    if point and point.hollow:
        last = f"({last})" if last else "–"
    change = "" if now.change is None else f"{100 * now.change:+z.1f}".replace("-", "−")
    tasks = len(series.nights[-1].tasks) if series.nights else 0
    state = f"{MARKS.get(standing.stands, '')} {standing.stands}".strip()
    names = text(series.title or series.suite), text(series.model)
    return piped([*names, share(now.score), change, last, f"{tasks:,}", state])


def share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f}"


def text(value: str) -> str:
    """Prints as it is, on one line, in a cell or alone."""
    return escape(" ".join(shown(value).split()))


def within(said: str, limit: int) -> str:
    """Cut on the border of a line where it is too large, with a line that says so."""
    if len(said.encode()) <= limit:
        return said
    room = limit - len(CUT.encode()) - 1
    kept: list[str] = []
    for line in said.splitlines(keepends=True):
        room -= len(line.encode())
        if room < 0:
            break
        kept.append(line)
    if limit < len(CUT.encode()):
        return ""
    return "".join(kept) + ("\n" if kept else "") + CUT
