"""Records of one file: JSON lines or an array, plain or gzipped, or Parquet. Large values may stay in it.

A file of a gigabyte is read line by line. What a suite calls large is left where it is and read again when
it is asked for, so that a run holds the statements of a thousand problems, not their tests.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from evalkit.errors import DataError

LARGE = 4096  # characters from which on a value is left in its file
GZIP, BOM = b"\x1f\x8b", b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Place:
    """Where a record stands: a line of a file, and how the file was then (its size, its time in ns)."""

    path: Path
    offset: int
    length: int
    stamp: tuple[int, int]


@dataclass(frozen=True)
class Left:
    """A value that was left in its file."""

    place: Place
    name: str

    def read(self) -> Any:
        """The value. DataError where the file is no longer what it was."""
        path = self.place.path
        try:
            with path.open("rb") as file:
                if stamp(path) != self.place.stamp:
                    raise DataError(f"{path} changed while it was in use", "run the same command again")
                file.seek(self.place.offset)
                return json.loads(file.read(self.place.length))[self.name]
        except (OSError, ValueError) as e:
            raise DataError(f"cannot read {path}: {e}") from None


def leave(record: Mapping[str, Any], place: Place | None, names: Iterable[str]) -> Mapping[str, Any]:
    """The record with large texts of these names left in the file, where it is one of lines."""
    if place is None:
        return record
    large = (name for name in names if isinstance(record.get(name), str) and len(record[name]) >= LARGE)
    return {**record, **{name: Left(place, name) for name in large}}


def stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def read_records(path: Path) -> Iterator[dict[str, Any]]:
    """Records of a .jsonl, .json or .parquet file; the first two also gzipped."""
    return (record for record, _ in read_placed(path))


def read_placed(path: Path) -> Iterator[tuple[dict[str, Any], Place | None]]:
    """The same, each with its place where the file is one of plain lines."""
    if path.suffix == ".parquet":
        yield from ((record, None) for record in _parquet(path))
        return
    try:
        with path.open("rb") as plain:
            packed = plain.read(2) == GZIP
            plain.seek(0)
            file: BinaryIO = cast(BinaryIO, gzip.GzipFile(fileobj=plain)) if packed else plain
            with file:
                if _first(file) == b"[":
                    yield from ((record, None) for record in _array(path, file.read()))
                else:
                    yield from _lines(path, file, None if packed else stamp(path))
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as e:
        raise DataError(f"cannot read {path}: {e}") from None


def _first(file: BinaryIO) -> bytes:
    """The first character that is no blank; the file stands at its beginning afterwards."""
    begin = b""
    while not begin and (some := file.read(4096)):
        begin = some.removeprefix(BOM).lstrip()
    file.seek(0)
    return begin[:1]


def _array(path: Path, raw: bytes) -> Iterator[dict[str, Any]]:
    text = raw.decode("utf-8-sig")
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


def _lines(
    path: Path, file: BinaryIO, as_it_is: tuple[int, int] | None
) -> Iterator[tuple[dict[str, Any], Place | None]]:
    offset = 0
    for number, raw in enumerate(file, 1):
        place = Place(path, offset, len(raw), as_it_is) if as_it_is else None
        offset += len(raw)
        line = raw.decode("utf-8-sig" if number == 1 else "utf-8")
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as e:
            raise DataError(f"{path}, line {number}: not valid JSON ({e})") from None
        if not isinstance(row, dict):
            raise DataError(f"{path}, line {number}: not an object")
        yield row, place


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
