"""Benchmark data: from a local file in the official format, or from the hub at a pinned revision.

Both give plain records; the fingerprint (sha256 of the canonical records, in order) becomes part of
the run, so that two scores are only ever compared on the same problems.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import os
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.errors import DataError, EvalkitError
from evalkit.suite import Hub, Suite, SuiteInfo
from evalkit.task import Task

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Data:
    """Records with where they came from. `revision` is a commit of the hub or empty for a file.

    `pinned`: known to be what the suite was made for: the hub's at the suite's own revision, the suite's own
    file, or of a known fingerprint. Anything else may hold a stranger's tests.
    """

    records: tuple[Record, ...]
    source: str
    revision: str
    fingerprint: str
    pinned: bool = False


def load_data(suite: Suite, path: Path | None = None) -> Data:
    """`path` (file or folder), else EVALKIT_DATA, else the suite's own folder, else the hub."""
    info = suite.source()
    found = find_local(info, path)
    if found is not None:
        records: list[Record] = list(read_records(found))
        source, revision = f"file:{found}", ""
        pinned = _is_own(info, found)
    elif info.hub is not None:
        records, revision = hub_records(info.hub)
        source = f"hub:{info.hub.dataset}"
        pinned = bool(info.hub.revision)
    else:
        raise DataError(
            f"{info.name} has no data", f"give a file in the official format: --data PATH ({_names(info)})"
        )
    check_records(records, suite.required_fields, source)
    digest = fingerprint(records)
    return Data(tuple(records), source, revision, digest, pinned or digest in info.fingerprints)


def find_local(info: SuiteInfo, path: Path | None) -> Path | None:
    """The data file that `path`, EVALKIT_DATA or the suite's folder holds; None where there is none."""
    if path is not None:
        if path.is_file():
            return path
        if not path.is_dir():
            raise DataError(f"no such file or folder: {path}", f"{info.name} reads {_names(info)}")
        if found := _in_folder(info, path):
            return found
        raise DataError(f"{path} holds no data of {info.name}", f"expected {_names(info)}")
    if env := os.environ.get("EVALKIT_DATA"):
        if not Path(env).is_dir():
            raise DataError(
                f"EVALKIT_DATA is not a folder: {env}", "set it to a folder of data files, or unset it"
            )
        if found := _in_folder(info, Path(env)):
            return found
    return _in_folder(info, info.folder)


def _is_own(info: SuiteInfo, found: Path) -> bool:
    """Whether it is the file that comes with the suite; what else lies in its folder may be anybody's."""
    own = _in_folder(info, info.folder)
    return own is not None and found.samefile(own)


def _in_folder(info: SuiteInfo, folder: Path) -> Path | None:
    for name in info.local:
        for candidate in (folder / name, folder / info.name / name):
            if candidate.is_file():
                return candidate
    return None


def _names(info: SuiteInfo) -> str:
    return ", ".join(info.local) or "JSON lines"


def read_records(path: Path) -> Iterator[dict[str, Any]]:
    """Records of a .jsonl, .json or .parquet file; the first two also gzipped."""
    if path.suffix == ".parquet":
        yield from _parquet(path)
        return
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8-sig")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as e:
        raise DataError(f"cannot read {path}: {e}") from None
    yield from _array(path, text) if text.lstrip()[:1] == "[" else _lines(path, text)


def _array(path: Path, text: str) -> Iterator[dict[str, Any]]:
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as e:
        raise DataError(f"{path} is not valid JSON: {e}") from None
    for number, row in enumerate(rows, 1):
        if isinstance(row, list):
            row = {"samples": row}  # bigcode's generations.json: a list of answers a task, in task order
        if not isinstance(row, dict):
            raise DataError(f"{path}: item {number} is not an object")
        yield row


def _lines(path: Path, text: str) -> Iterator[dict[str, Any]]:
    # not splitlines(): it breaks at U+2028 and other characters that JSON strings may hold
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as e:
            raise DataError(f"{path}, line {number}: not valid JSON ({e})") from None
        if not isinstance(row, dict):
            raise DataError(f"{path}, line {number}: not an object")
        yield row


def _parquet(path: Path) -> Iterator[dict[str, Any]]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise DataError(f"{path} is Parquet, which needs pyarrow", "pip install 'evalkit[hub]'") from None

    try:
        yield from pyarrow.parquet.read_table(path).to_pylist()
    except (OSError, pyarrow.ArrowInvalid) as e:
        raise DataError(f"cannot read {path}: {e}") from None


def hub_records(hub: Hub) -> tuple[list[Record], str]:
    """All records of a hub data set's split, and the commit that they came from."""
    try:
        import datasets
        import huggingface_hub
    except ImportError:
        hint = "pip install 'evalkit[hub]', or give a local copy with --data PATH"
        raise DataError(
            f"{hub.dataset} comes from the hub, and the package datasets is missing", hint
        ) from None

    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # it says each retry of its own on stderr
    if not sys.stderr.isatty():
        datasets.disable_progress_bars()
    try:
        revision = hub.revision or huggingface_hub.HfApi().dataset_info(hub.dataset).sha or ""
        rows = datasets.load_dataset(hub.dataset, hub.config, split=hub.split, revision=revision or None)
    except Exception as e:  # the hub's libraries raise many kinds; every one means "no data"
        said = (str(e).splitlines() or [""])[0][:200]
        raise DataError(
            f"cannot load {hub.dataset} from the hub: {type(e).__name__}: {said}",
            "give a local copy with --data PATH, or set EVALKIT_DATA to a folder that holds it",
        ) from None
    return [dict(row) for row in rows], revision


def tasks_of(suite: Suite, data: Data) -> list[Task]:
    """The suite's tasks. DataError where its records hold something else than the suite expects."""
    try:
        return suite.tasks(data.records)
    except EvalkitError:
        raise
    except Exception as e:  # a suite reads records as if they were right: it may fail in any way
        raise DataError(
            f"{data.source} cannot be read by {suite.info.name}: {type(e).__name__}: {e}",
            "is it in the suite's official format? EVALKIT_DEBUG=1 shows where it failed",
        ) from e


def check_records(records: Sequence[Record], required: Sequence[str], source: str) -> None:
    """DataError unless there are records, all with the required fields, and no task twice."""
    if not records:
        raise DataError(f"{source} holds no records")
    seen: dict[str, int] = {}
    for number, record in enumerate(records, 1):
        if missing := [name for name in required if name not in record]:
            raise DataError(
                f"{source}, record {number}: missing {', '.join(missing)}",
                f"expected the fields {', '.join(required)}; found {', '.join(map(str, list(record)[:12]))}",
            )
        key = str(record.get(required[0]))
        if key in seen:
            raise DataError(f"{source}: duplicate {required[0]} {key!r} in records {seen[key]} and {number}")
        seen[key] = number


def fingerprint(records: Sequence[Record]) -> str:
    """sha256 of the records as canonical JSON (sorted keys, ASCII), one a line, in order."""
    digest = hashlib.sha256()
    for record in records:
        line = json.dumps(record, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=str)
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()
