"""What is other than the night before: tasks with another verdict, the least likely first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalkit.nightly.history import Night
from evalkit.nightly.page.detail.grid import Grid, State


@dataclass(frozen=True)
class Flip:
    """`earlier`: passes over the comparable nights before these two, and verdicts."""

    task: int
    before: State
    after: State
    earlier: tuple[int, int]

    @property
    def better(self) -> bool:
        return (self.after.share or 0.0) > (self.before.share or 0.0)

    @property
    def surprise(self) -> float:
        """How far the new verdict is from what the task did on earlier nights, 0 to 1."""
        k, n = self.earlier
        usual = k / n if n else self.before.share or 0.0
        return abs((self.after.share or 0.0) - usual)


@dataclass(frozen=True)
class Flips:
    """Between the last two nights that count, least likely first. None of them where there are no two."""

    night: Night | None
    before: Night | None
    flips: Sequence[Flip]

    @property
    def better(self) -> int:
        return sum(flip.better for flip in self.flips)


def flips(grid: Grid) -> Flips:
    if len(grid.comparable) < 2:
        return Flips(None, None, ())
    *earlier, before, last = grid.comparable
    sums = grid.sums(earlier)
    found = []
    for task, count in enumerate(sums):
        old, new = grid.state(task, before), grid.state(task, last)
        if old.share is not None and new.share is not None and old.share != new.share:
            found.append(Flip(task, old, new, count))
    found.sort(key=lambda flip: (-flip.surprise, grid.tasks[flip.task]))
    return Flips(grid.nights[last], grid.nights[before], tuple(found))
