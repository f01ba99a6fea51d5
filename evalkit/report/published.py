"""Published values: what documents print, cell by cell, with what it can be held against.

They are data in `results/published/*.json`, which ship with evalkit; anybody's own file is read in the same
way (docs/published-values.md). Nothing is filled in, averaged or rounded: a missing cell stays missing, a
range a range, and what contradicts itself is listed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, get_args

from evalkit.errors import DataError
from evalkit.registry import did_you_mean
from evalkit.report.values import Interval, Kind, Model, Row, Setting, Table, Value
from evalkit.stats.intervals import wilson
from evalkit.stats.published import whole_number

SCHEMA = "evalkit.published/1"
SHIPPED = "evalkit_published"
NOT_WHOLE = "No whole number of the n tasks: an average of several runs, or of another number of tasks."


@dataclass(frozen=True)
class Specification:
    """One fact about a model, as printed and in English. `value` in the field's own unit, None where none."""

    model: str
    field: str
    printed: str
    english: str
    kind: Kind
    value: float | None = None
    extended: float | None = None


@dataclass(frozen=True)
class Conflict:
    """Cells that contradict each other, or the rest of what is known, in words. `spread` in points."""

    id: str
    models: tuple[str, ...]
    benchmark: str
    summary: str
    cells: tuple[str, ...]
    spread: float | None = None


@dataclass(frozen=True)
class Published:
    """One file of published values."""

    id: str
    title: str
    models: Mapping[str, Model]
    tables: tuple[Table, ...]
    specifications: tuple[Specification, ...]
    conflicts: tuple[Conflict, ...]
    documents: Mapping[str, str]
    sources: Mapping[str, str]
    benchmarks: Mapping[str, str]  # names as printed, by id
    accessed: Mapping[str, str]  # dates by document

    def table(self, name: str) -> Table:
        return next(table for table in self.tables if table.id == name)


def shipped() -> list[str]:
    """Names of the files that come with evalkit."""
    files = resources.files(SHIPPED).iterdir()
    return sorted(file.name.removesuffix(".json") for file in files if file.name.endswith(".json"))


def load_published(name: str) -> Published:
    """A file by its path, or one of evalkit's own by its name. DataError says what is wrong with it."""
    if name.endswith(".json") or "/" in name:
        path = Path(name)
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as e:
            raise DataError(f"cannot read {path}: {e}") from None
        return read_published(text, str(path))
    if name not in shipped():
        hint = f"{did_you_mean(name, shipped())}; a file of your own: --published FILE.json"
        raise DataError(f"no published values {name!r}", hint)
    text = resources.files(SHIPPED).joinpath(f"{name}.json").read_text(encoding="utf-8")
    return read_published(text, name)


def read_published(text: str, name: str) -> Published:
    """From a file's text; `name` is how errors call it."""
    try:
        raw = json.loads(text)
    except ValueError as e:
        raise DataError(f"{name} is not valid JSON: {e}") from None
    if not isinstance(raw, dict) or raw.get("schema") != SCHEMA:
        raise DataError(f"{name} holds no published values", f'its "schema" must be "{SCHEMA}"')
    try:
        return _published(raw, name)
    except (KeyError, TypeError, AttributeError, ValueError) as e:
        said = f"{type(e).__name__}: {e}"
        raise DataError(f"{name}: {said}", "docs/published-values.md describes the format") from None


def _published(raw: Mapping[str, Any], name: str) -> Published:
    models = {m["id"]: Model(**m) for m in raw["models"]}
    tasks = {b["id"]: b["tasks"] for b in raw["benchmarks"]}
    return Published(
        raw["id"],
        raw["title"],
        models,
        tuple(_table(table, models, tasks, name) for table in raw["tables"]),
        tuple(
            Specification(**{key: value for key, value in spec.items() if key != "id"})
            for spec in raw.get("specifications", ())
        ),
        tuple(_conflict(conflict) for conflict in raw.get("conflicts", ())),
        {document["id"]: document["title"] for document in raw["documents"]},
        raw.get("sources", {}),
        {benchmark["id"]: benchmark["display"] for benchmark in raw["benchmarks"]},
        {document["id"]: document.get("accessed", "") for document in raw["documents"]},
    )


def _conflict(raw: Mapping[str, Any]) -> Conflict:
    return Conflict(**{**raw, "models": tuple(raw["models"]), "cells": tuple(raw["cells"])})


def _table(
    raw: Mapping[str, Any], models: Mapping[str, Model], tasks: Mapping[str, int | None], name: str
) -> Table:
    columns = {column["heading"]: tuple(column["models"]) for column in raw["columns"]}
    shown = [model for ids in columns.values() for model in ids]
    for model in shown:
        if model not in models:
            raise DataError(
                f"{name}, table {raw['id']}: unknown model {model!r}", did_you_mean(model, models)
            )
    settings = {row["id"]: setting_of(row) for row in raw["rows"]}
    cells: dict[tuple[str, str], Value] = {}
    notes: dict[str, str] = {}
    for cell in raw["cells"]:
        where = f"{name}, table {raw['id']}, cell {cell['id']}"
        key = (cell["row"], cell["model"])
        if cell["row"] not in settings or cell["model"] not in shown:
            raise DataError(f"{where}: there is no such row or column: {key}")
        if key in cells:
            raise DataError(
                f"{where}: a second value for {key}", "conflicting values go into tables of their own"
            )
        setting = settings[cell["row"]]
        cells[key] = _value(cell, setting, tasks[setting.suite], raw["document"], notes, where)
    rows = tuple(_rows(raw["rows"], settings, tasks))
    return Table(raw["id"], raw["title"], tuple(models[m] for m in shown), rows, cells, notes, columns)


def setting_of(row: Mapping[str, Any]) -> Setting:
    return Setting(
        row["benchmark"],
        revision=row.get("revision", ""),
        scaffold=row.get("scaffold", ""),
        turns=row.get("turns"),
        protocol=row.get("protocol", ""),
    )


def _rows(
    raw: Sequence[Mapping[str, Any]], settings: Mapping[str, Setting], tasks: Mapping[str, int | None]
) -> Iterator[Row]:
    """With a heading before the first row that stands under it."""
    above = ""
    for row in raw:
        setting, group, under = settings[row["id"]], row.get("group", ""), row.get("under", "")
        n = tasks[setting.suite]
        if under and under != above:
            yield Row(f"{row['id']}-heading", under, Setting(setting.suite), group, heading=True, n=n)
        above = under
        yield Row(row["id"], row["label"], setting, group, level=1 if under else 0, n=n)


def _value(
    cell: Mapping[str, Any],
    setting: Setting,
    n: int | None,
    document: str,
    notes: dict[str, str],
    where: str,
) -> Value:
    kind: Kind = cell["kind"]
    if kind not in get_args(Kind):
        raise DataError(f"{where}: unknown kind {kind!r}", did_you_mean(kind, get_args(Kind)))
    number = cell.get("value")
    if (number is not None) != (kind == "number"):
        raise DataError(f"{where}: a {kind} with the value {number!r}")
    if number is not None and not 0 <= number <= 100:
        raise DataError(f"{where}: {number} is no score in points of 100")
    said = [cell["note"]] if cell.get("note") else []
    interval = None
    if number is not None and n and not cell.get("approximate"):
        low, high = wilson(number * n / 100, n)
        interval = Interval(100 * low, 100 * high, implied=True)
        if not whole_number(number, n, digits_of(cell["printed"])):
            said.append(NOT_WHOLE)
    return Value(
        cell["model"],
        setting,
        "published",
        kind,
        cell["printed"],
        number,
        cell.get("low"),
        cell.get("high"),
        bool(cell.get("approximate")),
        interval,
        n,
        notes=tuple(note_id(text, notes) for text in said),
        source=document,
        id=cell["id"],
    )


def digits_of(printed: str) -> int:
    """Digits after the point, as printed."""
    number = printed.strip("~ %")
    return len(number.partition(".")[2]) if "." in number else 0


def note_id(text: str, notes: dict[str, str]) -> str:
    """The note's letter: the one that it has, or the next. `notes` is text by letter."""
    for known, said in notes.items():
        if said == text:
            return known
    n, letters = len(notes), ""
    while n >= 0:
        n, letters = n // 26 - 1, chr(ord("a") + n % 26) + letters
    notes[letters] = text
    return letters
