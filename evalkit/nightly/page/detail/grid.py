"""The verdicts of a series: tasks x nights."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from evalkit.nightly.history import Night
from evalkit.nightly.watch import Watched


class State(NamedTuple):
    """What a night gave for a task: how many samples passed, how many have a verdict, and what the first that
    did not pass ended as ("failed/timeout")."""

    passed: int
    scored: int
    reason: str

    @property
    def share(self) -> float | None:
        return self.passed / self.scored if self.scored else None

    @property
    def words(self) -> str:
        if not self.scored:
            return self.reason or "not run"
        if self.scored == 1:
            return "passed" if self.passed else self.reason or "failed"
        rest = f", {self.reason}" if self.reason and self.passed < self.scored else ""
        return f"{self.passed} of {self.scored} passed{rest}"

    @property
    def short(self) -> str:
        """Without how the others ended, where there are several."""
        return f"{self.passed} of {self.scored}" if self.scored > 1 else self.words


NOT_RUN = State(0, 0, "")


@dataclass(frozen=True)
class Grid:
    """`rows[task][night]` is an index into `states`. `counted`: nights that count, by epoch; the last epoch's
    are `comparable`; `hollow` says of each of the others why it does not."""

    tasks: tuple[str, ...]
    nights: tuple[Night, ...]
    hollow: tuple[str, ...]
    states: tuple[State, ...]
    rows: tuple[tuple[int, ...], ...]
    counted: tuple[tuple[int, ...], ...]

    @property
    def comparable(self) -> tuple[int, ...]:
        return self.counted[-1] if self.counted else ()

    def state(self, task: int, night: int) -> State:
        return self.states[self.rows[task][night]]

    def sums(self, nights: Iterable[int]) -> list[tuple[int, int]]:
        """Of each task over these nights: samples that passed, samples with a verdict."""
        wanted = tuple(nights)
        passed = [state.passed for state in self.states]
        scored = [state.scored for state in self.states]
        return [
            (sum(passed[row[night]] for night in wanted), sum(scored[row[night]] for night in wanted))
            for row in self.rows
        ]


def grid(watched: Watched) -> Grid:
    nights = watched.series.nights
    tasks = tuple(dict.fromkeys(task for night in nights for task in (*night.tasks, *night.reasons)))
    found = _Seen()
    columns = []
    for night in nights:
        verdict, reason = night.tasks.get, night.reasons.get
        columns.append([found[verdict(task), reason(task)] for task in tasks])
    rows = tuple(zip(*columns, strict=True)) if columns else ()
    counted: dict[int, list[int]] = {}
    for number, point in enumerate(watched.points):
        of_epoch = counted.setdefault(point.epoch, [])
        if not point.hollow:
            of_epoch.append(number)
    hollow = tuple(point.hollow for point in watched.points)
    return Grid(tasks, nights, hollow, tuple(found.states), rows, tuple(map(tuple, counted.values())))


class _Seen(dict[tuple[tuple[int, int] | None, str | None], int]):
    """Number of each different state, in order of first appearance; what no night says is the first."""

    def __init__(self) -> None:
        super().__init__()
        self.states = [NOT_RUN]
        self._numbers = {NOT_RUN: 0}

    def __missing__(self, key: tuple[tuple[int, int] | None, str | None]) -> int:
        verdict, reason = key
        passed, scored = verdict or (0, 0)
        state = State(passed, scored, reason or "")
        if state not in self._numbers:
            self._numbers[state] = len(self.states)
            self.states.append(state)
        self[key] = self._numbers[state]
        return self[key]
