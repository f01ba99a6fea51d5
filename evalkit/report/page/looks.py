"""How each model looks in every figure of the page, and what it is called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from evalkit.report.content import Report
from evalkit.report.palette import Mark, marks
from evalkit.report.values import Model


@dataclass(frozen=True)
class Looks:
    """Marks and models by id. `subject` is whom the others are compared with, "" where nobody is."""

    of: Mapping[str, Mark]
    models: Mapping[str, Model]
    subject: str

    def name(self, model: str) -> str:
        return self.models[model].display if model in self.models else model


def looks(report: Report) -> Looks:
    subject = report.forests[0].a.id if report.forests else ""
    return Looks(marks(report), {**report.models, **{m.id: m for m in everybody(report)}}, subject)


def everybody(report: Report) -> Iterator[Model]:
    for table in report.tables:
        yield from table.models
    for forest in report.forests:
        yield from (forest.a, forest.b)
    yield from (run.model for run in report.runs)
