"""LiveCodeBench's records: tests out of their wrappings, without running anything that they hold."""

from __future__ import annotations

import base64
import binascii
import json
import pickletools
import re
import threading
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from evalkit.errors import DataError
from evalkit.files import Left, read_records, stamp

UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, RecursionError)  # what odd JSON ends in
MOST_BYTES = 1 << 30  # of one problem's unpacked tests
TEXT = {"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE"}
AROUND_IT = {"PROTO", "FRAME", "MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT", "STOP"}
INDEX = "index.jsonl"
IN_INDEX = ("platform", "contest_id", "contest_date", "difficulty", "question_title")
METHOD = re.compile(r"^\s*def\s+(\w+)", re.MULTILINE)


@dataclass(frozen=True)
class Tests:
    """A problem's tests in the official order, public ones first. `function`: its name; "" for stdin."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    function: str
    record: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)  # that they are of


_in_use: WeakValueDictionary[int, Tests] = WeakValueDictionary()  # by the identity of their records
_unpacking = threading.Lock()


def check(record: Mapping[str, Any]) -> bool:
    """Whether there are tests. DataError where the public ones, or unpacked private ones, cannot be read."""
    try:
        found = public(record)
    except UNREADABLE as e:
        raise DataError(f"question {record['question_id']}: its public tests cannot be read: {e}") from None
    if has_private(record):
        return True
    return bool(found and tests_of(record))


def indexed(record: Mapping[str, Any], folder: Path) -> Mapping[str, Any]:
    """The record with what the folder's index says of the question, where there is one."""
    path = folder / INDEX
    if not path.is_file():
        return record
    known = read_index(path, stamp(path)).get(str(record.get("question_id")), {})
    more: dict[str, Any] = {name: known[name] for name in IN_INDEX if name in known}
    if known.get("func_name"):
        more["metadata"] = {"func_name": known["func_name"]}
    return {**more, **record}


@lru_cache(maxsize=4)
def read_index(path: Path, as_it_is: tuple[int, int]) -> dict[str, Mapping[str, Any]]:
    return {str(row.get("question_id")): row for row in read_records(path)}


def tests_of(record: Mapping[str, Any]) -> Tests:
    """DataError where a record's tests cannot be read, or where it has none."""
    where = f"question {record.get('question_id')}"
    try:
        found = [*public(record), *private(record)]
        inputs, outputs = tuple(t["input"] for t in found), tuple(t["output"] for t in found)
        function = function_of(record, found)
    except UNREADABLE as e:
        raise DataError(f"{where}: its tests cannot be read: {type(e).__name__}: {e}") from None
    if not found:
        raise DataError(f"{where} has no tests")
    if not all(isinstance(text, str) for text in (*inputs, *outputs)):
        raise DataError(f"{where}: an input or output that is no text")
    return Tests(inputs, outputs, function, record)


def tests_in_use(record: Mapping[str, Any]) -> Tests:
    """As `tests_of`; whoever asks while another still has them gets the same, which may be megabytes."""
    with _unpacking:
        held = _in_use.get(id(record))
        if held is None:
            held = _in_use[id(record)] = tests_of(record)
        return held


def public(record: Mapping[str, Any]) -> list[Any]:
    value = record["public_test_cases"]
    return a_list(json.loads(value) if isinstance(value, str) else value)


def private(record: Mapping[str, Any]) -> list[Any]:
    """A list, the same as JSON, or packed; [] where there is none."""
    value = record.get("private_test_cases")
    if not has_private(record):
        return []
    if isinstance(value, Left):
        value = value.read()
    if isinstance(value, str):
        value = json.loads(value if value.lstrip().startswith("[") else unpack(value))
    return a_list(value)


def a_list(value: Any) -> list[Any]:
    """TypeError for anything else: of an object, say, only no tests at all could be made."""
    if not isinstance(value, list):
        raise TypeError(f"no list of tests: {type(value).__name__}")
    return value


def has_private(record: Mapping[str, Any]) -> bool:
    value = record.get("private_test_cases")
    return bool(value.strip().replace(" ", "") not in ("", "[]") if isinstance(value, str) else value)


def unpack(packed: str) -> str:
    """base64(zlib(pickle(text))). ValueError for anything else: a pickle of a text, and only that, is read.

    The pickle is not executed: its operations are listed, and all but one text and its frame are refused.
    """
    try:
        opened = zlib.decompressobj()
        data = opened.decompress(base64.b64decode(packed, validate=True), MOST_BYTES)
    except (binascii.Error, zlib.error) as e:
        raise ValueError(f"not packed as LiveCodeBench does: {e}") from None
    if not opened.eof:
        raise ValueError(f"unpacked it would be larger than {MOST_BYTES >> 20} MB, or it is cut short")
    texts = []
    for operation, argument, _ in pickletools.genops(data):
        if operation.name in TEXT:
            texts.append(argument)
        elif operation.name not in AROUND_IT:
            raise ValueError(f"a pickle that holds more than a text ({operation.name})")
    if len(texts) != 1 or not isinstance(texts[0], str):
        raise ValueError("a pickle that holds no text")
    return texts[0]


def function_of(record: Mapping[str, Any], tests: list[Any]) -> str:
    """The name in the metadata; where there is no metadata, the one method of the starter code."""
    metadata = record.get("metadata")
    if metadata:
        known = json.loads(metadata) if isinstance(metadata, str) else metadata
        if known.get("func_name"):
            return str(known["func_name"])
    if not any(test.get("testtype") == "functional" for test in tests):
        return ""
    methods = METHOD.findall(record.get("starter_code") or "")
    if len(methods) != 1:
        raise DataError(f"question {record.get('question_id')}: which function is called is not said")
    return str(methods[0])
