"""From runs and published values to a `Report`: everything that a page shows, selected, compared, explained.

docs/reports.md says what is compared with what, and what becomes of runs that are not whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from evalkit.errors import UsageError
from evalkit.report.conflicts import apart, between, of_models
from evalkit.report.content import Report
from evalkit.report.findings import findings
from evalkit.report.forest import forests
from evalkit.report.published import Published
from evalkit.report.select import find_models, find_suites, selected
from evalkit.report.values import Model, Table


def gather(
    runs: Sequence[Path],
    published: Sequence[Published],
    *,
    models: Sequence[str] = (),
    suites: Sequence[str] = (),
    subject: str | None = None,
    title: str | None = None,
    command: str = "",
) -> Report:
    """Everything of a report. `models` and `suites` select by id or name, all where they are empty; `subject`
    is whom the others are compared with (the first model). UsageError where a name is not known or nothing
    is left."""
    if not runs and not published:
        raise UsageError("nothing to report", "name a run, or published values: --published launch")
    files = apart(published)
    tables = [table for file in files for table in file.tables]
    known = {key: model for file in reversed(files) for key, model in file.models.items()}
    wanted, benchmarks = find_models(models, known), find_suites(suites, tables)
    shown = [table for table in (selected(t, wanted, benchmarks) for t in tables) if table.cells]
    if not shown:
        raise UsageError(
            "nothing is left of this selection",
            f"no cell of {', '.join(models) or 'any model'} and {', '.join(suites) or 'any benchmark'}",
        )
    main = shown[0]
    who = subject_of(subject, main, wanted, known)
    disputes = [*(c for file in files for c in file.conflicts), *between(files)]
    conflicts = of_models(disputes, {m.id: m for table in shown for m in table.models}, benchmarks)
    differences = forests(firsts(files, shown), who) if who else ()
    names = {key: name for file in reversed(files) for key, name in file.benchmarks.items()}
    return Report(
        title or title_of(files),
        LEAD,
        tuple(shown),
        findings(main, who, differences, conflicts, names),
        differences,
        tuple(conflicts),
        tuple(s for file in files for s in file.specifications if not wanted or s.model in wanted),
        documents={key: text for file in files for key, text in file.documents.items()},
        sources={key: text for file in files for key, text in file.sources.items()},
        facts=facts(main, who, files),
        made=command,
        models=known,
    )


LEAD = (
    "Each score keeps its scaffold, its limits, its number of tasks and its source, so that only like is "
    "compared with like. Intervals and differences are computed here and were not published."
)


def title_of(files: Sequence[Published]) -> str:
    return files[0].title if files else "Comparative report"


def subject_of(
    name: str | None, main: Table, wanted: Sequence[str], known: Mapping[str, Model]
) -> Model | None:
    """Whom the others are compared with: who was named, the first selected, or the first column."""
    columns = {model.id: model for model in main.models}
    if name:
        found = find_models([name], known)
        if found[0] not in columns:
            raise UsageError(f"{name} has no score in the main table", f"it has {', '.join(columns)}")
        return columns[found[0]]
    return next((columns[model] for model in wanted if model in columns), next(iter(columns.values()), None))


def firsts(files: Sequence[Published], shown: Sequence[Table]) -> list[Table]:
    """The first table of each file, as far as it is shown: the further ones repeat or summarise."""
    ids = {file.tables[0].id for file in files if file.tables}
    return [table for table in shown if table.id in ids]


def facts(main: Table, subject: Model | None, files: Sequence[Published]) -> dict[str, str]:
    """What stands beside the title, in words."""
    found = {"subject": f"{subject.display} {subject.detail}".strip()} if subject else {}
    rows = sum(not row.heading for row in main.rows)
    printed = [value for value in main.cells.values() if value.origin == "published"]
    numbers = sum(value.value is not None for value in printed)
    missing = sum(value.kind == "missing" for value in printed)
    found["settings"] = f"{rows} rows, {numbers} published scores, {missing} not reported"
    documents = [
        f"{text}, accessed {file.accessed[key]}" if file.accessed.get(key) else text
        for file in files
        for key, text in file.documents.items()
    ]
    if documents:
        found["source"] = "; ".join(documents)
    return found
