"""What of the tables is shown: models and benchmarks by what a person types, and nothing left is an error."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest

from evalkit.errors import UsageError
from evalkit.registry import did_you_mean
from evalkit.report.values import Model, Row, Table


def find_models(
    names: Sequence[str], known: Mapping[str, Model], called: Mapping[str, str] | None = None
) -> list[str]:
    """Ids of the models that were named, each once. UsageError for a name that none has."""
    return list(dict.fromkeys(model for name in names for model in alike(name, known, called or {})))


def alike(name: str, known: Mapping[str, Model], called: Mapping[str, str] | None = None) -> list[str]:
    """The model of that id first, then all that are called so: a document may print one name for several
    versions. `called`: ids by what else they are known as."""
    wanted = plain(name)
    found = [model.id for model in known.values() if wanted == plain(model.id)]
    found += [model for other, model in (called or {}).items() if wanted == plain(other)]
    found += [model.id for model in known.values() if wanted in map(plain, titles(model))]
    if not found:
        names = [own for model in known.values() for own in (model.id, model.display)]
        raise UsageError(
            f"no model {name!r} in the runs and published values", did_you_mean(name, set(names))
        )
    return list(dict.fromkeys(found))


def titles(model: Model) -> tuple[str, str]:
    return model.display, f"{model.display} {model.detail}"


def plain(name: str) -> str:
    """A name as it is compared: case, spaces and punctuation do not count, nor who serves it."""
    return "".join(c for c in name.rpartition("/")[2].casefold() if c.isalnum() or c == ".")


def find_suites(names: Sequence[str], tables: Sequence[Table]) -> set[str]:
    """Ids of the benchmarks that were named, by id or by label. UsageError for others."""
    known: dict[str, str] = {}
    for row in (row for table in tables for row in table.rows):
        known[plain(row.setting.suite)] = row.setting.suite
    for row in (row for table in tables for row in table.rows):
        if row.heading or not row.level:
            known.setdefault(plain(row.label), row.setting.suite)
    for name in names:
        if plain(name) not in known:
            raise UsageError(
                f"no benchmark {name!r} in the runs and published values", did_you_mean(name, known.values())
            )
    return {known[plain(name)] for name in names}


def selected(table: Table, models: Iterable[str], suites: Iterable[str]) -> Table:
    """The table with these columns and benchmarks alone; all of them where none is named."""
    chosen, wanted = set(models), set(suites)
    if not chosen and not wanted:
        return table
    columns = chosen or {model.id for model in table.models}
    ids = {row.id for row in table.rows if not wanted or row.setting.suite in wanted}
    cells = {key: value for key, value in table.cells.items() if key[0] in ids and key[1] in columns}
    columns = {model for _, model in cells}
    # a printed row stays also where no column of it is left: that it is not reported is said
    kept = ids - {row.id for row in table.rows if row.origin == "measured" and not row.heading}
    kept |= {row for row, _ in cells}
    rows = [row for row in table.rows if row.id in kept]
    return dataclasses.replace(
        table,
        models=tuple(model for model in table.models if model.id in columns),
        rows=tuple(without_bare_headings(rows)),
        cells=cells,
        notes=notes_in_use(table.notes, cells.values()),
        columns_by={
            heading: left
            for heading, names in table.columns_by.items()
            if (left := tuple(model for model in names if model in columns))
        },
    )


def without_bare_headings(rows: Sequence[Row]) -> Iterable[Row]:
    """Rows without headings that nothing stands under."""
    for row, after in zip_longest(rows, rows[1:]):
        if not row.heading or (after and after.level):
            yield row


def notes_in_use(notes: Mapping[str, str], values: Iterable[object]) -> dict[str, str]:
    used = {note for value in values for note in getattr(value, "notes", ())}
    return {letter: text for letter, text in notes.items() if letter in used}
