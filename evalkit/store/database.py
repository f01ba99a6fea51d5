"""Making, recognising and connecting to a run's database file."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from evalkit.errors import StoreError
from evalkit.store.crash import crash_point
from evalkit.store.faults import FAULTS, kind
from evalkit.store.schema import APPLICATION_ID, PAGE, SCHEMA, VERSION

DATABASE = "run.sqlite"
MANIFEST = "manifest.json"
SHELVED = "run.sqlite.damaged"  # set aside by a repair that has not finished
WAL_PAGES = 4096  # the log goes into the database every 16 MB: until then any copy of the folder is whole


def new_database(path: Path | None = None) -> sqlite3.Connection:
    """An empty database, in memory without a path. Not durable yet: `seal` it.

    Its tables always begin at the same pages.
    """
    if path:
        path.unlink(missing_ok=True)
    db = sqlite3.connect(path or ":memory:", isolation_level=None)
    for pragma in (
        f"page_size = {PAGE}",
        "auto_vacuum = NONE",
        "encoding = 'UTF-8'",
        "journal_mode = OFF",
        "synchronous = OFF",
        f"application_id = {APPLICATION_ID}",
        f"user_version = {VERSION}",
    ):
        db.execute(f"PRAGMA {pragma}")
    db.execute("BEGIN")
    for statement in SCHEMA:
        db.execute(statement)
    return db


def seal(db: sqlite3.Connection, path: Path, final: Path) -> None:
    """Commit and close a new database, make it durable, and give it its name: whole, or not there."""
    db.execute("COMMIT")
    db.close()
    sync(path)
    crash_point("database made")
    path.replace(final)
    sync(final.parent)


def sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def identify(path: Path) -> None:
    """StoreError unless the file is the database of a run that this version can read."""
    folder = path.parent
    if not path.exists():
        raise _missing(folder)
    with path.open("rb") as file:
        head = file.read(100)
    if not head:
        raise StoreError(
            f"{path} is empty: it was never written, or a copy of it went wrong",
            "put a copy of the file back, or begin a new run",
        )
    if len(head) < 100 or not head.startswith(b"SQLite format 3\0"):
        raise StoreError(
            f"{path} is no SQLite database: foreign, or damaged at its beginning",
            f"put a copy back; or `python -m evalkit.store repair {folder}` looks for readable records",
        )
    version, application = int.from_bytes(head[60:64]), int.from_bytes(head[68:72])
    if application != APPLICATION_ID:
        raise StoreError(
            f"{path} is a database of another program", "name a folder that `evalkit run` has made"
        )
    if version != VERSION:
        raise StoreError(
            f"{path} has schema version {version}; this evalkit reads version {VERSION}",
            "use the evalkit that wrote it: its version is in manifest.json",
        )


def connect_writer(path: Path) -> sqlite3.Connection:
    """The writing connection, used by one thread after another."""
    db = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
        db.execute("PRAGMA cache_size = -16000")
    except BaseException:
        db.close()
        raise
    return db


def connect_reader(path: Path) -> sqlite3.Connection:
    """A connection that cannot write; readers and the writer do not wait for one another."""
    name = path.absolute().as_uri()
    db = sqlite3.connect(
        f"{name}?mode=ro", uri=True, timeout=10, isolation_level=None, check_same_thread=False
    )
    try:
        db.execute("SELECT 1 FROM sqlite_master").fetchone()
    except FAULTS as error:
        db.close()
        log = path.with_name(path.name + "-wal")
        unwritable = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)
        if kind(error) not in unwritable or (log.exists() and log.stat().st_size):
            raise
        # Nothing may be created beside a database on a read-only disk; nothing will change there either.
        db = sqlite3.connect(f"{name}?immutable=1", uri=True, isolation_level=None, check_same_thread=False)
    return db


def _missing(folder: Path) -> StoreError:
    if not folder.is_dir():
        return StoreError(f"there is no folder {folder}", "`evalkit list` shows the runs")
    if (folder / SHELVED).exists():
        return StoreError(f"the repair of {folder} was interrupted", "resume the run to finish it")
    if (folder / MANIFEST).exists():
        return StoreError(f"{folder} has lost its database {DATABASE}", "put a copy back, or begin a new run")
    if (folder / "lock").exists():
        return StoreError(
            f"the run in {folder} was interrupted before it began", "give the same command again"
        )
    return StoreError(f"{folder} is not the folder of a run", "name a folder that `evalkit run` has made")
