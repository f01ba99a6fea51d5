"""A run's folder: made whole or not at all, opened by one writer and any number of readers.

manifest.json     a copy of the manifest for people; the database has the one that counts
run.sqlite        the database; with run.sqlite-wal and run.sqlite-shm while it is open
lock              who writes (lock.py)
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from evalkit.errors import StoreError
from evalkit.store.check import find_damage
from evalkit.store.crash import crash_point
from evalkit.store.database import (
    DATABASE,
    MANIFEST,
    SHELVED,
    connect_reader,
    connect_writer,
    identify,
    new_database,
    seal,
    sync,
)
from evalkit.store.faults import FAULTS, damaged, explain, is_damage
from evalkit.store.lock import drop_lock, take_lock
from evalkit.store.reader import Reader
from evalkit.store.repair import rebuild
from evalkit.store.store import Store
from evalkit.store.writer import Transaction, Writer, write_plan

CHECK_ALL = 32_000_000  # bytes: up to here opening to write checks every record, beyond what decides scores


def holds_run(folder: Path | str) -> bool:
    """Whether there is a run to be opened: its copy of the manifest may still be missing, or shelved."""
    return any((Path(folder) / name).exists() for name in (DATABASE, SHELVED))


def create_run(folder: Path | str, manifest: Mapping[str, Any], plan: Iterable[tuple[str, int]]) -> Store:
    """Begin a run: manifest and plan are durable on return. `plan` is (task id, sample) in order."""
    folder, plan = Path(folder), list(plan)
    _check_plan(plan)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = take_lock(folder)
    except OSError as error:
        raise explain(error, folder) from error
    try:
        if holds_run(folder):
            raise StoreError(f"{folder} already holds a run", "resume that run, or name another folder")
        _make_database(folder, manifest, plan)
        return _open_locked(folder, lock)
    except BaseException:
        drop_lock(lock)
        raise


def open_run(folder: Path | str) -> Store:
    """Open a run to go on with it, as its one writer. Damage is repaired first, and told in `damage`."""
    folder = Path(folder)
    if not _repair_was_interrupted(folder):
        identify(folder / DATABASE)
    try:
        lock = take_lock(folder)
    except OSError as error:
        raise explain(error, folder) from error
    try:
        return _open_locked(folder, lock)
    except BaseException:
        drop_lock(lock)
        raise


def read_run(folder: Path | str) -> Reader:
    """Open a run to read it, also while another process writes it. StoreError if it is damaged."""
    path = Path(folder) / DATABASE
    identify(path)
    try:
        db = connect_reader(path)
        try:
            if damage := find_damage(db, deep=False):
                raise damaged(path.parent, damage[0])
            return Reader(path.parent, db)
        except BaseException:
            db.close()
            raise
    except FAULTS as error:
        raise explain(error, path.parent) from error


def verify(folder: Path | str) -> list[str]:
    """Check every record of a run, without changing anything: what is damaged, in words."""
    path = Path(folder) / DATABASE
    identify(path)
    try:
        with closing(connect_reader(path)) as db:
            return find_damage(db, deep=True)
    except FAULTS as error:
        if not is_damage(error):
            raise explain(error, path.parent) from error
        return [str(error)]


def repair(folder: Path | str) -> list[str]:
    """Rebuild a run's database from every record that is whole; what was damaged and kept, in words."""
    folder = Path(folder)
    if not (folder / DATABASE).exists() and not _repair_was_interrupted(folder):
        identify(folder / DATABASE)
    try:
        lock = take_lock(folder)
        try:
            return rebuild(folder, ["a repair was asked for"])
        finally:
            drop_lock(lock)
    except OSError as error:
        raise explain(error, folder) from error


def _open_locked(folder: Path, lock: int) -> Store:
    path = folder / DATABASE
    try:
        db, damage = _connect_checked(path)
        if db is None:
            damage = rebuild(folder, damage)
            db = connect_writer(path)
        store = Store(folder, connect_reader(path), Writer(db, folder), lock, tuple(damage))
        if not (folder / MANIFEST).exists():
            _write_manifest(folder, store.manifest)
        return store
    except FAULTS as error:
        raise explain(error, folder) from error


def _connect_checked(path: Path) -> tuple[sqlite3.Connection | None, list[str]]:
    """A connection to a database that is whole, or none and what is damaged."""
    if _repair_was_interrupted(path.parent):
        return None, ["a repair was interrupted"]
    try:
        db = connect_writer(path)
    except FAULTS as error:
        if not is_damage(error):
            raise
        return None, [str(error)]
    damage = ["not looked at"]
    try:
        damage = find_damage(db, deep=path.stat().st_size <= CHECK_ALL)
    finally:
        if damage:
            db.close()
    return (None if damage else db), damage


def _repair_was_interrupted(folder: Path) -> bool:
    return (folder / SHELVED).exists() and not (folder / DATABASE).exists()


def _make_database(folder: Path, manifest: Mapping[str, Any], plan: list[tuple[str, int]]) -> None:
    new = folder / "run.sqlite.new"
    try:
        with closing(new_database(new)) as db:
            write_plan(Transaction(db), manifest, plan)
            seal(db, new, folder / DATABASE)
        crash_point("plan written")
    except FAULTS as error:
        new.unlink(missing_ok=True)
        raise explain(error, folder) from error


def _write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    new = folder / f"{MANIFEST}.new"
    new.write_text(json.dumps(manifest, indent=2, default=repr) + "\n")
    sync(new)
    new.replace(folder / MANIFEST)


def _check_plan(plan: list[tuple[str, int]]) -> None:
    if len(set(plan)) != len(plan):
        twice = next(key for key in plan if plan.count(key) > 1)
        raise StoreError(f"sample {twice[1]} of {twice[0]} is planned twice", "task ids must be unique")
    for task_id, _ in plan:
        if "\0" in task_id or task_id != task_id.encode(errors="replace").decode():
            raise StoreError(f"the task id {task_id!r} is not a text", "it has a NUL or half a character")
