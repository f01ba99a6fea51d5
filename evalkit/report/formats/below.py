"""What is said below a table, in words: what bold means, whose intervals, notes, sources."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.report.cells import DASHES, NOT_REPORTED, NOT_RUN
from evalkit.report.formats.lines import INCOMPLETE, Line, Show, safe
from evalkit.report.labels import Labels
from evalkit.report.values import Table, Value


def legend(
    table: Table, rows: Sequence[Line], labels: Labels, show: Show, *, signs: bool = False
) -> list[str]:
    """Sentences about what occurs in these lines. `signs`: of a terminal, where nothing is bold."""
    cells = [cell for line in rows for cell in line.cells]
    texts = {cell.text for cell in cells}
    said = []
    if any(cell.rank for cell in cells):
        key = "formats.tied" if show.tied else "formats.ranks"
        said.append(labels(f"{key}.signs" if signs else key))
    if NOT_REPORTED in texts:
        said.append(labels("formats.missing"))
    if NOT_RUN in texts:
        said.append(labels("formats.not_run"))
    said += dict.fromkeys(
        incomplete(table, cell.value, labels) for cell in cells if cell.value and not cell.value.complete
    )
    for sign in dict.fromkeys(
        cell.text
        for cell in cells
        if cell.value and cell.value.kind == "missing" and cell.value.printed.strip() not in DASHES | {""}
    ):
        said.append(labels("formats.no_data", sign=sign))
    if any(cell.value and cell.value.approximate for cell in cells):
        said.append(labels("formats.approximate"))
    if any(cell.value and cell.value.kind == "range" for cell in cells):
        said.append(labels("formats.range"))
    if any(cell.interval and cell.value and not implied(cell.value.interval) for cell in cells):
        said.append(labels("formats.intervals"))
    if any(cell.interval and cell.value and implied(cell.value.interval) for cell in cells):
        said.append(labels("formats.implied"))
    return said


def incomplete(table: Table, value: Value, labels: Labels) -> str:
    """Whose value it is, how much of it there is, and where it lies once all is scored."""
    model = next(model.display for model in table.models if model.id == value.model)
    said = labels("value.incomplete", scored=value.scored or 0, planned=value.planned or 0)
    if value.bounds:
        said += "; " + labels("value.bounds", low=value.bounds[0], high=value.bounds[1])
    return f"{INCOMPLETE}: {safe(model)}, {said}."


def implied(interval: object) -> bool:
    return bool(getattr(interval, "implied", False))


def sources(table: Table, show: Show) -> list[str]:
    """Documents by their titles and runs by their folders, in the order of first use."""
    if show.sources is None:
        return []
    found = dict.fromkeys(
        value.source
        for row in table.rows
        for model in table.models
        if (value := table.cells.get((row.id, model.id))) and value.source
    )
    return [safe(show.sources.get(source, source)) for source in found]
