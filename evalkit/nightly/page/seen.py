"""What a section shows of a series: its nights of a stretch of days, and what was told of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from evalkit.nightly.comparable import changed
from evalkit.nightly.dating import differing
from evalkit.nightly.history import Night
from evalkit.nightly.standing import Event, Standing
from evalkit.nightly.watch import BAND, Point

WINDOW = 120  # days that a chart shows; more where an open alarm is older
BEFORE = 30  # days before an open alarm's first night that it shows then


@dataclass(frozen=True)
class Seen:
    """`points` with their nights, of the days from `first` to `last`."""

    standing: Standing
    first: date
    last: date
    now: date

    @property
    def nights(self) -> Sequence[tuple[Night, Point]]:
        both = zip(self.standing.series.nights, self.standing.watched.points, strict=True)
        return [(night, point) for night, point in both if self.first <= point.day <= self.last]

    @property
    def events(self) -> Sequence[Event]:
        """Oldest first, those that this stretch of days has a part of."""
        return [e for e in reversed(self.standing.events) if (e.over or self.last) >= self.first]

    @property
    def gaps(self) -> Sequence[date]:
        """Days without a night, between its first and its last."""
        there = {point.day for _, point in self.nights}
        begin = min(there, default=self.last)
        days = [begin + timedelta(n) for n in range((self.last - begin).days)]
        return [day for day in days if day not in there]

    @property
    def whole(self) -> bool:
        """Whether it shows every night."""
        nights = self.standing.series.nights
        return not nights or nights[0].day >= self.first


def seen(standing: Standing, now: date) -> Seen:
    """The last nights, and what is open with some nights before it."""
    nights = standing.series.nights
    begin = now - timedelta(WINDOW - 1)
    for event in standing.events:
        if event.over is None and event.state != "expected":
            begin = min(begin, event.low - timedelta(BEFORE))
    first = min(max(begin, nights[0].day), now - timedelta(13)) if nights else begin
    return Seen(standing, first, now, now)


def everything(standing: Standing, now: date) -> Seen:
    return Seen(standing, standing.series.nights[0].day, now, now)


# -- what is told of single nights -----------------------------------------------------------------


@dataclass(frozen=True)
class Changed:
    """The environment on `day` against the night before it that counts: (name, before, after)."""

    day: date
    facts: tuple[tuple[str, str, str], ...]


def changes(standing: Standing) -> Iterator[Changed]:
    """Of facts that are known on both sides: one that is not said any more has not changed."""
    before: Night | None = None
    for night in standing.series.nights:
        if night.hollow:
            continue
        if before is not None:
            moved = tuple(one for one in differing(before.facts, night.facts) if one[1] and one[2])
            if moved:
                yield Changed(night.day, moved)
        before = night


@dataclass(frozen=True)
class Epoch:
    """A new baseline, and why it begins: in full, and in a few words."""

    day: date
    why: str
    briefly: str


def epochs(standing: Standing) -> Iterator[Epoch]:
    nights = standing.series.nights
    for number, why in standing.watched.epochs.items():
        before = next((night.key for night in nights[:number][::-1] if not night.hollow), "")
        names = " and ".join(changed(before, nights[number].key))
        told = why.startswith("expected: ") or not names
        yield Epoch(nights[number].day, why, why if told else f"{names} changed")


def open_event(standing: Standing) -> Event | None:
    """What the section is about: an open drop before an open rise, the newest of either."""
    found = standing.open
    return next((e for e in found if e.direction == "drop"), found[0] if found else None)


# Charts show what is compared: a night's score over the tasks that its baseline knows and that count in
# alarms, so that dots, band and the levels of alarms are of one kind. Where nothing is, over all tasks.


def level(point: Point) -> float | None:
    return point.score if point.own is None else point.own


def band(point: Point) -> tuple[float, float] | None:
    """Where 95% of an unchanged model's nights fall."""
    if point.expected is None or point.spread is None:
        return None
    return point.expected - BAND * point.spread, point.expected + BAND * point.spread


def compared_apart(night: Night, point: Point) -> bool:
    """Whether the tasks that are compared have another score than all of them, as it is printed."""
    return point.own is not None and night.score is not None and abs(point.own - night.score) >= 0.0005
