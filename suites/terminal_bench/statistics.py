"""The boards' figures: the mean over tasks, and two standard errors that are not the same.

That of 1.0 (core) is over whole runs, that of 2.x over attempts at a task; both take the tasks as fixed, so
that neither says how a score would be over other tasks. evalkit's own interval does. What broke is a failure
on the board of core, and is left out on that of 2.x, but for a reward that was never written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import sqrt
from statistics import mean, stdev

from evalkit.samples import Sampled

from .datasets import DEFAULT


def statistics(samples: Iterable[Sampled], dataset: str) -> Mapping[str, float | None]:
    """Percent, and counts. Tasks that cannot be run here are in no figure. The n-th samples of all tasks are
    the n-th run."""
    planned = list(samples)
    tried = [sample for sample in planned if counts(sample, dataset)]
    by_task, by_run = defaultdict[str, list[bool]](list), defaultdict[int, list[bool]](list)
    for sample in tried:
        by_task[sample.task_id].append(sample.outcome == "passed")
        by_run[sample.sample].append(sample.outcome == "passed")
    rates = [mean(passed) for passed in by_task.values()]
    return {
        "tasks": float(len({sample.task_id for sample in planned})),
        "counted_tasks": float(len(by_task)),
        "counted_trials": float(len(tried)),
        "accuracy": 100.0 * mean(rates) if rates else None,
        **_known("standard_error_over_runs", over_runs(list(by_run.values()))),
        **_known("standard_error_over_attempts", over_attempts(list(by_task.values()))),
    }


def counts(sample: Sampled, dataset: str) -> bool:
    """Whether the set's board counts it."""
    if sample.outcome == "error":
        return dataset == DEFAULT or sample.reason == "no_reward"
    return sample.outcome in ("passed", "failed")


def over_runs(runs: Sequence[Sequence[bool]]) -> float | None:
    """Of 1.0: the standard deviation of the runs' accuracies, over the root of their number. None where there
    is one run only, or the runs are not of the same size: then they are not runs of the same tasks."""
    if len(runs) < 2 or len({len(run) for run in runs}) > 1:
        return None
    return 100 * stdev(mean(run) for run in runs) / sqrt(len(runs))


def over_attempts(tasks: Sequence[Sequence[bool]]) -> float | None:
    """Of 2.x: the root of the sum of p(1-p)/(n-1) over all tasks, over their number. None where any task was
    tried once only."""
    if not tasks or any(len(attempts) < 2 for attempts in tasks):
        return None
    variances = (mean(each) * (1 - mean(each)) / (len(each) - 1) for each in tasks)
    return 100 * sqrt(sum(variances)) / len(tasks)


def _known(name: str, value: float | None) -> dict[str, float | None]:
    return {} if value is None else {name: value}
