"""Rebuilding a damaged database from every record that is whole.

The damaged file is never written to: it stays beside the new one as damaged-N.sqlite. What could
not be read counts as not done, and a resume does it again; recorded model calls that survived are not
paid again.

Reading goes record by record on a copy, whose first page is replaced by that of an empty database:
tables begin at the same pages in every run, so even a file without a beginning is searched.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from itertools import count
from pathlib import Path
from typing import Any

from evalkit.errors import StoreError
from evalkit.store.check import damaged_rows
from evalkit.store.codec import blob_contents, pack, unpack
from evalkit.store.crash import crash_point
from evalkit.store.database import DATABASE, MANIFEST, SHELVED, new_database, seal
from evalkit.store.faults import FAULTS, Fault, explain, is_damage
from evalkit.store.schema import PAGE, TABLES, checksum, now
from evalkit.store.writer import Transaction, write_plan

GAP = 20_000  # ids in a row without a readable record, behind which nothing is looked for
ORPHANS = {  # rows that mean nothing without another, and might be taken for a later one's
    "event": "rollout_id NOT IN (SELECT id FROM rollout)",
    "artifact": "event_id NOT IN (SELECT id FROM event)",
    "call": "id NOT IN (SELECT id FROM event)",
    "attempt": "id NOT IN (SELECT id FROM event)",
    "verdict": "rollout_id NOT IN (SELECT id FROM ending) OR set_id NOT IN (SELECT id FROM verdict_set)",
}

LOST_ROLLOUTS = """
    SELECT rollout_id, max(sample_id), 1, min(at) FROM (
        SELECT call.rollout_id, call.sample_id, event.at FROM call JOIN event ON event.id = call.id
        UNION ALL SELECT attempt.rollout_id, attempt.sample_id, event.at
            FROM attempt JOIN event ON event.id = attempt.id
        UNION ALL SELECT id, sample_id, at FROM ending)
    WHERE rollout_id NOT IN (SELECT id FROM rollout) GROUP BY rollout_id"""


def rebuild(folder: Path, damage: list[str]) -> list[str]:
    """Repair the run in `folder`, whose lock the caller holds; `damage` and what was kept, in words."""
    copy, new = folder / "run.sqlite.copy", folder / "run.sqlite.new"
    _shelve(folder)
    crash_point("database shelved")
    try:
        _copy_with_first_page(folder / SHELVED, copy, new)
        with closing(sqlite3.connect(copy)) as old, closing(new_database(new)) as db:
            old.text_factory = lambda raw: raw.decode("utf-8", "replace")
            kept = _refill(old, Transaction(db), folder, damage)
            crash_point("database rebuilt")
            seal(db, new, folder / DATABASE)
    except StoreError:
        _move(folder / SHELVED, folder / DATABASE)
        raise
    except FAULTS as error:
        raise explain(error, folder) from error
    finally:
        for path in (copy, new):
            for part in ("", "-wal", "-shm"):
                path.with_name(path.name + part).unlink(missing_ok=True)
    aside = _put_aside(folder)
    return [*damage, f"kept {kept}; the damaged database is {aside}"]


def _shelve(folder: Path) -> None:
    """Set the damaged database and its log aside; a repair that was interrupted goes on from there."""
    if (folder / DATABASE).exists():
        if (folder / SHELVED).exists():
            _put_aside(folder)
        (folder / DATABASE).rename(folder / SHELVED)
    log = folder / f"{DATABASE}-wal"
    if log.exists():
        log.rename(folder / f"{SHELVED}-wal")
    (folder / f"{DATABASE}-shm").unlink(missing_ok=True)


def _put_aside(folder: Path) -> str:
    names = (f"damaged-{n}.sqlite" for n in count(1))
    name = next(name for name in names if not (folder / name).exists())
    _move(folder / SHELVED, folder / name)
    return name


def _move(source: Path, target: Path) -> None:
    """Rename a database with its log."""
    log = source.with_name(source.name + "-wal")
    if log.exists():
        log.rename(target.with_name(target.name + "-wal"))
    source.rename(target)


def _copy_with_first_page(damaged: Path, copy: Path, scratch: Path) -> None:
    """A copy of the database and its log, that begins with the first page of an empty database."""
    empty = new_database(scratch)
    empty.execute("COMMIT")
    empty.close()
    shutil.copyfile(damaged, copy)
    pages = -(-copy.stat().st_size // PAGE) or 1
    first = bytearray(scratch.read_bytes()[:PAGE])
    first[28:32] = pages.to_bytes(4)
    with copy.open("r+b") as file:
        file.write(first)
        file.truncate(pages * PAGE)
    log = damaged.with_name(damaged.name + "-wal")
    if log.exists():
        shutil.copyfile(log, copy.with_name(copy.name + "-wal"))


def _refill(old: sqlite3.Connection, tx: Transaction, folder: Path, damage: list[str]) -> str:
    """Fill the new database with all that is whole in the old one; what that was, in words."""
    for blob in _rows(old, "blob", _is_blob):
        tx.db.execute("INSERT OR IGNORE INTO blob VALUES (?, ?, ?)", blob)
    plan = _plan(old, tx, folder)
    write_plan(tx, _manifest(old, tx, folder), plan)
    for table in TABLES.keys() - {"meta", "sample"}:
        for row in _rows(old, table, _matches):
            if _is_complete(tx, table, row):
                tx.copy(table, row)
    for rollout in tx.db.execute(LOST_ROLLOUTS).fetchall():
        tx.copy("rollout", (*rollout, checksum(rollout)))
    for table, condition in ORPHANS.items():
        tx.db.execute(f"DELETE FROM {table} WHERE {condition}")
    sets = [row[0] for row in tx.db.execute("SELECT id FROM verdict_set ORDER BY id")]
    default = _meta(old, "default_set")
    if sets:
        tx.add("meta", "default_set", default if default in sets else sets[0])
    answers = tx.one("SELECT count(DISTINCT sample_id) FROM ending WHERE outcome = 'answered'")
    judged = tx.one("SELECT count(DISTINCT sample_id) FROM verdict")
    kept = f"{answers} answered and {judged} judged samples of {len(plan)}"
    tx.add("note", "repaired", now(), tx.body(pack({"damage": damage, "kept": kept})))
    return kept


def _rows(db: sqlite3.Connection, table: str, whole: Callable[..., bool]) -> Iterator[tuple[Any, ...]]:
    """Every whole row by ascending id; where the walk breaks off, it goes on behind the next such row."""
    last = 0
    while True:
        try:
            for row in db.execute(f"SELECT * FROM {table} WHERE id > ? ORDER BY id", (last,)):
                if whole(row):
                    yield row
                    last = max(last, row[0])
            return
        except FAULTS as error:
            _check_damage(error)
        for _ in range(GAP):
            last += 1
            try:
                row = db.execute(f"SELECT * FROM {table} WHERE id = ?", (last,)).fetchone()
            except FAULTS as error:
                _check_damage(error)
                continue
            if row and whole(row):
                yield row
                break
        else:
            return


def _check_damage(error: Fault) -> None:
    if not is_damage(error):
        raise error


def _matches(row: tuple[Any, ...]) -> bool:
    return bool(checksum(row[:-1]) == row[-1])


def _is_blob(row: tuple[Any, ...]) -> bool:
    return _succeeds(blob_contents, *row[1:])


def _is_complete(tx: Transaction, table: str, row: tuple[Any, ...]) -> bool:
    """Whether the row's body, always its last column but the checksum, and all in that can be read."""
    if "body INTEGER" not in TABLES[table]:
        return True
    return _succeeds(_contents if table == "artifact" else _payload, tx, row[-2])


def _contents(tx: Transaction, key: int | bytes) -> bytes:
    """A blob of the new database by id or digest; ValueError where there is none."""
    column = "id" if isinstance(key, int) else "digest"
    found = tx.db.execute(f"SELECT digest, data FROM blob WHERE {column} = ?", (key,)).fetchone()
    return blob_contents(*(found or (None, None)))


def _payload(tx: Transaction, blob_id: int) -> Any:
    return unpack(_contents(tx, blob_id), lambda digest: _contents(tx, bytes.fromhex(digest)))


def _succeeds(function: Callable[..., Any], *args: Any) -> bool:
    try:
        function(*args)
    except ValueError:
        return False
    return True


def _meta(old: sqlite3.Connection, key: str) -> int:
    values = {row[1]: row[2] for row in _rows(old, "meta", _matches)}
    return int(values.get(key, 0))


def _manifest(old: sqlite3.Connection, tx: Transaction, folder: Path) -> dict[str, Any]:
    try:
        return dict(_payload(tx, _meta(old, "manifest")))
    except ValueError:
        pass
    try:
        return dict(json.loads((folder / MANIFEST).read_text()))
    except (OSError, ValueError):
        raise StoreError(
            f"neither the database in {folder} nor its {MANIFEST} says what was run", "begin a new run"
        ) from None


def _plan(old: sqlite3.Connection, tx: Transaction, folder: Path) -> list[tuple[str, int]]:
    with suppress(ValueError):
        return list(zip(*_payload(tx, _meta(old, "plan")), strict=True))
    with suppress(*FAULTS):
        whole = old.execute("PRAGMA integrity_check(sample)").fetchone() == ("ok",)
        rows = old.execute("SELECT task_id, sample FROM sample ORDER BY id").fetchall()
        if rows and whole and not any(damaged_rows(old, "sample")):
            return rows
    raise StoreError(f"the plan of the run in {folder} cannot be read any more", "begin a new run")
