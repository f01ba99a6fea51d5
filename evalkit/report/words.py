"""A report's own sentences: its title, what stands beside it, and warnings."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from evalkit.report.labels import Labels
from evalkit.report.published import NOT_WHOLE, Published
from evalkit.report.repeats import Shown
from evalkit.report.runs import Measured
from evalkit.report.values import Model, Table


def title_of(files: Sequence[Published], main: Table, cells: Sequence[Shown], said: Labels) -> str:
    """The first document's; else what the runs are of."""
    if files:
        return files[0].title
    models = listed([model.display for model in main.models], "gather.models", said)
    suites = listed(list(dict.fromkeys(cell.title for cell in cells)), "gather.suites", said)
    return said("gather.title", models=models, suites=suites)


def listed(names: Sequence[str], key: str, said: Labels) -> str:
    """Up to three names, else how many."""
    if len(names) > 3:
        return said(key, n=len(names))
    return said("gather.and", first=", ".join(names[:-1]), last=names[-1]) if len(names) > 1 else names[0]


def facts(
    main: Table, subject: Model | None, files: Sequence[Published], runs: Sequence[Measured], said: Labels
) -> dict[str, str]:
    """What stands beside the title, in words."""
    found = {"subject": f"{subject.display} {subject.detail}".strip()} if subject else {}
    printed = [value for value in main.cells.values() if value.origin == "published"]
    if printed:
        counts = {
            "count.rows": sum(not row.heading and row.origin == "published" for row in main.rows),
            "count.scores": sum(value.value is not None for value in printed),
            "count.missing": sum(value.kind == "missing" for value in printed),
        }
        found["settings"] = ", ".join(said(key, n=n) for key, n in counts.items())
    if runs:
        suites = len({run.facts.setting.suite for run in runs})
        found["measured"] = said(
            "gather.measured",
            runs=said("count.runs", n=len(runs)),
            suites=said("gather.suites", n=suites),
            scored=said("state.scored", **coverage(runs)),
        )
    if documents := [
        document(file, key, text, said) for file in files for key, text in file.documents.items()
    ]:
        found["source"] = "; ".join(documents)
    return found


def coverage(runs: Sequence[Measured]) -> dict[str, int]:
    """Samples of all runs: scored, planned."""
    summaries = [run.facts.summary for run in runs]
    return {"scored": sum(s.scored for s in summaries), "planned": sum(s.planned for s in summaries)}


def document(file: Published, key: str, text: str, said: Labels) -> str:
    date = file.accessed.get(key)
    return said("gather.accessed", document=text, date=date) if date else text


def warnings(runs: Sequence[Measured], said: Labels) -> Iterator[str]:
    """Of the runs that are shown: what is not whole, and what is of other data than its siblings, though its
    row is named as theirs."""
    for run in runs:
        if run.facts.state:
            name = f"{run.facts.model.display}, {run.facts.label}"
            yield said("warning.state", run=name, state=run.facts.state)
    by_part: dict[tuple[str, str], dict[str, list[Measured]]] = {}
    for run in runs:
        setting = run.facts.setting
        part = (setting.suite, setting.limits.get("scope", ""))
        by_part.setdefault(part, {}).setdefault(setting.revision, []).append(run)
    for revisions in by_part.values():
        if len(revisions) > 1:
            title = next(iter(revisions.values()))[0].facts.summary.title
            most = max(revisions, key=lambda revision: len(revisions[revision]))
            which = "; ".join(
                f"{revision}: {', '.join(run.facts.folder.name for run in group)}"
                for revision, group in revisions.items()
                if revision != most
            )
            yield said("warning.data", suite=title, which=which)


def in_language(table: Table, said: Labels) -> Table:
    """The table with evalkit's own note on published values in that language; a document's notes stay."""
    own = said["note.not_whole"]
    notes = {letter: own if text == NOT_WHOLE else text for letter, text in table.notes.items()}
    return dataclasses.replace(table, notes=notes)
