"""Samples files: JSON lines (plain or gzip) or one JSON array, with an answer a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from evalkit.errors import DataError
from evalkit.suite import SampleRecord
from evalkit.task import Answer, Form

FORMS: dict[str, Form] = {
    "solution": "solution",
    "completion": "completion",
    "reply": "reply",
    "raw": "reply",
    "answer": "reply",
}


def read_rows(rows: Iterable[Mapping[str, Any]], first: int = 1) -> Iterator[SampleRecord]:
    """Rows with `task_id` and one of `solution`, `completion`, `reply`; each a text or a list of them.

    A row of evalkit's own export has `answer` with `form`.
    """
    for number, row in enumerate(rows, first):
        task_id = row.get("task_id")
        if task_id is None:
            raise DataError(f"row {number} of the samples file has no task_id")
        key = next((k for k in FORMS if row.get(k) is not None), None)
        if key is None:
            raise DataError(
                f"row {number} of the samples file ({task_id}) has no answer",
                f"expected one of {', '.join(FORMS)}",
            )
        form = cast(Form, row.get("form") or FORMS[key])
        texts = row[key] if isinstance(row[key], list) else [row[key]]
        for text in texts:
            if not isinstance(text, str):
                raise DataError(f"row {number} of the samples file ({task_id}): {key} is not a text")
            yield SampleRecord(str(task_id), Answer(text, form))
