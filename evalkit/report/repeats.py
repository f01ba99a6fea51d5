"""Several runs of one model in one setting: which number is shown, and what is said of the others.

Runs that differ in label, seed and number of samples alone are repeats: their samples are pooled task by
task, so that the row is the mean of all of them, with an interval over tasks. Runs that differ in anything
else of the model's own (sampling, endpoint) are not averaged: the newest stands, and a note names the rest.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalkit.models.access import is_local
from evalkit.report.labels import Labels
from evalkit.report.pairs import Side, share
from evalkit.report.runs import Measured
from evalkit.report.values import Interval, Model, Setting, Value
from evalkit.run.settings import differences, digest
from evalkit.stats.intervals import wilson_of_means


@dataclass(frozen=True)
class Shown:
    """One cell: `runs` are those that the number is made of, oldest first; `remarks` what has to stand beside
    it; `side` their tasks' counts together."""

    model: Model
    setting: Setting
    runs: tuple[Measured, ...]
    remarks: tuple[str, ...]
    side: Side

    @property
    def newest(self) -> Measured:
        return self.runs[-1]

    @property
    def title(self) -> str:
        return self.newest.facts.summary.title


def shown(runs: Sequence[Measured], said: Labels) -> list[Shown]:
    """A cell for each model and setting, in the order in which they first come; `runs` oldest first."""
    cells: dict[tuple[str, Setting], list[Measured]] = {}
    for run in runs:
        cells.setdefault((run.facts.model.id, run.facts.setting), []).append(run)
    return [cell(group, said) for group in cells.values()]


def cell(runs: Sequence[Measured], said: Labels) -> Shown:
    kinds: dict[str, list[Measured]] = {}
    for run in runs:
        kinds.setdefault(digest(repeatable(run.identity)), []).append(run)
    whole = [run for run in runs if not run.facts.state]
    newest = (whole or list(runs))[-1]
    alike = kinds[digest(repeatable(newest.identity))]
    chosen = [run for run in alike if not run.facts.state] or [newest]
    others = [run for kind in kinds.values() if kind is not alike for run in kind]
    remarks = [
        *repeated(chosen, said),
        *(
            said("note.left_out", run=run.facts.id, state=run.facts.state)
            for run in alike
            if run not in chosen
        ),
        *(other(run, newest, said) for run in others),
        *beside(newest, said),
    ]
    return Shown(newest.facts.model, newest.facts.setting, tuple(chosen), tuple(remarks), together(chosen))


def repeatable(identity: Mapping[str, Any]) -> dict[str, Any]:
    """What repeats of one run have in common. A server on the same machine may have had another port."""
    apart = ("label", "samples", "digest")
    kept = {key: value for key, value in identity.items() if key not in apart}
    model, sampling = dict(identity.get("model", {})), dict(identity.get("sampling", {}))
    if is_local(model.get("base_url", "")):
        model["base_url"] = "local"
    sampling.pop("seed", None)
    return {**kept, "model": model, "sampling": sampling}


def together(runs: Sequence[Measured]) -> Side:
    tasks: dict[str, tuple[int, int]] = {}
    for run in runs:
        for task, (passed, scored) in run.side.tasks.items():
            before = tasks.get(task, (0, 0))
            tasks[task] = (before[0] + passed, before[1] + scored)
    missing = sum(run.side.missing for run in runs)
    return dataclasses.replace(runs[-1].side, tasks=tasks, missing=missing)


# -- what is said ----------------------------------------------------------------------------------


def repeated(runs: Sequence[Measured], said: Labels) -> list[str]:
    if len(runs) < 2:
        return []
    return [said("note.mean", n=len(runs), scores=", ".join(score_words(run, said) for run in runs))]


def other(run: Measured, newest: Measured, said: Labels) -> str:
    """Of a run that is no repeat: it keeps its place in the list of runs."""
    changed = differences(repeatable(run.identity), repeatable(newest.identity))
    score = ", ".join(filter(None, [score_words(run, said), run.facts.state]))
    return said("note.newest", run=run.facts.id, score=score, what="; ".join(changed[:3]))


def beside(run: Measured, said: Labels) -> list[str]:
    """What a run itself says of its score."""
    summary, found = run.facts.summary, []
    if run.facts.state:
        found.append(said("note.state", state=run.facts.state))
    if summary.doubts:
        found.append(said("note.doubts", why="; ".join(summary.doubts)))
    if summary.notes:
        found.append(said("note.remarks", what="; ".join(summary.notes)))
    if summary.strict and summary.strict["pass@1"] is not None:
        strict = 100 * summary.strict["pass@1"]
        found.append(said("note.strict", score=strict, n=summary.strict["suspect"]))
    if names := ", ".join(summary.excluded):
        found.append(said("note.excluded", n=len(summary.excluded), names=names))
    if summary.authors is not None:
        found.append(said("note.authors", score=100 * summary.authors))
    return found


def score_words(run: Measured, said: Labels) -> str:
    return (
        said["note.no_score"]
        if run.facts.score is None
        else score_text(run.facts.score, run.facts.summary.tasks)
    )


def score_text(score: float, tasks: int) -> str:
    """One digit after the point below 1,000 tasks, two above: no more than so many tasks support."""
    return f"{score:.{1 if tasks < 1000 else 2}f}"


# -- as a value ------------------------------------------------------------------------------------


def value_of(cell: Shown, notes: Sequence[str]) -> Value:
    summaries = [run.facts.summary for run in cell.runs]
    planned, scored = sum(s.expected for s in summaries), sum(s.scored for s in summaries)
    passed = sum(s.counts["passed"] for s in summaries)
    tasks = max(s.tasks for s in summaries)
    plain = Value(
        cell.model.id,
        cell.setting,
        "measured",
        "text",
        "none",
        n=tasks,
        scored=scored,
        planned=planned,
        bounds=(100 * passed / planned, 100 * (passed + planned - scored) / planned) if planned else None,
        finished=not cell.newest.facts.state,
        reference=cell.model.reference,
        notes=tuple(notes),
        source=cell.newest.facts.folder.name,
        id=cell.newest.facts.id,
    )
    if not cell.side.tasks:
        return plain
    means = [share(counts) for counts in cell.side.tasks.values()]
    score = 100 * math.fsum(means) / len(means)
    low, high = wilson_of_means(means)
    return dataclasses.replace(
        plain,
        kind="number",
        printed=score_text(score, tasks),
        value=score,
        interval=Interval(100 * low, 100 * high),
    )
