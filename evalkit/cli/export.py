"""evalkit export RUN: a run's samples for other programs."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from evalkit.cli.find import find_run
from evalkit.cli.given import absolute
from evalkit.cli.options import add_places
from evalkit.cli.parser import Parser, choice
from evalkit.errors import UsageError

if TYPE_CHECKING:
    from evalkit.store import Reader

ABOUT = """\
One record a sample, in planned order (docs/machine-interface.md): JSON lines, Parquet, or the suite's
official samples format (what has no answer is left out, or null where a row holds several). `logs` writes
what the tests printed, where a suite keeps it, as a file a sample into the folder that -o names,
`recordings` the sessions of terminals (asciicast v2: `asciinema play FILE`), `report` the report files of the
suite's authors.
"""
EXAMPLES = """\
  evalkit export last > samples.jsonl
  evalkit export last --format parquet -o samples.parquet
  evalkit export humaneval--qwen3 --format official -o answers.jsonl
  evalkit export last --format logs -o logs
  evalkit export last --format recordings -o recordings
  evalkit export last --format report -o report
"""
FOLDERS = ("logs", "recordings", "report")
# what is a file a sample: why there is none
NONE = {
    "logs": "its suite keeps none, or nothing is judged",
    "recordings": "its agents work in no terminal, or nothing has ended",
}
FORMATS = ("jsonl", "parquet", "official", *FOLDERS)


def main(words: Sequence[str]) -> int:
    parser = Parser("export", about=ABOUT, examples=EXAMPLES)
    parser.add_argument("run", metavar="RUN", help="a folder, its name, the beginning of it, or `last`")
    parser.add_argument(
        "--format",
        type=choice(*FORMATS),
        default="jsonl",
        metavar="NAME",
        help=", ".join(FORMATS) + " (default: jsonl)",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="PATH",
        help="write there (default: stdout; logs, recordings, report: a folder)",
    )
    add_places(parser)
    args = parser.read(words)
    if args.format == "parquet" and args.output is None and sys.stdout.isatty():
        raise UsageError("Parquet is no text for a terminal", "name a file: -o samples.parquet")

    from evalkit.run.export import official_samples, records
    from evalkit.store import read_run

    if args.format in FOLDERS:
        return write_folder(args)
    data = absolute(args.data)
    with read_run(find_run(args.run, args.results)) as store, destination(args.output) as out:
        if args.format == "parquet":
            from evalkit.run.parquet import write_parquet

            write_parquet(records(store), out)
        elif args.format == "official":
            array, rows = official_samples(store, Path(data) if data else None)
            missing = write_array(rows, out) if array else write_lines(rows, out)
            if missing:
                instead = ": null holds the place of each" if array else " and were left out"
                print(f"{missing} samples have no answer{instead}", file=sys.stderr)
        else:
            write_lines(records(store), out)
    return 0


def write_folder(args: argparse.Namespace) -> int:
    """The formats that are several files, into a folder that is new or empty."""
    from evalkit.run.export import official_report
    from evalkit.store import read_run

    if args.output is None:
        raise UsageError(f"--format {args.format} writes a folder", "name it: -o DIR")
    if args.output.exists() and (not args.output.is_dir() or any(args.output.iterdir())):
        raise UsageError(f"{args.output} is there already", "name a folder that is new or empty")
    data = absolute(args.data)
    with read_run(find_run(args.run, args.results)) as store:
        if args.format == "report":
            official_report(store, args.output, Path(data) if data else None)
        else:
            write_files(store, args.format, args.output)
    return 0


def write_files(store: Reader, kind: str, folder: Path) -> None:
    """A file a sample."""
    from evalkit.run.export import logs, recordings

    written = 0
    for name, data in {"logs": logs, "recordings": recordings}[kind](store):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
        written += 1
    if not written:
        raise UsageError(f"{store.folder.name} holds no {kind}", NONE[kind])


@contextmanager
def destination(path: Path | None) -> Iterator[IO[bytes]]:
    """stdout, or a file that is there whole or not at all."""
    if path is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    if path.is_dir() or not path.parent.is_dir():
        raise UsageError(
            f"cannot write {path}: {'a folder' if path.is_dir() else 'its folder does not exist'}"
        )
    if path.is_symlink() or (path.exists() and not path.is_file()):
        with path.open("wb") as file:  # a device or a pipe (/dev/stdout, a FIFO): to be written, not replaced
            yield file
        return
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_array(rows: Iterator[dict[str, Any] | None], out: IO[bytes]) -> int:
    """One JSON array, a row a line, plain ASCII; how many rows were None."""
    missing, before = 0, b"[\n"
    for row in rows:
        if row is None:
            missing += 1
        else:
            out.write(before + json.dumps(row).encode("ascii"))
            before = b",\n"
    out.write(b"\n]\n" if before != b"[\n" else b"[]\n")
    return missing


def write_lines(rows: Iterator[dict[str, Any] | None], out: IO[bytes]) -> int:
    """JSON lines, plain ASCII; how many rows were None."""
    left_out = 0
    for row in rows:
        if row is None:
            left_out += 1
        else:
            out.write(json.dumps(row).encode("ascii") + b"\n")
    return left_out
