"""JSON: one object a table, each on a line, with every field of every value (docs/machine-interface.md)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from evalkit.report.formats.lines import Show
from evalkit.report.labels import Labels
from evalkit.report.ranks import Ranks, ranks
from evalkit.report.values import Row, Table, Value

SCHEMA = "evalkit.table/1"


def render(tables: Sequence[Table], labels: Labels, show: Show) -> str:
    return "".join(json.dumps(table_object(table, show)) + "\n" for table in tables)


def table_object(table: Table, show: Show) -> dict[str, Any]:
    marks = ranks(table, tied=show.tied)
    return {
        "schema": SCHEMA,
        "id": table.id,
        "title": table.title,
        "caption": table.caption,
        "models": [asdict(model) for model in table.models],
        "columns": [
            {"heading": heading, "models": list(models)} for heading, models in table.columns_by.items()
        ],
        "rows": [row_object(row, table, marks) for row in table.rows],
        "notes": dict(table.notes),
    }


def row_object(row: Row, table: Table, marks: Ranks) -> dict[str, Any]:
    cells = {
        model.id: value_object(table.cells[row.id, model.id], marks.get((row.id, model.id)))
        for model in table.models
        if (row.id, model.id) in table.cells
    }
    return {**plain(asdict(row)), "cells": cells}


def value_object(value: Value, rank: str | None) -> dict[str, Any]:
    """Without `model`, which is its key."""
    fields = plain(asdict(value))
    del fields["model"]
    return {**fields, "complete": value.complete, "rank": rank}


def plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: list(field) if isinstance(field, tuple) else field for key, field in fields.items()}
