"""What there is to tell of an outlook: a message an event. Each has a key, by which it is told once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from evalkit.nightly.alerts.settings import Kind
from evalkit.nightly.dating import CLEAR
from evalkit.nightly.feed import event_object, summary
from evalkit.nightly.phrases import unread
from evalkit.nightly.standing import Event, Outlook, Standing
from evalkit.nightly.telling import on_suite, told
from evalkit.text import one_line

NEWS = timedelta(days=7)  # an improvement or a mended drop that is older is no news to whoever was not told
MOST_TASKS, MOST_LINES = 5, 20


@dataclass(frozen=True)
class Message:
    """`title` is one line, `text` several. `keys`: what it tells. `facts`: the same for programs, as in the
    feed."""

    kind: Kind
    keys: tuple[str, ...]
    plan: str
    day: date
    title: str
    text: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.plan}--{self.kind}--{self.keys[0]}"


def messages(outlook: Outlook, absent: Mapping[str, date]) -> Iterator[Message]:
    """All that could be told. `absent`: what is missing or damaged, and since which night."""
    for standing in outlook.standings:
        if standing.ended:
            continue
        for event in reversed(standing.events):
            if kind := _kind(event, outlook.day):
                yield _of_event(kind, event, standing, outlook)
    if outlook.troubles:
        yield _incomplete(outlook, absent)
    yield from _quarantine(outlook)


def _kind(event: Event, day: date) -> Kind | None:
    if event.state == "new":
        recent = day - event.raised <= NEWS
        return "drop" if event.direction == "drop" else ("rise" if recent else None)
    if event.state == "fixed" and event.over is not None and day - event.over <= NEWS:
        return "fixed"
    return None


def _of_event(kind: Kind, event: Event, standing: Standing, outlook: Outlook) -> Message:
    series = standing.series
    points = f"{100 * event.difference:+.1f} points".replace("-", "−")
    begin = {"drop": "Regression", "rise": "Improvement", "fixed": "Fixed"}[kind]
    key = event.id
    if kind == "drop" and event.note:  # it was acknowledged, for a time that is over
        begin, key = "Regression again", f"{event.id}--{event.note.until}"
    facts = summary(standing)
    del facts["events"], facts["quarantined"]
    return Message(
        kind,
        (key,),
        outlook.name,
        outlook.day,
        one_line(f"{begin}: {series.model} on {on_suite(standing)}, {points}", 200),
        "\n".join(_lines(kind, event, standing)),
        {"series": facts, "event": event_object(event, standing)},
    )


def _lines(kind: Kind, event: Event, standing: Standing) -> Iterator[str]:
    yield told(event, standing)
    yield ""
    clear = [one for one in event.moved if one.p < CLEAR] if kind != "fixed" else []
    for one in clear[:MOST_TASKS]:
        yield f"Task {one.task}: {one.before[0]}/{one.before[1]} before, {one.after[0]}/{one.after[1]} after"
    if len(clear) > MOST_TASKS:
        yield f"and {len(clear) - MOST_TASKS} more tasks"
    yield f"Event {event.id}"


def _incomplete(outlook: Outlook, absent: Mapping[str, date]) -> Message:
    """One for all series that are missing, mostly for one reason, and for files that cannot be read."""
    lines = [f"{series}: {why}" for series, why in sorted(outlook.missing.items())]
    lines += [one.told for one in outlook.damaged]
    if len(lines) > MOST_LINES:
        lines[MOST_LINES:] = [f"and {len(lines) - MOST_LINES} more"]
    total = len({standing.series.id for standing in outlook.standings} | set(outlook.missing))
    parts = [f"{len(outlook.missing)} of {total} series"] if outlook.missing else []
    parts += [unread(len(outlook.damaged))] if outlook.damaged else []
    return Message(
        "incomplete",
        tuple(f"{one}--{absent.get(one, outlook.day)}" for one in sorted(outlook.troubles)),
        outlook.name,
        outlook.day,
        f"Incomplete night {outlook.day}: {', '.join(parts)}",
        "\n".join(lines),
        {"missing": dict(sorted(outlook.missing.items())), "damaged": [one.told for one in outlook.damaged]},
    )


def _quarantine(outlook: Outlook) -> Iterator[Message]:
    ended = {
        (one.suite, one.task, one.until): one
        for standing in outlook.standings
        for one in standing.quarantined
        if one.expired(outlook.day)
    }
    for (suite, task, until), one in sorted(ended.items()):
        yield Message(
            "quarantine",
            (f"{suite}--{task}--{until}",),
            outlook.name,
            outlook.day,
            one_line(f"Quarantine ended: {task} of {suite}", 200),
            f"It counts in alarms again from {until + timedelta(days=1)} on. {one.owner} had left it out"
            f" since {one.since}: {one.reason}" + (f" ({one.issue})" if one.issue else ""),
            {
                "suite": suite,
                "task": task,
                "reason": one.reason,
                "owner": one.owner,
                "issue": one.issue,
                "until": until.isoformat(),
            },
        )
