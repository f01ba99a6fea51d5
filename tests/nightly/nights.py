"""Histories made up, task by task: seeded, and marked as simulated."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from evalkit.nightly.history import Night, Series

FIRST = date(2026, 1, 1)


def shares(tasks: int, seed: int = 0) -> list[float]:
    """How often each task is solved: most nearly always or nearly never."""
    dice = random.Random(seed)
    return [dice.betavariate(0.3, 0.3) for _ in range(tasks)]


def simulated(
    nights: int,
    shares_of: Callable[[int], Sequence[float]],
    *,
    seed: int = 0,
    samples: int = 1,
    facts: Callable[[int], Mapping[str, str]] = lambda night: {},
    key: Callable[[int], str] = lambda night: "",
) -> list[Night]:
    dice = random.Random(f"nights {seed}")
    made = []
    for number in range(nights):
        of = shares_of(number)
        passed = [sum(dice.random() < p for _ in range(samples)) for p in of]
        made.append(
            Night(
                FIRST + timedelta(number),
                f"run-{number}",
                {f"task-{i}": (k, samples) for i, k in enumerate(passed)},
                planned=len(of) * samples,
                key=key(number),
                facts=facts(number),
                simulated=True,
            )
        )
    return made


def series(nights: Sequence[Night]) -> Series:
    return Series("suite", "model", tuple(nights))


def broken(night: Night, share: float) -> Night:
    """The same with a share of its samples lost to infrastructure."""
    lost = round(share * len(night.tasks))
    return replace(night, tasks=dict(list(night.tasks.items())[lost:]), errors=lost)
