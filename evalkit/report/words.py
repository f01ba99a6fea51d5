"""A report's own sentences: its title, what stands beside it, and warnings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evalkit.report.published import Published
from evalkit.report.repeats import Shown
from evalkit.report.runs import Measured
from evalkit.report.values import Model, Table

LEAD = (
    "Each score keeps its scaffold, its limits, its number of tasks and its source, so that only like is "
    "compared with like. Intervals and differences are computed here; no document published them."
)


def title_of(files: Sequence[Published], main: Table, cells: Sequence[Shown]) -> str:
    """The first document's; else what the runs are of."""
    if files:
        return files[0].title
    benchmarks = list(dict.fromkeys(cell.title for cell in cells))
    models = [model.display for model in main.models]
    return f"{listed(models, 'models')} on {listed(benchmarks, 'benchmarks')}"


def listed(names: Sequence[str], what: str) -> str:
    """Up to three names, else how many."""
    if len(names) > 3:
        return f"{len(names)} {what}"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def facts(
    main: Table, subject: Model | None, files: Sequence[Published], runs: Sequence[Measured]
) -> dict[str, str]:
    """What stands beside the title, in words."""
    found = {"subject": f"{subject.display} {subject.detail}".strip()} if subject else {}
    rows = sum(not row.heading and row.origin == "published" for row in main.rows)
    printed = [value for value in main.cells.values() if value.origin == "published"]
    if printed:
        numbers = sum(value.value is not None for value in printed)
        missing = sum(value.kind == "missing" for value in printed)
        found["settings"] = f"{rows} rows, {numbers} published scores, {missing} not reported"
    if runs:
        summaries = [run.facts.summary for run in runs]
        suites = len({run.facts.setting.suite for run in runs})
        scored, planned = sum(s.scored for s in summaries), sum(s.planned for s in summaries)
        found["measured"] = (
            f"{counted(len(runs), 'run')} of {counted(suites, 'benchmark')}, "
            f"{scored:,} of {planned:,} samples scored"
        )
    documents = [
        f"{text}, accessed {file.accessed[key]}" if file.accessed.get(key) else text
        for file in files
        for key, text in file.documents.items()
    ]
    if documents:
        found["source"] = "; ".join(documents)
    return found


def counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def warnings(runs: Sequence[Measured]) -> Iterator[str]:
    """Of the runs that are shown: what is not whole, and what is of other data than its siblings."""
    for run in runs:
        if run.facts.state:
            yield f"{run.facts.model.display}, {run.facts.label}: {run.facts.state}. It has no rank."
    by_suite: dict[str, dict[str, list[Measured]]] = {}
    for run in runs:
        setting = run.facts.setting
        by_suite.setdefault(setting.suite, {}).setdefault(setting.revision, []).append(run)
    for revisions in by_suite.values():
        if len(revisions) > 1:
            title = next(iter(revisions.values()))[0].facts.summary.title
            which = "; ".join(
                f"{revision}: {', '.join(run.facts.id for run in group)}"
                for revision, group in revisions.items()
            )
            yield f"{title}: runs over different data stand in rows of their own, not compared ({which})."
