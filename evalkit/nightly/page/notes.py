"""Lists over all series: alarms and what became of them, quarantined tasks, what a reader must know first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from evalkit.nightly.flaky import Flakiness, flakiest
from evalkit.nightly.page.days import change, many, short, span
from evalkit.nightly.page.signs import state
from evalkit.nightly.page.view import SeriesView
from evalkit.nightly.standing import Event, Outlook
from evalkit.report.page.links import address


@dataclass(frozen=True)
class Told:
    """An alarm as printed. `said`: who, why and until when, "" where nobody said anything; `issue` with
    `link`, where it is an address."""

    event: Event
    view: SeriesView
    size: str
    first: str
    raised: str
    sign: Markup
    said: str
    issue: str
    link: str


@dataclass(frozen=True)
class Apart:
    """A quarantined task as printed."""

    suite: str
    task: str
    reason: str
    owner: str
    flips: str
    issue: str
    link: str
    since: str
    until: str
    expired: bool


def events(views: Sequence[SeriesView], now: date) -> Sequence[Told]:
    """Newest first."""
    both = [(event, view) for view in views for event in view.standing.events]
    both.sort(key=lambda one: (-one[0].raised.toordinal(), one[1].number, one[0].id))
    return [told(event, view, now) for event, view in both]


def told(event: Event, view: SeriesView, now: date) -> Told:
    low, high = event.interval
    note = event.note
    return Told(
        event,
        view,
        "–"
        if event.state == "expected" and not event.moved
        else f"{change(event.difference)} [{change(low)}, {change(high)}]",
        f"{short(event.first, now)} ({span(event.low, event.high, now)})",
        short(event.raised, now),
        state(event.state, event.direction),
        ". ".join(said(event, now)),
        note.issue if note else "",
        address(note.issue) if note else "",
    )


def said(event: Event, now: date) -> Iterator[str]:
    if event.over is not None:
        why = f": {event.ended}" if event.ended and not event.ended.startswith("expected: ") else ""
        yield f"Over on {short(event.over, now)}{why}"
    if event.note is not None:
        yield f"{event.note.who}, {short(event.note.on, now)}: {event.note.why}"
        if event.note.until:
            yield f"Until {short(event.note.until, now)}"


def quarantined(outlook: Outlook) -> Sequence[Apart]:
    """Once for each suite, those that have expired first."""
    found = {(one.suite, one.task): one for s in outlook.standings for one in s.quarantined}
    ordered = sorted(found.values(), key=lambda one: (one.until, one.suite, one.task))
    return [
        Apart(
            one.suite,
            one.task,
            one.reason,
            one.owner,
            rate(flakiest(outlook.standings, one.suite, one.task)),
            one.issue,
            address(one.issue),
            short(one.since, outlook.day),
            short(one.until, outlook.day),
            one.expired(outlook.day),
        )
        for one in ordered
    ]


def rate(flaky: Flakiness) -> str:
    return f"{flaky.rate:.2f}" if flaky.pairs else "–"


def warnings(outlook: Outlook, views: Sequence[SeriesView]) -> Sequence[str]:
    """What limits all that the page says."""
    by_id = {view.standing.series.id: view for view in views}
    found = [
        f"{by_id[one].title if one in by_id else one}: no whole run this night, {why}"
        for one, why in outlook.missing.items()
    ]
    found += [f"{one.told}." for one in outlook.damaged]
    if made := sum(view.simulated for view in views):
        nights = sum(len(view.standing.series.nights) for view in views)
        found.append(
            f"Simulated, not run: {made:,} of {many(nights, 'night')} of all series. Charts mark them."
        )
    return found
