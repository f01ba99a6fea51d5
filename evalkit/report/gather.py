"""From runs and published values to a `Report`: everything that a page shows, selected, compared, explained.

docs/reports.md says what is compared with what, and what becomes of runs that are not whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from evalkit.errors import UsageError
from evalkit.models.catalog import Catalog, load_catalog
from evalkit.report.conflicts import apart, between, of_models
from evalkit.report.content import Forest, Report
from evalkit.report.findings import findings
from evalkit.report.forest import forests, labels_of
from evalkit.report.labels import Labels, labels
from evalkit.report.measured import measured_differences
from evalkit.report.merge import empty, merged
from evalkit.report.names import check_used, column_of, resolve
from evalkit.report.published import Published
from evalkit.report.repeats import Shown, shown
from evalkit.report.runs import Measured, distinct, measure
from evalkit.report.select import find_models, find_suites, selected
from evalkit.report.values import Model, Setting, Table
from evalkit.report.words import facts, in_language, title_of, warnings


def gather(
    runs: Sequence[Path],
    published: Sequence[Published],
    *,
    models: Sequence[str] = (),
    suites: Sequence[str] = (),
    subject: str | None = None,
    title: str | None = None,
    command: str = "",
    aliases: Mapping[str, str] | None = None,
    said: Labels | None = None,
) -> Report:
    """Everything of a report. `models` and `suites` select by id or name, all where they are empty; `subject`
    is whom the others are compared with (the first model); `aliases` says by what name of a run's model a
    published model is meant; `said` is the language of its own words. UsageError where a name is not known
    or nothing is left, StoreError and DataError for a run that cannot be read."""
    if not runs and not published:
        raise UsageError("nothing to report", "name a run, or published values: --published launch")
    said = said or labels()
    given, doubled = once(published, said)
    files = apart(given)
    printed = {key: model for file in reversed(files) for key, model in file.models.items()}
    read, remarks = read_runs(runs, printed, aliases or {}, said)
    known = {**printed, **{run.facts.model.id: run.facts.model for run in read}}
    every = with_measured(files, shown(read, said), said)
    wanted, benchmarks = find_models(models, known, called(read)), find_suites(suites, every)
    tables = [table for table in (selected(t, wanted, benchmarks) for t in every) if table.cells]
    tables = [in_language(table, said) for table in tables]
    if not tables:
        raise UsageError(
            "nothing is left of this selection",
            f"no cell of {', '.join(models) or 'any model'} and {', '.join(suites) or 'any benchmark'}",
        )
    chosen = [run for run in read if is_selected(run, wanted, benchmarks)]
    cells, main = shown(chosen, said), tables[0]
    chosen = as_shown(chosen, tables)
    who = subject_of(subject, main, wanted, known, called(read))
    compared = firsts(files, tables)
    differences = compared_with(who, compared, cells, said) if who else ()
    disputes = [*(c for file in files for c in file.conflicts), *between(files)]
    columns = {model.id for table in tables for model in table.models}
    conflicts = of_models(disputes, columns, benchmarks)
    names = {key: name for file in reversed(files) for key, name in file.benchmarks.items()}
    return Report(
        title or title_of(files, main, cells, said),
        said["gather.lead"],
        tuple(tables),
        findings(main, who, differences, conflicts, names, chosen, said),
        differences,
        tuple(conflicts),
        tuple(s for file in files for s in file.specifications if not wanted or s.model in wanted),
        tuple(run.facts for run in chosen),
        (*doubled, *remarks, *warnings(chosen, said)),
        documents={key: text for file in files for key, text in file.documents.items()},
        sources={key: text for file in files for key, text in file.sources.items()},
        facts=facts(main, who, files, chosen, said),
        made=command,
        models=known,
    )


def once(published: Sequence[Published], said: Labels) -> tuple[list[Published], list[str]]:
    """Each file once; and what is to be said of those that were given twice."""
    found: list[Published] = []
    remarks = []
    for file in published:
        if file in found:
            remarks.append(said("warning.twice", name=file.id))
        else:
            found.append(file)
    return found, remarks


def read_runs(
    runs: Sequence[Path], printed: Mapping[str, Model], aliases: Mapping[str, str], said: Labels
) -> tuple[list[Measured], list[str]]:
    """The runs, oldest first, each once; and what is to be said of those that were given twice."""
    same = resolve(aliases, printed)
    catalog = load_catalog() if runs else Catalog({}, {})

    def column(manifest: Mapping[str, Any]) -> Model:
        return column_of(manifest, printed, same, catalog, said)

    read = [measure(folder, column, said) for folder in runs]
    check_used(aliases, (name for run in read for name in run.called))
    return distinct(read, said)


def called(runs: Iterable[Measured]) -> dict[str, str]:
    """Ids of columns by what runs call their models."""
    return {name: run.facts.model.id for run in runs for name in run.called}


def is_selected(run: Measured, models: Sequence[str], suites: set[str]) -> bool:
    facts = run.facts
    return (not models or facts.model.id in models) and (not suites or facts.setting.suite in suites)


def as_shown(runs: Sequence[Measured], tables: Sequence[Table]) -> list[Measured]:
    """The runs in the order of rows and columns, and of one cell the oldest first."""
    rows = [row.setting for table in tables for row in table.rows]
    columns = [model.id for table in tables for model in table.models]
    return sorted(runs, key=lambda r: (rows.index(r.facts.setting), columns.index(r.facts.model.id)))


def with_measured(files: Sequence[Published], cells: Sequence[Shown], said: Labels) -> list[Table]:
    """All tables: the first of each file with the runs of its benchmarks, the main one with all others."""
    tables = [table for file in files for table in file.tables] or [empty(said)]
    homes = {table.id: suites_of(table) for table in first_tables(files)}
    elsewhere = {
        suite: table.title
        for table in reversed(tables)
        if table.id not in homes
        for suite in suites_of(table)
    }
    placed: dict[str, list[Shown]] = {}
    for cell in cells:
        home = next((name for name, suites in homes.items() if cell.setting.suite in suites), tables[0].id)
        placed.setdefault(home, []).append(cell)
    return [
        merged(table, placed[table.id], elsewhere, said) if table.id in placed else table for table in tables
    ]


def compared_with(
    subject: Model, tables: Sequence[Table], cells: Sequence[Shown], said: Labels
) -> tuple[Forest, ...]:
    """The subject's differences; and where it has no run, also those of the first model that has one."""
    names = labels_by_setting(tables)
    found = forests(tables, subject, said, measured_differences(cells, subject, names, said))
    measured = {cell.model.id for cell in cells if not cell.model.reference}
    ran = [model for table in tables for model in table.models if model.id in measured]
    if ran and all(model.id != subject.id for model in ran):
        found += forests((), ran[0], said, measured_differences(cells, ran[0], names, said))
    return found


def suites_of(table: Table) -> set[str]:
    return {row.setting.suite for row in table.rows}


def first_tables(files: Sequence[Published]) -> list[Table]:
    """The first table of each file: the further ones repeat or summarise."""
    return [file.tables[0] for file in files if file.tables]


def firsts(files: Sequence[Published], shown: Sequence[Table]) -> list[Table]:
    """The same as far as they are shown."""
    ids = {table.id for table in first_tables(files)}
    return [table for table in shown if table.id in ids or not files]


def labels_by_setting(tables: Sequence[Table]) -> dict[Setting, str]:
    return {
        row.setting: names[row.id]
        for table in tables
        for names in [labels_of(table)]
        for row in table.rows
        if row.origin == "measured" and not row.heading
    }


def subject_of(
    name: str | None,
    main: Table,
    wanted: Sequence[str],
    known: Mapping[str, Model],
    called: Mapping[str, str],
) -> Model | None:
    """Whom the others are compared with: who was named, the first selected, or the first column. None where
    there are references alone."""
    columns = {model.id: model for model in main.models if not model.reference}
    if name:
        found = [model for model in find_models([name], known, called) if model in columns]
        if not found:
            raise UsageError(
                f"{name} cannot be the subject", f"models of the main table: {', '.join(columns)}"
            )
        return columns[found[0]]
    return next((columns[model] for model in wanted if model in columns), next(iter(columns.values()), None))
