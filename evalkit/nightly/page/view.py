"""A series' section as values: what the template prints of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup

from evalkit.nightly.history import Night
from evalkit.nightly.latest import latest
from evalkit.nightly.page.chart import chart
from evalkit.nightly.page.days import change, points, short
from evalkit.nightly.page.detail import Detail, detail
from evalkit.nightly.page.facts import Panel, panel
from evalkit.nightly.page.seen import (
    Seen,
    band,
    changes,
    compared_apart,
    epochs,
    everything,
    open_event,
    seen,
)
from evalkit.nightly.page.signs import colour, stand
from evalkit.nightly.page.spark import spark
from evalkit.nightly.page.sums import sums
from evalkit.nightly.standing import Outlook, Standing
from evalkit.nightly.telling import told
from evalkit.nightly.watch import Point

ROWS = 30  # nights that the table lists
LISTED = 60  # of other lists; older ones are counted


@dataclass(frozen=True)
class Row:
    """One night of the table, as printed."""

    day: str
    score: str
    expected: str
    band: str
    z: str
    down: str
    up: str
    said: str


@dataclass(frozen=True)
class Entries:
    """Days and words, newest first, LISTED at most; `total` counts all."""

    shown: Sequence[tuple[str, str]]
    total: int

    @property
    def rest(self) -> int:
        return self.total - len(self.shown)


@dataclass(frozen=True)
class SeriesView:
    """`anchor`: what links name. `all`: a chart of every night,
    where the first one does not show them. `rows`: the last nights, newest first. `detail`: what stands below
    it, task by task."""

    standing: Standing
    number: int
    anchor: str
    title: str
    unit: str
    sign: Markup
    css: str
    told: str
    chart: Markup
    sums: Markup
    all: Markup
    spark: Markup
    score: str
    change: str
    panel: Panel
    changed: Entries
    began: Entries
    hollow: Entries
    gaps: str
    missing: str
    simulated: int
    rows: Sequence[Row]
    detail: Detail | None

    @property
    def rise(self) -> bool:
        return self.panel.event is not None and self.panel.event.direction == "rise"

    @property
    def news(self) -> bool:
        """Whether something is open that nobody has spoken for: its section is open, too."""
        return any(event.state == "new" for event in self.standing.open)

    @property
    def href(self) -> str:
        return "#" + quote(self.anchor)


def series(outlook: Outlook, standing: Standing, number: int, folder: Path) -> SeriesView:
    title = name(outlook, standing)
    shown = seen(standing, outlook.day)
    now = latest(standing.watched)
    event = open_event(standing)
    words = told(event, standing) if event else ""
    told_of = f"{title}. {words}" if event else f"{title}: {standing.stands}"
    nights = standing.series.nights
    return SeriesView(
        standing,
        number,
        f"series-{standing.series.id}",
        title,
        unit(standing),
        stand(standing.stands),
        colour(standing.stands),
        words,
        chart(shown, f"Score of each night. {told_of}"),
        sums(shown, event.direction if event else "drop", f"Evidence for a drop and for a rise, {title}"),
        Markup("")
        if shown.whole
        else chart(everything(standing, outlook.day), f"All nights. {told_of}", dense=True),
        spark(shown, 132, colour(standing.stands)),
        points(now.score),
        change(now.change),
        panel(standing, outlook.day),
        listed(changed(standing, outlook.day)),
        listed((short(e.day, outlook.day), e.why) for e in reversed(list(epochs(standing)))),
        listed((short(p.day, outlook.day), p.hollow) for p in reversed(standing.watched.points) if p.hollow),
        gaps(shown, outlook.day),
        outlook.missing.get(standing.series.id, ""),
        sum(night.simulated for night in nights),
        list(rows(standing, outlook.day)),
        detail(standing, number, outlook.day, folder=folder),
    )


def name(outlook: Outlook, standing: Standing) -> str:
    return f"{suite(outlook, standing)}, {standing.series.model}"


def suite(outlook: Outlook, standing: Standing) -> str:
    """As it calls itself, where no other suite of the plan calls itself so."""
    title = standing.series.title or standing.series.suite
    others = {s.series.suite for s in outlook.standings if (s.series.title or s.series.suite) == title}
    return title if len(others) == 1 else standing.series.suite


def unit(standing: Standing) -> str:
    last = next((n for n in reversed(standing.series.nights) if not n.hollow), None)
    if last is None:
        return "no night that counts yet"
    samples = standing.series.samples
    each = f" × {samples}" if samples > 1 else ""
    return f"pass@1, %, {len(last.tasks):,} tasks{each} a night"


def changed(standing: Standing, now: date) -> Iterator[tuple[str, str]]:
    for one in reversed(list(changes(standing))):
        for fact, before, after in one.facts:
            yield short(one.day, now), f"{fact} {before} → {after}"


def listed(entries: Iterable[tuple[str, str]]) -> Entries:
    found = list(entries)
    return Entries(found[:LISTED], len(found))


def gaps(shown: Seen, now: date) -> str:
    """The days without a night, in words; many of them only by their number."""
    days = [short(day, now) for day in shown.gaps]
    if not days:
        return ""
    return ", ".join(days) if len(days) <= 8 else f"{len(days)} days, the last of them {days[-1]}"


def rows(standing: Standing, now: date) -> Iterator[Row]:
    both = list(zip(standing.series.nights, standing.watched.points, strict=True))
    for night, point in reversed(both[-ROWS:]):
        edges, judged = band(point), point.z is not None
        yield Row(
            short(night.day, now),
            points(night.score),
            points(point.expected),
            f"{points(edges[0])} to {points(edges[1])}" if edges else "–",
            change(point.z / 100) if point.z is not None else "–",
            f"{point.down:.1f}" if judged else "–",
            f"{point.up:.1f}" if judged else "–",
            "; ".join(noted(night, point)),
        )


def noted(night: Night, point: Point) -> Iterator[str]:
    if point.hollow:
        yield f"not compared: {point.hollow}"
    if compared_apart(night, point):
        yield f"{points(point.own)} on the tasks that are compared"
    if night.simulated:
        yield "simulated"
