"""What nights of one key are compared with: their baseline as it grows, and the two sums over it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from evalkit.nightly.side import Side
from evalkit.nightly.table import Table
from evalkit.stats.baseline import LEAST_NIGHTS, Baseline

if TYPE_CHECKING:
    import numpy as np

# of the baseline's nights: a task that fewer have is too new to be compared, until LEAST_NIGHTS have it
MOST = 0.9


@dataclass
class Ground:
    """`began`: its first night. `counted`: nights that count; `other`: those that alarms were about, which
    never are part of the baseline; `known`: the baseline's. `closed`: alarms that were open when nights of
    another key came; they are again when nights of this one do."""

    table: Table
    began: int = 0
    closed: list[int] = field(default_factory=list)
    counted: list[int] = field(default_factory=list)
    other: set[int] = field(default_factory=set)
    known: list[int] = field(default_factory=list)
    sides: dict[str, Side] = field(default_factory=lambda: {"drop": Side(), "rise": Side()})
    _taken: int = 0  # of the counted ones, looked at for the baseline

    def __post_init__(self) -> None:
        import numpy as np

        self.passed, self.scored, self.seen, self.met = np.zeros((4, len(self.table.tasks)), np.int64)

    def count(self, number: int) -> None:
        self.counted.append(number)
        self.met |= self.table.scored[number] > 0

    def take_in(self) -> None:
        """Bring the baseline up to the last night at which all was well."""
        unsure = min((side.unsure[0] for side in self.sides.values() if side.unsure), default=None)
        while self._taken < len(self.counted):
            number = self.counted[self._taken]
            if unsure is not None and number >= unsure:
                return
            self._taken += 1
            if number in self.other:
                continue
            self.known.append(number)
            self.passed += self.table.passed[number]
            self.scored += self.table.scored[number]
            self.seen += self.table.scored[number] > 0

    def strange(self, number: int) -> tuple[int, int] | None:
        """How many of a night's tasks were met before, and how many it has, where that is less than half."""
        own = self.table.scored[number] > 0
        met, of = int((own & (self.met > 0)).sum()), int(own.sum())
        return (met, of) if self.counted and 2 * met < of else None

    def against(self, number: int, apart: np.ndarray) -> tuple[Baseline, float] | None:
        """The baseline over the tasks that are compared, and the night's score over these; None while there
        are none."""
        if len(self.known) < LEAST_NIGHTS:
            return None
        scored = self.table.scored[number]
        compared = (scored > 0) & (self.seen >= min(LEAST_NIGHTS, MOST * len(self.known))) & ~apart
        if not compared.any():
            return None
        samples, given = scored[compared], self.scored[compared]
        own = float((self.table.passed[number][compared] / samples).mean())
        return Baseline(self.passed[compared] / given, given / samples, samples), own
