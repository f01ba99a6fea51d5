"""Each task before and after, and how often its verdict is another one than the night before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from evalkit.nightly.flaky import flip
from evalkit.nightly.page.detail.grid import Grid
from evalkit.nightly.page.seen import open_event
from evalkit.nightly.standing import Event, Standing

RECENT = 7  # nights that are compared with those before, where there is no alarm
LEAST_PAIRS = 7  # of nights, before a flip rate is worth a line

Count = tuple[int, int]  # samples that passed, samples with a verdict


@dataclass(frozen=True)
class Change:
    """Passes of each task before and after, in the grid's order. `first`: the night (index) with which
    "after" begins, None where there are too few. `event`: the alarm that it is about, if any."""

    before: Sequence[Count]
    after: Sequence[Count]
    first: int | None
    event: Event | None

    def difference(self, task: int) -> float:
        (k, n), (later, m) = self.before[task], self.after[task]
        return later / m - k / n if n and m else 0.0


def change(standing: Standing, grid: Grid) -> Change:
    """Of the alarm that is open, else of the last week."""
    event = open_event(standing)
    if event and event.moved:
        counts = {one.task: (one.before, one.after) for one in event.moved}
        none = ((0, 0), (0, 0))
        before, after = zip(*(counts.get(task, none) for task in grid.tasks), strict=True)
        return Change(before, after, at_day(grid, event.first), event)
    comparable = grid.comparable
    if len(comparable) <= RECENT:
        return Change(grid.sums(comparable), [(0, 0)] * len(grid.tasks), None, None)
    recent = comparable[-RECENT:]
    return Change(grid.sums(comparable[:-RECENT]), grid.sums(recent), recent[0], None)


def at_day(grid: Grid, day: date) -> int | None:
    return next((number for number, night in enumerate(grid.nights) if night.day >= day), None)


def order(grid: Grid, change: Change) -> list[int]:
    """Tasks, the largest change first: in the alarm's direction, or in either."""
    rise = change.event is not None and change.event.direction == "rise"
    sign = 0 if change.event is None else -1 if rise else 1

    def key(task: int) -> tuple[float, str]:
        difference = change.difference(task)
        return (sign * difference if sign else -abs(difference)), grid.tasks[task]

    return sorted(range(len(grid.tasks)), key=key)


@dataclass(frozen=True)
class Flaky:
    """`flips` of `pairs`: how often a sample of one night and one of the next comparable night have another
    verdict (of one sample a night: how often the verdict changed)."""

    flips: float
    pairs: int

    @property
    def rate(self) -> float:
        return self.flips / self.pairs if self.pairs else 0.0


def flakiness(grid: Grid) -> list[Flaky]:
    """Of each task, over the nights at which it has a verdict, one after the other within an epoch."""
    shares = [state.share for state in grid.states]
    found = []
    for row in grid.rows:
        flips, pairs = 0.0, 0
        for nights in grid.counted:
            known = [share for night in nights if (share := shares[row[night]]) is not None]
            pairs += max(0, len(known) - 1)
            flips += sum(flip(p, q) for p, q in pairwise(known) if p or q)
        found.append(Flaky(flips, pairs))
    return found
