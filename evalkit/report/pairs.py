"""Two runs over the same tasks: the difference, its interval, a test, and what could not have been seen.

The task is the unit (docs/comparing.md). Where every task passes always or never, as with one sample a task,
the interval is Tango's and the test McNemar's mid-p; else Student's t over tasks' differences, random signs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.errors import DataError
from evalkit.outcome import EXCLUDED, SCORED, Outcome
from evalkit.registry import did_you_mean
from evalkit.run.settings import differences
from evalkit.stats.paired import (
    cluster_sums,
    clustered_difference,
    mcnemar_mid_p,
    mean_difference,
    sign_flip,
    tango,
)
from evalkit.stats.power import detectable
from evalkit.stats.published import bounds
from evalkit.store import Reader, read_run

ALPHA = 0.05
OWN = ("model", "sampling", "label", "samples")  # settings in which two runs that are compared may differ


@dataclass(frozen=True)
class Side:
    """One run. `tasks`: passed and scored samples by task, of tasks with a verdict. `missing`: planned
    samples without one, but for those of excluded tasks."""

    run: str
    suite: str
    model: str
    protocol: str
    identity: Mapping[str, Any]
    tasks: Mapping[str, tuple[int, int]]
    missing: int

    @property
    def samples(self) -> int:
        """The most that any task has."""
        return max((n for _, n in self.tasks.values()), default=0)

    @property
    def bounds(self) -> tuple[float, float]:
        """Where the run's own score lies once all its samples have verdicts."""
        passed = sum(c for c, _ in self.tasks.values())
        scored = sum(n for _, n in self.tasks.values())
        return bounds(passed, scored, scored + self.missing)

    def to_json(self, mean: float) -> dict[str, Any]:
        facts = {"run": self.run, "model": self.model, "protocol": self.protocol, "tasks": len(self.tasks)}
        return {**facts, "missing": self.missing, "bounds": list(self.bounds), "pass@1": mean}


@dataclass(frozen=True)
class Pair:
    """Fractions in 0..1; `delta` is a's mean less b's over the `shared` tasks, with its 95% interval.

    `p` is two-sided. `detectable`: the difference that so many tasks show with 80% power at 5%, from how
    much these two runs differ task by task; None where they never do. `better` and `worse`: tasks that a
    passes more or less often than b, by how much. `unlike`: settings beside the model's in which the runs
    differ: then the difference is not the model's alone. `clusters`: a tag, and into how many it puts the
    tasks.
    """

    a: Side
    b: Side
    shared: int
    mean_a: float
    mean_b: float
    delta: float
    interval: tuple[float, float]
    p: float
    method: str
    detectable: float | None
    better: Mapping[str, float]
    worse: Mapping[str, float]
    unlike: tuple[str, ...]
    clusters: tuple[str, int] | None = None

    @property
    def told_apart(self) -> bool:
        return self.p <= ALPHA

    def to_json(self) -> dict[str, Any]:
        """docs/machine-interface.md."""
        return {
            "a": self.a.to_json(self.mean_a),
            "b": self.b.to_json(self.mean_b),
            "suite": self.a.suite,
            "shared": self.shared,
            "delta": self.delta,
            "interval": list(self.interval),
            "p": self.p,
            "method": self.method,
            "detectable": self.detectable,
            "told_apart": self.told_apart,
            "better": dict(self.better),
            "worse": dict(self.worse),
            "unlike": list(self.unlike),
            "clusters": {"tag": self.clusters[0], "count": self.clusters[1]} if self.clusters else None,
        }


def compare_runs(a: Path, b: Path, clusters: str = "") -> Pair:
    """The comparison of two run folders; tasks of one value of the tag `clusters` are a cluster. DataError
    where they share no task of one suite and data, or their tasks have no such tag."""
    with read_run(a) as one, read_run(b) as other:
        tags = {**other.manifest.get("tags", {}), **one.manifest.get("tags", {})}
        return compare(side_of(one, a), side_of(other, b), tag=clusters, tags=tags)


def side_of(store: Reader, folder: Path) -> Side:
    passed: dict[str, list[int]] = {}
    missing = 0
    for row in store.samples():
        if row["outcome"] not in SCORED:
            missing += row["reason"] != EXCLUDED
            continue
        n_c = passed.setdefault(row["task_id"], [0, 0])
        n_c[0] += row["outcome"] == Outcome.PASSED
        n_c[1] += 1
    manifest = store.manifest
    return Side(
        str(folder),
        manifest["suite"]["name"],
        manifest["settings"]["model"],
        manifest["protocol"]["name"],
        manifest["identity"],
        {task: (c, n) for task, (c, n) in passed.items()},
        missing,
    )


def compare(a: Side, b: Side, *, tag: str = "", tags: Mapping[str, Mapping[str, str]] | None = None) -> Pair:
    """`tags` are those of tasks; tasks of one value of `tag` are a cluster."""
    if a.suite != b.suite:
        raise DataError(
            f"{a.run} is of {a.suite}, {b.run} of {b.suite}", "only runs of one suite are compared"
        )
    if a.identity["data"] != b.identity["data"]:
        raise DataError(
            f"{a.run} and {b.run} were made with different data of {a.suite}",
            "only scores over the same tasks are compared: `evalkit show RUN` says which data a run has",
        )
    shared = [task for task in a.tasks if task in b.tasks]
    if not shared:
        raise DataError(f"{a.run} and {b.run} have no task in common with verdicts on both sides")
    means = [(share(a.tasks[task]), share(b.tasks[task])) for task in shared]
    changes = [one - other for one, other in means]
    clusters = clusters_of(shared, tag, tags or {}) if tag else None
    delta, interval, p, method = test(changes, clusters)
    by_task = dict(zip(shared, changes, strict=True))
    return Pair(
        a,
        b,
        len(shared),
        math.fsum(one for one, _ in means) / len(shared),
        math.fsum(other for _, other in means) / len(shared),
        delta,
        interval,
        p,
        method,
        smallest(changes, clusters),
        {task: change for task, change in by_task.items() if change > 0},
        {task: change for task, change in by_task.items() if change < 0},
        unlike(a.identity, b.identity),
        (tag, len(set(clusters))) if clusters else None,
    )


def share(counts: tuple[int, int]) -> float:
    passed, scored = counts
    return passed / scored


def clusters_of(tasks: Sequence[str], tag: str, tags: Mapping[str, Mapping[str, str]]) -> list[str]:
    """The cluster of each task: its value of `tag`; a task without one is a cluster of its own."""
    known = {name for task in tasks for name in tags.get(task, {})}
    if tag not in known:
        raise DataError(f"no task of these runs has a tag {tag!r}", did_you_mean(tag, known))
    found = [f"{tag}={tags[task][tag]}" if tag in tags.get(task, {}) else f"task {task}" for task in tasks]
    if len(set(found)) < 2:
        raise DataError(f"all {len(tasks)} tasks are of one {tag}", "one cluster tells nothing of others")
    return found


def test(
    changes: Sequence[float], clusters: Sequence[str] | None
) -> tuple[float, tuple[float, float], float, str]:
    """Difference, interval, p, and by which methods."""
    n = len(changes)
    if clusters:
        mean, low, high = clustered_difference(changes, clusters)
        p = sign_flip(cluster_sums(changes, clusters))
        return mean, (low, high), p, "t over clusters (CR1), sign-flip permutation of clusters"
    # tasks that never wavered are as good as tried once; a standard error of none would be no error
    if all(change in (-1, 0, 1) for change in changes):
        up, down = sum(change > 0 for change in changes), sum(change < 0 for change in changes)
        return (up - down) / n, tango(up, down, n), mcnemar_mid_p(up, down), "Tango, McNemar mid-p"
    mean, low, high = mean_difference(changes)
    return mean, (low, high), sign_flip(changes), "t over tasks, sign-flip permutation"


def smallest(changes: Sequence[float], clusters: Sequence[str] | None = None) -> float | None:
    """The difference that so many tasks would show (80% power, 5%), in clusters as these are."""
    sums = cluster_sums(changes, clusters) if clusters else changes
    spread = math.fsum(change * change for change in sums) / len(changes)
    return detectable(len(changes), spread) if spread else None


def unlike(one: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[str, ...]:
    """Settings in which two runs differ, but for what is the model's."""
    rest = [{key: value for key, value in side.items() if key not in OWN} for side in (one, other)]
    return tuple(difference for difference in differences(*rest) if not difference.startswith("tasks."))
