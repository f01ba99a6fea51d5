"""What nights gave: the values that everything about nightly runs is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

MOST_ERRORS = 0.02  # of what was planned: with more, a night says nothing of the model
LEAST_RUN = 0.98
# cost in US dollars; tokens read and written; seconds of the whole run and of one model call (median)
USED = ("cost", "input_tokens", "output_tokens", "seconds", "latency")


@dataclass(frozen=True)
class Night:
    """One run of one night: `run` is its folder's name, "" where that is gone. `tasks`: of each task how many
    samples passed, and how many have a verdict.

    `key`: what makes runs comparable (suite data, scaffold, sampling, limits); where it changes, a new
    baseline begins. `facts`: the environment by name ("endpoint", "image"), which may change beside it.
    `used`: by name (USED) where it is known, None where it is not; `ends`: samples by outcome and reason
    ("passed", "failed/timeout"); `reasons`: of each task that did not wholly pass, what its first such sample
    ended as. `simulated`: made up, and shown as such. `unread`: that its run or its record cannot be read.
    """

    day: date
    run: str
    tasks: Mapping[str, tuple[int, int]]
    planned: int
    errors: int = 0
    key: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    used: Mapping[str, float | None] = field(default_factory=dict)
    ends: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    simulated: bool = False
    unread: str = ""

    # asked of every night of a history again and again
    @cached_property
    def counts(self) -> np.ndarray:
        """A row a task, in their order here: samples that passed, samples with a verdict."""
        import numpy as np

        flat = np.fromiter(chain.from_iterable(self.tasks.values()), np.int32, 2 * len(self.tasks))
        return flat.reshape(-1, 2)

    @cached_property
    def scored(self) -> int:
        return sum(map(itemgetter(1), self.tasks.values()))

    @cached_property
    def score(self) -> float | None:
        """Share of the samples with a verdict that passed."""
        return sum(map(itemgetter(0), self.tasks.values())) / self.scored if self.scored else None

    @cached_property
    def hollow(self) -> str:
        """Why it is shown and compared with nothing; "" where it counts."""
        if self.unread:
            return self.unread
        if not self.planned or not self.scored:
            return "nothing was scored"
        if self.errors > MOST_ERRORS * self.planned:
            return f"{self.errors / self.planned:.1%} of its samples broke by infrastructure"
        if self.scored < LEAST_RUN * self.planned:
            return f"only {self.scored / self.planned:.1%} of its samples were run"
        return ""


@dataclass(frozen=True)
class Series:
    """One model on one suite, night after night, oldest first; days that are missing are gaps.

    `id`: its name in files, links and states (Cell.series). `suite` and `model` as the plan labels them,
    `title` as the suite calls itself. `samples`: a task.
    """

    suite: str
    model: str
    nights: tuple[Night, ...]
    samples: int = 1
    title: str = ""
    id: str = ""
