"""What the figures of runs share: runs of one suite, and names that tell them apart."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from evalkit.report.content import RunFacts
from evalkit.report.values import Setting


def by_suite(runs: Iterable[RunFacts]) -> dict[str, list[RunFacts]]:
    """In the report's order."""
    found: dict[str, list[RunFacts]] = {}
    for run in runs:
        found.setdefault(run.setting.suite, []).append(run)
    return found


def longest(runs: Sequence[RunFacts]) -> list[RunFacts]:
    """One run of each model and setting: that with the most samples a task, the newest of several."""
    found: dict[tuple[str, Setting], RunFacts] = {}
    for run in runs:
        key = (run.model.id, run.setting)
        before = found.get(key)
        if before is None or samples_of(run) >= samples_of(before):
            found[key] = run
    return list(found.values())


def samples_of(run: RunFacts) -> int:
    return run.spread.samples if run.spread else 0


def names(runs: Sequence[RunFacts]) -> dict[str, str]:
    """By run id: the model's name, with the run's id where several runs are of one model."""
    times = Counter(run.model.display for run in runs)
    return {
        run.id: run.model.display if times[run.model.display] == 1 else f"{run.model.display} ({run.id})"
        for run in runs
    }


def slug(text: str) -> str:
    """A part of a file's name: lower-case letters, digits, dots and hyphens."""
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.")[:60] or "x"
