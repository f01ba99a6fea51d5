"""What the figures of runs share: runs of one suite, and names that tell them apart."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from evalkit.report.content import RunFacts


def by_suite(runs: Iterable[RunFacts]) -> dict[str, list[RunFacts]]:
    """In the report's order."""
    found: dict[str, list[RunFacts]] = {}
    for run in runs:
        found.setdefault(run.setting.suite, []).append(run)
    return found


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
