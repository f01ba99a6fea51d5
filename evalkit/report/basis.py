"""What is known before a run of how it will come out: from nothing, from one earlier run, or from two.

A difference of two models over n tasks with K samples each has the variance (tasks + answers / K) / n.
`tasks` is how differently the two find the tasks, `answers` the chance in their answers. What was not
measured is a range from the best case (all of it is chance) to the worst (none is): docs/power.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from evalkit.errors import DataError
from evalkit.report.pairs import Side, compare, side_of
from evalkit.stats.errors import spread
from evalkit.store import Reader, read_run

USUAL = (0.15, 0.25)  # shares of tasks that only one of two models passes, where nobody says
Range = tuple[float, float]


@dataclass(frozen=True)
class Noise:
    """Variances of one task's difference, of scores in 0..1. `answers` is of one sample on each side."""

    tasks: float
    answers: float

    def at(self, samples: int) -> float:
        return self.tasks + self.answers / samples


Noises = tuple[Noise, Noise]  # best case, worst case


@dataclass(frozen=True)
class Basis:
    """What is known. `paired` holds on the same tasks, `unpaired` between scores whose tasks are not
    matched; `sigma2` is the variance of one model's answers to a task. `known`: where it comes from, in
    words. `sample_cost`: dollars, None where unknown. `samples`: of the run that it comes from."""

    suite: str
    tasks: int
    paired: Noises
    unpaired: Noises
    sigma2: Range
    known: str
    samples: int = 1
    sample_cost: float | None = None


def open_split(low: float, high: float) -> Noises:
    """Variances with one sample each, of which nobody knows how much is chance."""
    return Noise(0.0, low), Noise(high, 0.0)


def split(low: float, high: float, answers: float) -> Noises:
    """The same, where the chance in it is known. It is at least that chance."""
    return Noise(max(0.0, low - answers), answers), Noise(max(0.0, high - answers), answers)


def assumed(suite: str, tasks: int, shares: Range = USUAL) -> Basis:
    """Nothing was run. `shares`: of tasks on which two models part ways."""
    known = f"nothing was run; {parting(shares)}"
    return Basis(
        suite, tasks, open_split(*shares), open_split(0.5, 0.5), (0.0, min(0.25, shares[1] / 2)), known
    )


def from_run(run: Path, shares: Range = USUAL) -> Basis:
    """One run: its score, its cost and, with several samples a task, the chance in its answers."""
    with read_run(run) as store:
        side, tasks, cost = side_of(store, run), planned_tasks(store), sample_cost(store)
    p, sigma2 = score_of(side), chance_of(side)
    apart, score = 2 * p * (1 - p), f"{100 * p:.1f}% in one run"
    if sigma2 is None:
        return Basis(
            side.suite,
            tasks,
            open_split(*shares),
            open_split(apart, apart),
            (0.0, min(p * (1 - p), shares[1] / 2)),
            f"{score}, one sample a task; {parting(shares)}",
            side.samples,
            cost,
        )
    chance = 2 * sigma2  # of tasks on which two runs of one model part ways
    shares = max(shares[0], chance), max(shares[1], chance)
    return Basis(
        side.suite,
        tasks,
        split(*shares, answers=chance),
        split(apart, apart, chance),
        (sigma2, sigma2),
        f"{score}, the chance in its answers from {side.samples} samples a task; {parting(shares, chance)}",
        side.samples,
        cost,
    )


def from_runs(a: Path, b: Path) -> Basis:
    """Two runs over the same tasks: how they part ways and, with several samples, how much of it is chance.
    The chance in answers of a run with one sample is taken to be that of the other."""
    with read_run(a) as one, read_run(b) as other:
        sides = side_of(one, a), side_of(other, b)
        costs = [cost for store in (one, other) if (cost := sample_cost(store)) is not None]
        tasks = planned_tasks(one)
    pair = compare(*sides)
    changes = [*pair.better.values(), *pair.worse.values()]
    if not changes:
        raise DataError(
            f"{a} and {b} differ on no task, so they do not tell how two models part ways",
            "give one of them alone, with --discordant SHARE if you know it",
        )
    seen = math.fsum(change * change for change in changes) / pair.shared
    apart = sum(mean * (1 - mean) for mean in (pair.mean_a, pair.mean_b))
    said = f"two runs that part ways on {len(changes):,} of {pair.shared:,} tasks"
    measured = [sigma2 for side in sides if (sigma2 := chance_of(side)) is not None]
    cost, k = max(costs, default=None), [side.samples for side in sides]
    if not measured:
        said += ", one sample a task: how much of that is chance is open"
        most = min(apart / 2, seen / 2)
        return Basis(
            sides[0].suite,
            tasks,
            open_split(seen, seen),
            open_split(apart, apart),
            (0.0, most),
            said,
            1,
            cost,
        )
    sigmas = measured * (2 // len(measured))
    answers = sum(sigmas)
    own = max(0.0, seen - sigmas[0] / k[0] - sigmas[1] / k[1])
    return Basis(
        sides[0].suite,
        tasks,
        (Noise(own, answers), Noise(own, answers)),
        split(apart, apart, answers),
        (min(sigmas), max(sigmas)),
        f"{said}, with {k[0]} and {k[1]} samples a task",
        max(k),
        cost,
    )


def parting(shares: Range, chance: float = 0.0) -> str:
    """In words, with one sample each; `chance`: the share on which two runs of one model do."""
    low, high = (f"{100 * share:.3g}" for share in shares)
    span = low if low == high else f"{low} to {high}"
    if shares[1] <= chance:
        return f"with one sample each, two models part ways on {span}% of the tasks by chance alone"
    return f"two models are taken to part ways on {span}% of the tasks"


def score_of(side: Side) -> float:
    """The mean of tasks' means. DataError without any verdict."""
    if not side.tasks:
        raise DataError(f"{side.run} has no verdict yet", "give its suite instead, or wait for the run")
    return math.fsum(c / n for c, n in side.tasks.values()) / len(side.tasks)


def chance_of(side: Side) -> float | None:
    """sigma2 over the tasks that have all samples; None with one sample a task, or below two such tasks."""
    found = spread([(n, c) for c, n in side.tasks.values() if n == side.samples])
    return found.sigma2 if found else None


def planned_tasks(store: Reader) -> int:
    return len({task for task, _ in store.plan} - set(store.manifest.get("excluded", {})))


def sample_cost(store: Reader) -> float | None:
    """Dollars of a sample that was answered, tries that failed with it; None where a call has no price."""
    totals = store.totals()
    answered = sum(state.answered for state in store.state().values())
    spent = totals.cost + totals.failed_cost
    return spent / answered if answered and spent and not totals.unpriced else None
