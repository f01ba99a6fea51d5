"""A series as two arrays, nights by tasks: how many samples passed, and how many have a verdict."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from evalkit.nightly.history import Series

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, eq=False, repr=False)
class Table:
    """`tasks` by name, in order: that of the records changes nothing. `passed`, `scored`: a row a night,
    0 where a task has no verdict."""

    tasks: tuple[str, ...]
    passed: np.ndarray
    scored: np.ndarray

    @cached_property
    def place(self) -> dict[str, int]:
        return {task: i for i, task in enumerate(self.tasks)}

    def apart(self, tasks: Iterable[str]) -> np.ndarray:
        """True for each of these, of those that there are."""
        import numpy as np

        found = np.zeros(len(self.tasks), bool)
        found[[self.place[task] for task in tasks if task in self.place]] = True
        return found


def table_of(series: Series) -> Table:
    import numpy as np

    each: list[list[str]] = []  # most nights have the tasks of the night before
    for night in series.nights:
        own = list(night.tasks)
        each.append(each[-1] if each and own == each[-1] else own)
    kinds = {id(own): own for own in each}
    tasks = tuple(sorted(set().union(*kinds.values())))
    place = {task: i for i, task in enumerate(tasks)}
    where = {kind: np.array([place[task] for task in own], int) for kind, own in kinds.items()}
    passed = np.zeros((len(series.nights), len(tasks)), np.int32)
    scored = np.zeros_like(passed)
    for number, (night, own) in enumerate(zip(series.nights, each, strict=True)):
        row = where[id(own)]
        passed[number, row], scored[number, row] = night.counts.T
    return Table(tasks, passed, scored)
