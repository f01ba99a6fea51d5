"""Export records as Parquet, in row groups: never more than one of them in memory.

Facts become a text of JSON: each suite has its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import IO, Any

from evalkit.errors import UsageError

GROUP = 1000  # records a row group
MAPS = ("parts", "tags")


def write_parquet(records: Iterable[dict[str, Any]], out: IO[bytes]) -> None:
    """The records as they are, `MAPS` as maps. Text that is no valid Unicode gets visible escapes."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise UsageError("Parquet needs pyarrow", "pip install 'evalkit[hub]'") from None
    schema = _schema(pyarrow)
    with pyarrow.parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        for group in _groups(iter(records)):
            writer.write_table(
                pyarrow.Table.from_pylist([_valid(_flat(record)) for record in group], schema=schema)
            )


def _schema(pa: Any) -> Any:
    text, whole, real = pa.string(), pa.int64(), pa.float64()
    test = pa.struct({"name": text, "status": text, "detail": text, "wall_s": real})
    usage = dict.fromkeys(("prompt_tokens", "completion_tokens", "reasoning_tokens"), whole)
    return pa.schema(
        {
            "task_id": text,
            "sample": whole,
            "tags": pa.map_(text, text),
            **dict.fromkeys(("outcome", "reason", "official", "strict", "suspect", "scorer"), text),
            **dict.fromkeys(("answer", "form", "finish_reason", "facts"), text),
            **dict.fromkeys(("extracted", "detail", "says"), text),
            "parts": pa.map_(text, pa.bool_()),
            "tests": pa.list_(test),
            "usage": pa.struct({**usage, "cost": real, "calls": whole, "attempts": whole}),
            "times": pa.struct(dict.fromkeys(("model_s", "rollout_s", "judge_s", "judge_first_s"), real)),
        }
    )


def _groups(records: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while group := list(islice(records, GROUP)):
        yield group


def _flat(record: dict[str, Any]) -> dict[str, Any]:
    return {**record, "facts": json.dumps(record["facts"]) if record["facts"] else None}


def _valid(value: Any) -> Any:
    """The same with lone surrogates, which UTF-8 cannot hold, as backslash escapes; maps as pairs."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, list):
        return [_valid(item) for item in value]
    if isinstance(value, dict):
        valid = {key: _valid(item) for key, item in value.items()}
        return {key: list(item.items()) if key in MAPS else item for key, item in valid.items()}
    return value
