"""What a suite can show: the least differences, the noise of one run, what halves them, and what it costs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from evalkit.report.basis import Basis, Noises, Range
from evalkit.stats.power import detectable, run_error, samples_needed, tasks_needed


@dataclass(frozen=True)
class Aim:
    """What is asked. `difference` in 0..1; `level` and `power` of a two-sided test; `budget` in dollars, for
    one run."""

    samples: int
    difference: float | None = None
    budget: float | None = None
    level: float = 0.05
    power: float = 0.8

    @property
    def how(self) -> dict[str, float]:
        return {"alpha": self.level, "power": self.power}


@dataclass(frozen=True)
class Reach:
    """What shows a paired difference: so many tasks, or so many samples of each that there is. Infinite
    where no number of them is enough."""

    difference: Range
    tasks: tuple[int, int]
    samples: Range

    def to_json(self) -> dict[str, Any]:
        samples = [None if math.isinf(k) else int(k) for k in self.samples]
        return {"difference": list(self.difference), "tasks": list(self.tasks), "samples": samples}


@dataclass(frozen=True)
class Bought:
    """What a budget buys: whole samples of all tasks or, where it is too small for one, of some. `paired` is
    None where it buys nothing."""

    samples: int
    tasks: int
    paired: Range | None

    def to_json(self) -> dict[str, Any]:
        paired = list(self.paired) if self.paired else None
        return {"samples": self.samples, "tasks": self.tasks, "paired": paired}


@dataclass(frozen=True)
class Plan:
    """The answer. Differences are fractions in 0..1, ranges from the best case to the worst."""

    basis: Basis
    aim: Aim
    paired: Range
    unpaired: Range
    noise: Range
    halved: Reach
    reached: Reach | None
    cost: float | None
    bought: Bought | None

    def to_json(self) -> dict[str, Any]:
        """docs/machine-interface.md."""
        return {
            "suite": self.basis.suite,
            "tasks": self.basis.tasks,
            "samples": self.aim.samples,
            "power": self.aim.power,
            "level": self.aim.level,
            "known": self.basis.known,
            "paired": list(self.paired),
            "unpaired": list(self.unpaired),
            "run_noise": list(self.noise),
            "halved": self.halved.to_json(),
            "difference": self.reached.to_json() if self.reached else None,
            "sample_cost": self.basis.sample_cost,
            "run_cost": self.cost,
            "budget": self.aim.budget,
            "bought": self.bought.to_json() if self.bought else None,
        }


def plan(basis: Basis, aim: Aim) -> Plan:
    n, k = basis.tasks, aim.samples
    paired = detected(basis.paired, n, k, aim)
    least, most = basis.sigma2
    return Plan(
        basis,
        aim,
        paired,
        detected(basis.unpaired, n, k, aim),
        (run_error(n, k, least), run_error(n, k, most)),
        reach(basis, aim, (paired[0] / 2, paired[1] / 2)),
        reach(basis, aim, (aim.difference, aim.difference)) if aim.difference else None,
        None if basis.sample_cost is None else basis.sample_cost * n * k,
        bought(basis, aim, aim.budget) if aim.budget is not None else None,
    )


def detected(noises: Noises, n: int, samples: int, aim: Aim) -> Range:
    """The least differences that are found, best case and worst."""
    best, worst = (detectable(n, noise.at(samples), **aim.how) for noise in noises)
    return best, worst


def reach(basis: Basis, aim: Aim, difference: Range) -> Reach:
    """Of each case's own difference."""
    cases = list(zip(basis.paired, difference, strict=True))
    few, many = (upwards(tasks_needed(delta, noise.at(aim.samples), **aim.how)) for noise, delta in cases)
    low, high = (
        upwards(samples_needed(delta, basis.tasks, noise.tasks, noise.answers, **aim.how))
        for noise, delta in cases
    )
    return Reach(difference, (int(few), int(many)), (low, high))


def upwards(x: float) -> float:
    """To the next whole number, at least 1; what rounding left above one is not another."""
    return x if math.isinf(x) else float(max(1, math.ceil(x * (1 - 1e-9))))


def bought(basis: Basis, aim: Aim, budget: float) -> Bought:
    """ValueError where the cost of a sample is not known."""
    if not basis.sample_cost:
        raise ValueError("a budget needs the cost of a sample")
    total = int(budget / basis.sample_cost * (1 + 1e-9))
    samples, tasks = (total // basis.tasks, basis.tasks) if total >= basis.tasks else (1, total)
    if not tasks:
        return Bought(0, 0, None)
    return Bought(samples, tasks, detected(basis.paired, tasks, samples, aim))
