"""What stands beside the chart: the alarm in figures, what people said of it, and what else changed then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from evalkit.nightly.dating import CLEAR
from evalkit.nightly.latest import latest
from evalkit.nightly.page.days import change, many, points, short, span
from evalkit.nightly.page.seen import band, open_event
from evalkit.nightly.standing import Event, Standing
from evalkit.nightly.turns import turns
from evalkit.nightly.watch import Point
from evalkit.report.page.links import address
from evalkit.stats.baseline import LEAST_NIGHTS
from evalkit.stats.cusum import LIMIT


@dataclass(frozen=True)
class Panel:
    """`lines`: name and figure. `said`: of an acknowledged alarm (name, words). `link`: where its issue is an
    address. `differs`: (fact, change, day); `same`: names of facts that did not change.
    `event`: whose it is, None for a series without an open alarm."""

    title: str
    lines: Sequence[tuple[str, str]]
    said: Sequence[tuple[str, str]] = ()
    link: str = ""
    differs: Sequence[tuple[str, str, str]] = ()
    same: str = ""
    event: Event | None = None


def panel(standing: Standing, now: date) -> Panel:
    event = open_event(standing)
    if event is None:
        return Panel("As it stands", list(quiet(standing, now)))
    return Panel(
        "What changed",
        list(alarmed(standing, event, now)),
        list(said(event, now)),
        address(event.note.issue) if event.note else "",
        [
            (t.name, f"{known(t.before)} → {known(t.after)}", short(t.day, now))
            for t in turns(event, standing.series)
        ],
        same(standing, event),
        event,
    )


def alarmed(standing: Standing, event: Event, now: date) -> Iterator[tuple[str, str]]:
    drop = event.direction == "drop"
    yield "Before", points(event.before)
    yield "After", points(event.after)
    low, high = event.interval
    yield "Difference, 95%", f"{change(event.difference)} [{change(low)}, {change(high)}]"
    yield ("First bad night" if drop else "First better night"), short(event.first, now)
    yield "99% interval", span(event.low, event.high, now)
    yield "Alarm raised", short(event.raised, now)
    clear = [one for one in event.moved if one.p < CLEAR]
    lower = sum(one.difference < 0 for one in clear)
    if event.moved:
        yield "Tasks clearly lower / higher", f"{lower} / {len(clear) - lower}"
    if last := last_point(standing):
        yield f"CUSUM, alarm at {LIMIT:g}", f"{last.down if drop else last.up:.1f}"


def known(text: str) -> str:
    return text or "not known"


def said(event: Event, now: date) -> Iterator[tuple[str, str]]:
    if event.note is None:
        return
    yield "By", f"{event.note.who}, {short(event.note.on, now)}"
    yield "Why", event.note.why
    if event.note.issue:
        yield "Issue", event.note.issue
    if event.note.until:
        yield "Until", short(event.note.until, now)


def quiet(standing: Standing, now: date) -> Iterator[tuple[str, str]]:
    week = latest(standing.watched)
    yield f"Mean of the last {many(week.nights, 'night')}", points(week.score)
    last = last_point(standing)
    if last is None or last.expected is None or (edges := band(last)) is None:
        counted = [p for p in standing.watched.points if not p.hollow]
        here = [p for p in counted if p.epoch == counted[-1].epoch]
        yield "Nights for a baseline", f"{len(here)} of {LEAST_NIGHTS}"
        return
    yield "Baseline", points(last.expected)
    yield "Change from it", change(week.change)
    yield "95% of nights fall in", f"{points(edges[0])} to {points(edges[1])}"
    yield "Last night that counts", short(last.day, now)
    yield f"CUSUM of a drop, alarm at {LIMIT:g}", f"{last.down:.1f}"
    yield f"CUSUM of a rise, alarm at {LIMIT:g}", f"{last.up:.1f}"
    if past := [e for e in standing.events if e.over is not None or e.state == "expected"]:
        yield "Alarms that are over", many(len(past), "alarm")


def last_point(standing: Standing) -> Point | None:
    return next((p for p in reversed(standing.watched.points) if not p.hollow), None)


def same(standing: Standing, event: Event) -> str:
    """Names of what is known of the nights around the change and did not change with it."""
    known = [n.facts for n in standing.series.nights if event.low <= n.day <= event.high and not n.hollow]
    differ = {name for name, _, _ in event.differs}
    names = dict.fromkeys(name for facts in known for name in facts if name not in differ)
    return ", ".join(names)
