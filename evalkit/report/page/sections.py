"""The sections that a report has something for, in the order of the page: what holds, what cannot be told
apart, what disagrees, what is missing, what it cost, and how to do it again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from evalkit.report.content import Report
from evalkit.report.labels import Labels
from evalkit.report.page.cells import Around
from evalkit.report.page.disagree import disagreements
from evalkit.report.page.looks import Looks
from evalkit.report.page.measured import accounts, entries, prices, repeats
from evalkit.report.page.notes import Notes
from evalkit.report.page.scores import further, scores
from evalkit.report.page.specified import specified
from evalkit.report.page.versus import versus
from evalkit.report.ranks import ranks
from evalkit.report.values import Table


@dataclass(frozen=True)
class Section:
    """`id` is its anchor and the name of its template; `view` is what the template draws."""

    id: str
    title: str
    view: Any


def sections(report: Report, looks: Looks, notes: Notes, labels: Labels, *, drill: bool) -> Iterator[Section]:
    runs = {key: run.id for run in report.runs for key in (str(run.folder), run.id)}

    def around(table: Table) -> Around:
        return Around(table, ranks(table), notes.references, runs, labels)

    if report.tables and report.tables[0].rows:
        yield Section("scores", labels("scores.title"), scores(around(report.tables[0]), looks))
    if report.forests:
        views = [versus(forest, looks, labels) for forest in report.forests if forest.differences]
        yield Section("differences", labels("forest.section"), views)
    more = [further(around(table), looks) for table in report.tables[1:] if table.rows]
    if report.conflicts or more:
        found = disagreements(report, looks, labels)
        title = labels("conflicts.title") if report.conflicts else labels("tables.title")
        yield Section("documents", title, {"strips": found, "tables": more})
    if report.runs:
        yield Section("accounts", labels("accounts.title"), accounts(report.runs, labels))
    if drill and report.runs:
        yield Section("samples", labels("samples.title"), entries(report.runs))
    if again := list(repeats(report.runs, looks, labels)):
        yield Section("reliability", labels("reliability.title"), again)
    if report.runs:
        yield Section("cost", labels("cost.title"), list(prices(report.runs, looks, labels)))
    if report.specifications:
        facts = specified(report.specifications, looks, labels)
        yield Section("specifications", labels("specifications.title"), facts)
    if notes.all or report.documents or report.sources:
        yield Section("notes", labels("notes.title"), notes)
    if report.runs or report.made:
        yield Section("reproduce", labels("reproduce.title"), None)
