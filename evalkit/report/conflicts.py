"""Where documents contradict each other: what their files list, and what shows when files are put together.

Conflicting values are shown side by side, never averaged and never resolved.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence

from evalkit.report.published import Conflict, Published, digits_of
from evalkit.report.values import Setting, Value


def apart(files: Sequence[Published]) -> list[Published]:
    """The files with ids of tables and cells that are unique over all of them: those of any but the first
    take their file's id in front where it is needed."""
    taken: set[str] = set()
    return [qualified(file, taken) for file in files]


def qualified(file: Published, taken: set[str]) -> Published:
    cells = {value.id for table in file.tables for value in table.cells.values()}
    tables = {table.id for table in file.tables}
    conflicts = {conflict.id for conflict in file.conflicts}
    new = {
        old: old if old not in taken else f"{file.id}/{old}" for old in sorted({*cells, *tables, *conflicts})
    }
    taken.update(new.values())
    return dataclasses.replace(
        file,
        tables=tuple(
            dataclasses.replace(
                table,
                id=new[table.id],
                cells={key: dataclasses.replace(v, id=new[v.id]) for key, v in table.cells.items()},
            )
            for table in file.tables
        ),
        conflicts=tuple(
            dataclasses.replace(c, id=new[c.id], cells=tuple(new.get(cell, cell) for cell in c.cells))
            for c in file.conflicts
        ),
    )


def between(files: Sequence[Published]) -> Iterator[Conflict]:
    """Values of one model and setting that different files print differently."""
    found: dict[tuple[str, Setting], list[tuple[Published, Value]]] = defaultdict(list)
    for file in files:
        for table in file.tables:
            for value in table.cells.values():
                if ends(value):
                    found[value.model, value.setting].append((file, value))
    for (model, setting), printed in found.items():
        pairs = itertools.combinations(printed, 2)
        if any(a[0] is not b[0] and not meet(a[1], b[1]) for a, b in pairs):
            yield contradiction(model, setting, printed)


def contradiction(model: str, setting: Setting, printed: Sequence[tuple[Published, Value]]) -> Conflict:
    file, _ = printed[0]
    benchmark = file.benchmarks.get(setting.suite, setting.suite)
    said = "; ".join(f"{value.printed} in {by.documents[value.source]}" for by, value in printed)
    numbers = [value.value for _, value in printed if value.value is not None]
    return Conflict(
        "-".join(["X", *(value.id for _, value in printed)]),
        (model,),
        setting.suite,
        f"{file.models[model].display}, {benchmark}: {said}.",
        tuple(value.id for _, value in printed),
        round(max(numbers) - min(numbers), 6) if len(numbers) == len(printed) else None,
    )


def ends(value: Value) -> tuple[float, float] | None:
    """Between what a printed value lies: a number's rounding, a range's two ends; None for what is none."""
    if value.value is not None:
        half = 0.5 * 10.0 ** -digits_of(value.printed)
        return value.value - half, value.value + half
    if value.low is not None and value.high is not None:
        return value.low, value.high
    return None


def meet(one: Value, other: Value) -> bool:
    """Whether some number could have been printed as both."""
    a, b = ends(one), ends(other)
    assert a is not None
    assert b is not None
    return a[0] <= b[1] + 1e-9 and b[0] <= a[1] + 1e-9


def of_models(conflicts: Sequence[Conflict], models: set[str], suites: set[str]) -> list[Conflict]:
    """Those that have to do with what is shown; `suites` empty is all."""
    return [
        conflict
        for conflict in conflicts
        if any(model in models for model in conflict.models)
        and (not suites or not conflict.benchmark or conflict.benchmark in suites)
    ]
