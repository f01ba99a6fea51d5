"""Benchmark data: local files in the official format, the hub at a pinned revision, or a git checkout.

All give plain records; the fingerprint (sha256 of the canonical records, in order) becomes part of
the run, so that two scores are only ever compared on the same problems.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from evalkit.checkout import clone, laid_out, local_checkout, read_checkout
from evalkit.checkout_commit import commit_of
from evalkit.errors import DataError, EvalkitError
from evalkit.files import leave, read_placed, read_records, stamp
from evalkit.suite import Checkout, Data, DataFile, Hub, Record, Suite, SuiteInfo
from evalkit.task import Task

__all__ = ["Data", "Record", "check_records", "find_local", "fingerprint", "hub_records", "load_data"]
__all__ += ["read_records", "tasks_of"]

T = TypeVar("T")


def load_data(suite: Suite, path: Path | None = None) -> Data:
    """`path` (file or folder), else EVALKIT_DATA, else the suite's own folder, else the hub."""
    info = suite.source()
    if info.checkout is not None:
        data = _of_checkout(suite, info, info.checkout, path)
    elif found := find_local(info, path):
        source = f"file:{found[0]}" if len(found) == 1 else f"folder:{found[0].parent}"
        data = _of_files(suite, info, found, source, "", pinned=_is_own(info, found))
    elif info.hub is None:
        raise DataError(
            f"{info.name} has no data", f"give a file in the official format: --data PATH ({_names(info)})"
        )
    elif info.hub.files:
        paths, revision = hub_files(info.hub)
        source = f"hub:{info.hub.dataset}"
        data = _of_files(suite, info, paths, source, revision, pinned=bool(info.hub.revision))
    else:
        records, revision = hub_records(info.hub)
        check_records(records, suite.required_fields, f"hub:{info.hub.dataset}")
        data = Data(
            tuple(records),
            f"hub:{info.hub.dataset}",
            revision,
            fingerprint(records),
            bool(info.hub.revision),
        )
    return dataclasses.replace(data, pinned=data.pinned or data.fingerprint in info.fingerprints)


def _of_checkout(suite: Suite, info: SuiteInfo, checkout: Checkout, path: Path | None) -> Data:
    """`path`, EVALKIT_DATA, or the pinned commit, cloned once."""
    root = local_checkout(info, checkout, path) or clone(checkout)
    checkout = laid_out(root, checkout)
    records = read_checkout(root, checkout)
    check_records(records, suite.required_fields, f"folder:{root}")
    commit = commit_of(root, checkout, records)
    own = bool(commit) and commit == checkout.commit
    return Data(tuple(records), f"folder:{root}", commit, fingerprint(records), own)


def _of_files(
    suite: Suite, info: SuiteInfo, paths: Sequence[Path], source: str, revision: str, *, pinned: bool
) -> Data:
    try:
        stamps = tuple(map(stamp, paths))
    except OSError as e:
        raise DataError(f"cannot read {e.filename}: {e}") from None
    records, files, digest = _read(type(suite), info, tuple(paths), stamps)
    check_records(records, suite.required_fields, source)
    return Data(records, source, revision, digest, pinned, files)


@lru_cache(maxsize=1)  # a suite with ten models, or judged twice by `validate`, reads its gigabytes once
def _read(
    suite: type[Suite], info: SuiteInfo, paths: tuple[Path, ...], stamps: tuple[tuple[int, int], ...]
) -> tuple[tuple[Record, ...], tuple[DataFile, ...], str]:
    """All records of these files, in order, with the fingerprint, which covers also what stays in them."""
    complete, digest = suite(info).complete, hashlib.sha256()
    records, files = list[Record](), []
    for path, (size, _) in zip(paths, stamps, strict=True):
        before = len(records)
        for record, place in read_placed(path):
            whole = complete(record, path.parent)
            digest.update(_canonical(whole))
            records.append(leave(whole, place, info.large))
        files.append(DataFile(path.name, size, len(records) - before))
    return tuple(records), tuple(files), digest.hexdigest()


# -- where it is -----------------------------------------------------------------------------------


def find_local(info: SuiteInfo, path: Path | None) -> tuple[Path, ...]:
    """The data files that `path`, EVALKIT_DATA or the suite's folder holds; () where there are none. Of a
    checkout: its folder."""
    if info.checkout is not None:
        root = local_checkout(info, info.checkout, path)
        return (root,) if root else ()
    if path is not None:
        if path.is_file():
            return (path,)
        if not path.is_dir():
            raise DataError(f"no such file or folder: {path}", f"{info.name} reads {_names(info)}")
        if found := _in_folder(info, path, named=True):
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


def _is_own(info: SuiteInfo, found: Sequence[Path]) -> bool:
    """Whether it is what comes with the suite; what else lies in its folder may be anybody's."""
    own = _in_folder(info, info.folder)
    return len(own) == len(found) and all(map(Path.samefile, own, found))


def _in_folder(info: SuiteInfo, folder: Path, *, named: bool = False) -> tuple[Path, ...]:
    """One file for each of `parts`, or the first of `local`; in a folder of the suite's name, or here.

    DataError where only some of the parts are there, unless they may be another suite's: `test.jsonl` in a
    folder that nobody `named` for this one.
    """
    for inner in (folder / info.name, folder):
        found = {names[0]: _first_of(names, inner) for names in info.parts}
        missing = [name for name, path in found.items() if path is None]
        if found and not missing:
            return tuple(path for path in found.values() if path is not None)
        if len(missing) < len(found) and (named or inner != folder):
            raise DataError(
                f"{inner} holds a part of {info.name}'s data only: {', '.join(missing)} is missing",
                "get the rest, or choose a part of the benchmark that needs less",
            )
    for name in info.local:
        for candidate in (folder / name, folder / info.name / name):
            if candidate.is_file():
                return (candidate,)
    return ()


def _first_of(names: Iterable[str], folder: Path) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _names(info: SuiteInfo) -> str:
    return ", ".join([*(names[0] for names in info.parts), *info.local]) or "JSON lines"


# -- the hub ---------------------------------------------------------------------------------------


def hub_records(hub: Hub) -> tuple[list[Record], str]:
    """All records of a hub data set's split, and the commit that they came from."""
    try:
        import datasets
        import huggingface_hub
    except ImportError:
        raise _without_client(hub) from None

    if not sys.stderr.isatty():
        datasets.disable_progress_bars()

    def load() -> tuple[list[Record], str]:
        revision = hub.revision or huggingface_hub.HfApi().dataset_info(hub.dataset).sha or ""
        rows = datasets.load_dataset(hub.dataset, hub.config, split=hub.split, revision=revision or None)
        return [dict(row) for row in rows], revision

    return _asked(hub, load)


def hub_files(hub: Hub) -> tuple[list[Path], str]:
    """The data set's own `files`, fetched into the client's cache, and the commit that they came from."""
    try:
        import huggingface_hub
        from huggingface_hub.utils.tqdm import disable_progress_bars
    except ImportError:
        raise _without_client(hub) from None

    def fetch() -> tuple[list[Path], str]:
        revision = hub.revision or huggingface_hub.HfApi().dataset_info(hub.dataset).sha or ""
        paths = []
        for name in hub.files:
            where = huggingface_hub.hf_hub_download(hub.dataset, name, repo_type="dataset", revision=revision)
            paths.append(Path(where))
        return paths, revision

    if not sys.stderr.isatty():
        disable_progress_bars()
    return _asked(hub, fetch)


def _asked(hub: Hub, load: Callable[[], T]) -> T:
    from huggingface_hub.utils.logging import set_verbosity

    set_verbosity(logging.ERROR)  # it says each retry of its own on stderr
    try:
        return load()
    except Exception as e:  # the hub's libraries raise many kinds; every one means "no data"
        said = (str(e).splitlines() or [""])[0][:200]
        raise DataError(
            f"cannot load {hub.dataset} from the hub: {type(e).__name__}: {said}",
            "give a local copy with --data PATH, or set EVALKIT_DATA to a folder that holds it",
        ) from None


def _without_client(hub: Hub) -> DataError:
    hint = "pip install 'evalkit[hub]', or give a local copy with --data PATH"
    return DataError(f"{hub.dataset} comes from the hub, and the package datasets is missing", hint)


# -- what it holds ---------------------------------------------------------------------------------


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
        if record[required[0]] in (None, ""):
            raise DataError(f"{source}, record {number}: {required[0]} is empty", "it names the task")
        key = str(record[required[0]])
        if key in seen:
            raise DataError(f"{source}: duplicate {required[0]} {key!r} in records {seen[key]} and {number}")
        seen[key] = number


def fingerprint(records: Sequence[Record]) -> str:
    """sha256 of the records as canonical JSON (sorted keys, ASCII), one a line, in order."""
    digest = hashlib.sha256()
    for record in records:
        digest.update(_canonical(record))
    return digest.hexdigest()


def _canonical(record: Record) -> bytes:
    line = json.dumps(record, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=str)
    return line.encode() + b"\n"
