"""Rows of the data set: the 5.x schema, whose rows say themselves how they are run and graded."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evalkit.errors import DataError

KEYS = ("instance_id", "repo", "version", "FAIL_TO_PASS", "PASS_TO_PASS")
SINCE_5 = ("image", "eval_script", "log_parser", "eval_type")
EVAL_TYPES = ("pass_and_fail", "fail_only")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")  # it becomes a folder's and a container's name


@dataclass(frozen=True)
class Instance:
    """What running the tests and grading their log need of a row.

    `fail_to_pass`, `pass_to_pass`: test ids as the log's parser writes them. `eval_type` "fail_only": only a
    test that is seen failing fails. `eval_script`: the row's, without the lines that record the exit code.
    """

    id: str
    repo: str
    version: str
    image: str
    eval_script: str
    parser: str
    eval_type: str
    fail_to_pass: tuple[str, ...]
    pass_to_pass: tuple[str, ...]


def read_instance(row: Mapping[str, Any]) -> Instance:
    """DataError, naming instance and field, for a row that is none, or is of a revision before 5.0."""
    if not isinstance(row, Mapping):
        raise DataError(f"an instance is a JSON object, not {type(row).__name__}")
    name = row.get("instance_id")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise DataError(f"instance_id {str(name)[:80]!r} is no name of an instance")
    old = [key for key in SINCE_5 if row.get(key) in (None, "")]
    if old and all(key in row for key in KEYS):
        raise DataError(
            f"{name}: no {', '.join(old)}: a row of a revision before SWE-bench 5.0 (2026)",
            "take a newer revision of the data set, whose rows bring image, eval_script and log_parser",
        )
    missing = [key for key in (*KEYS, *SINCE_5) if key not in row]
    if missing:
        raise DataError(f"{name}: no {', '.join(missing)}: no row of SWE-bench")
    texts = {key: row[key] for key in ("repo", "version", *SINCE_5)}
    for key, value in texts.items():
        if not isinstance(value, str):
            raise DataError(f"{name}: {key} is no text: {type(value).__name__}")
    if texts["eval_type"] not in EVAL_TYPES:
        raise DataError(
            f"{name}: eval_type {texts['eval_type'][:40]!r} is unknown", f"known: {', '.join(EVAL_TYPES)}"
        )
    return Instance(
        id=name,
        repo=texts["repo"],
        version=texts["version"],
        image=texts["image"],
        eval_script=texts["eval_script"],
        parser=texts["log_parser"],
        eval_type=texts["eval_type"],
        fail_to_pass=test_ids(name, "FAIL_TO_PASS", row["FAIL_TO_PASS"]),
        pass_to_pass=test_ids(name, "PASS_TO_PASS", row["PASS_TO_PASS"]),
    )


def test_ids(name: str, key: str, value: Any) -> tuple[str, ...]:
    """A list of texts, or the same as JSON text: Verified and Lite have the one, Multilingual the other."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise DataError(f"{name}: {key} is no JSON list") from None
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
        raise DataError(f"{name}: {key} is no list of test ids")
    return tuple(value)
