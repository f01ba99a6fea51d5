"""Looking for damage: structure by SQLite's own check, contents by the checksums.

`deep` reads everything. Otherwise only what decides a score is checked, which takes a fraction of a
second for 100,000 samples; bodies are checked whenever they are read.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from itertools import chain, islice
from zlib import crc32

from evalkit.store.codec import blob_contents
from evalkit.store.database import new_database
from evalkit.store.faults import FAULTS, is_damage
from evalkit.store.schema import DECIDING, TABLES, checksum

LISTED = 20  # damaged records named one by one
QUICK = (
    "quick_check(sample)",
    "quick_check(rollout)",
    *(f"integrity_check({table})" for table in DECIDING),
)


def find_damage(db: sqlite3.Connection, *, deep: bool) -> list[str]:
    """What is damaged, in words, at most LISTED; empty if nothing is. Errors of the disk are raised."""
    tables = tuple(TABLES) if deep else DECIDING
    found: list[str] = []
    try:
        if _schema(db) != _expected_schema():
            found.append("the schema is not the one that was made")
        for check in (f"integrity_check({LISTED})",) if deep else QUICK:
            reports = [text for (text,) in db.execute(f"PRAGMA {check}") if text != "ok"]
            found += [line for text in reports for line in text.splitlines()]
        found += _unreadable_meta(db)
        rows = (f"{table} {row_id}" for table in tables for row_id in damaged_rows(db, table))
        blobs = (f"blob {blob_id}" for blob_id in damaged_blobs(db)) if deep else ()
        found += islice(chain(rows, blobs), LISTED)
    except FAULTS as error:
        if not is_damage(error):
            raise
        found.append(str(error))
    return found[:LISTED]


def _schema(db: sqlite3.Connection) -> list[tuple[object, ...]]:
    return db.execute(
        "SELECT type, name, tbl_name, rootpage, sql FROM sqlite_master ORDER BY rowid"
    ).fetchall()


@cache
def _expected_schema() -> list[tuple[object, ...]]:
    with closing(new_database()) as db:
        return _schema(db)


def _unreadable_meta(db: sqlite3.Connection) -> Iterator[str]:
    for key in ("manifest", "plan"):
        sql = "SELECT digest, data FROM meta JOIN blob ON blob.id = value WHERE key = ?"
        try:
            blob_contents(*(db.execute(sql, (key,)).fetchone() or (None, None)))
        except ValueError:
            yield key


def damaged_rows(db: sqlite3.Connection, table: str) -> Iterator[int]:
    """The rows that do not match their checksums."""
    columns = ["id", *(column.split()[0] for column in TABLES[table].split(", "))]
    if "REAL" in TABLES[table]:  # SQL writes fractions otherwise than Python
        for row in db.execute(f"SELECT * FROM {table}"):
            if checksum(row[:-1]) != row[-1]:
                yield row[0]
        return
    db.create_function("crc32", 1, crc32, deterministic=True)
    text = f"printf('{'|'.join(['%s'] * len(columns))}', {', '.join(columns)})"
    for (row_id,) in db.execute(f"SELECT id FROM {table} WHERE crc32(CAST({text} AS BLOB)) IS NOT checksum"):
        yield row_id


def damaged_blobs(db: sqlite3.Connection) -> Iterator[int]:
    """The blobs that do not match their digests."""
    for blob_id, digest, data in db.execute("SELECT id, digest, data FROM blob"):
        try:
            blob_contents(digest, data)
        except ValueError:
            yield blob_id
