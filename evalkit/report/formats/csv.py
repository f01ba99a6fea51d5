"""CSV: a line a row and a column a model, as people paste it, or with `Show.long` a line a value.

Scores are as they are printed. A text that a spreadsheet would take for a formula gets an apostrophe.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence

from evalkit.errors import UsageError
from evalkit.report.cells import NOT_REPORTED, NOT_RUN, placed, text_of
from evalkit.report.formats.lines import Show
from evalkit.report.labels import Labels
from evalkit.report.ranks import ranks
from evalkit.report.values import Interval, Model, Row, Table, Value
from evalkit.text import one_line

CELL = 32_767  # characters that a spreadsheet has room for
FORMULA = frozenset("=+-@\uff1d\uff0b\uff0d\uff20")  # the wide forms too: some locales read them as one
LONG = (
    *("table", "group", "benchmark", "setting", "row", "model", "display", "origin", "kind", "printed"),
    *("value", "low", "high", "approximate", "interval_low", "interval_high", "interval_implied", "rank"),
    *("n", "scored", "planned", "bound_low", "bound_high", "suite", "revision", "scaffold", "turns"),
    *("protocol", "limits", "notes", "source"),
)


def render(tables: Sequence[Table], labels: Labels, show: Show) -> str:
    if len(tables) > 1 and not show.long:
        ids = ", ".join(table.id for table in tables)
        raise UsageError(f"CSV holds one table, and there are {ids}", f"--table {tables[0].id}, or --long")
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n").writerow
    if show.long:
        write(LONG)
        for table in tables:
            for line in long(table, show):
                write([harmless(line[key]) for key in LONG])
    else:
        for cells in wide(tables[0], show):
            write(list(map(harmless, cells)))
    return out.getvalue()


def wide(table: Table, show: Show) -> Iterator[list[str]]:
    titles = columns(table.models)
    bounds = [f"{title} {end}" for title in titles for end in ("low", "high")] if show.intervals else []
    yield ["group", "benchmark", "setting", "origin", *titles, *bounds]
    for row, benchmark, where in rows(table):
        values = [table.cells.get((row.id, model.id)) for model in table.models]
        intervals = [value.interval if value else None for value in values] if show.intervals else []
        ends = [end for interval in intervals for end in ends_of(interval)]
        yield [row.group, benchmark, where, row.origin, *(printed(value, row) for value in values), *ends]


def printed(value: Value | None, row: Row) -> str:
    """As everywhere, but empty where nothing is reported or run: a dash makes a column of numbers text."""
    text = text_of(value, row)
    return "" if text in (NOT_REPORTED, NOT_RUN) else text


def long(table: Table, show: Show) -> Iterator[dict[str, object]]:
    marks = ranks(table, tied=show.tied)
    for row, benchmark, where in rows(table):
        for model in table.models:
            value = table.cells.get((row.id, model.id))
            if value is None:
                continue
            low, high = ends_of(value.interval)
            setting = value.setting
            yield {
                "table": table.id,
                "group": row.group,
                "benchmark": benchmark,
                "setting": where,
                "row": row.id,
                "model": model.id,
                "display": model.display,
                "origin": value.origin,
                "kind": value.kind,
                "printed": value.printed,
                "value": value.value,
                "low": value.low,
                "high": value.high,
                "approximate": value.approximate,
                "interval_low": low,
                "interval_high": high,
                "interval_implied": value.interval.implied if value.interval else "",
                "rank": marks.get((row.id, model.id), ""),
                "n": value.n,
                "scored": value.scored,
                "planned": value.planned,
                "bound_low": value.bounds[0] if value.bounds else "",
                "bound_high": value.bounds[1] if value.bounds else "",
                "suite": setting.suite,
                "revision": setting.revision,
                "scaffold": setting.scaffold,
                "turns": setting.turns,
                "protocol": setting.protocol,
                "limits": "; ".join(f"{name}={limit}" for name, limit in setting.limits.items()),
                "notes": " ".join(table.notes.get(note, note) for note in value.notes),
                "source": value.source,
            }


def rows(table: Table) -> Iterator[tuple[Row, str, str]]:
    """Rows with cells, with their benchmark and their setting of it."""
    for row, parents in placed(table):
        if not row.heading:
            benchmark, *setting = (*parents, row.label)
            yield row, benchmark, ", ".join(setting)


def columns(models: Sequence[Model]) -> list[str]:
    """Names of columns, each once: with the second line where two print the same name, else with the id."""
    short = Counter(model.display for model in models)
    named = [m.display if short[m.display] == 1 else f"{m.display} {m.detail}".strip() for m in models]
    twice = Counter(named)
    return [
        name if twice[name] == 1 else f"{name} ({model.id})"
        for name, model in zip(named, models, strict=True)
    ]


def ends_of(interval: Interval | None) -> tuple[str, str]:
    return (f"{interval.low:.2f}", f"{interval.high:.2f}") if interval else ("", "")


def harmless(cell: object) -> str:
    """Nothing that a spreadsheet computes, runs or cannot hold; control characters visible."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    text = one_line(str(cell), CELL)
    return f"'{text}" if text.lstrip()[:1] in FORMULA and text.strip() else text
