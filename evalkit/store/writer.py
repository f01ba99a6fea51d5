"""One thread writes. What has queued up meanwhile goes into one commit, and commits are synced.

A write is a function that is given the open transaction. Its future resolves after the commit that
holds it has reached the disk, and not before. When a commit of several writes fails, each gets one of its
own. When that fails, the database stays as it was before, its future raises, and so does every later write:
the run stops, and resumes elsewhen.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Concatenate, ParamSpec, TypeVar
from zlib import compress

from evalkit.errors import StoreError
from evalkit.store.codec import Packed, pack
from evalkit.store.crash import crash_point
from evalkit.store.faults import explain
from evalkit.store.schema import TABLES, checksum

BATCH = 64  # writes a commit, at most

P = ParamSpec("P")
R = TypeVar("R")


class Transaction:
    """What a write may do: add rows and blobs. Row ids count up from 1, without gaps."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self.last = {table: db.execute(f"SELECT max(id) FROM {table}").fetchone()[0] or 0 for table in TABLES}
        self._insert = {
            table: f"INSERT INTO {table} VALUES (?, ?{', ?' * (columns.count(',') + 1)})"
            for table, columns in TABLES.items()
        }

    def add(self, table: str, *values: Any, row_id: int | None = None) -> int:
        """Add a row; its id. `row_id` is given where the row completes one of another table."""
        row = (row_id or self.last[table] + 1, *values)
        self.db.execute(self._insert[table], (*row, checksum(row)))
        self.last[table] = row[0]
        return int(row[0])

    def copy(self, table: str, row: tuple[Any, ...]) -> None:
        """Add a row of another database as it is, unless its id is taken."""
        self.db.execute(self._insert[table].replace("INSERT", "INSERT OR IGNORE"), row)
        self.last[table] = max(self.last[table], row[0])

    def blob(self, data: bytes, digest: str) -> int:
        """The id of the blob with these contents, which is stored unless it is there already."""
        key = bytes.fromhex(digest)
        found = self.one("SELECT id FROM blob WHERE digest = ?", key)
        if found:
            return int(found)
        added = self.db.execute("INSERT INTO blob (digest, data) VALUES (?, ?)", (key, compress(data, 1)))
        return added.lastrowid or 0

    def body(self, packed: Packed) -> int:
        for digest, data in packed.blobs.items():
            self.blob(data, digest)
        return self.blob(packed.body, packed.digest)

    def one(self, sql: str, *values: Any) -> Any:
        """The first column of the first row, or None."""
        row = self.db.execute(sql, values).fetchone()
        return row[0] if row else None


def write_plan(tx: Transaction, manifest: Mapping[str, Any], plan: Sequence[tuple[str, int]]) -> None:
    """What a database begins with. The plan is one body too: it is read at once, and checked."""
    tx.add("meta", "manifest", tx.body(pack(manifest)))
    tx.add("meta", "plan", tx.body(pack([[task_id for task_id, _ in plan], [sample for _, sample in plan]])))
    for task_id, sample in plan:
        tx.add("sample", task_id, sample)


@dataclass(frozen=True)
class Write:
    apply: Callable[[Transaction], Any]
    point: str  # the crash point behind its commit
    future: asyncio.Future[Any] | None


class Writer:
    """The thread, its queue, and what stopped it if anything did."""

    def __init__(self, db: sqlite3.Connection, folder: Path) -> None:
        self._folder = folder
        self._queue: SimpleQueue[Write | None] = SimpleQueue()
        self._failure: StoreError | None = None
        self._told = False  # somebody has been told of the failure
        self._db = db
        self._transaction = Transaction(db)
        self._thread = threading.Thread(target=self._run, name="evalkit-store", daemon=True)
        self._thread.start()

    def write(
        self,
        point: str,
        function: Callable[Concatenate[Transaction, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> asyncio.Future[R]:
        """Queue a write; the future has its result once it is durable, or raises StoreError."""
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._put(Write(lambda transaction: function(transaction, *args, **kwargs), point, future))
        return future

    def write_soon(
        self,
        point: str,
        function: Callable[Concatenate[Transaction, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """Queue a write that nobody waits for. It is durable before any later one is."""
        self._put(Write(lambda transaction: function(transaction, *args, **kwargs), point, None))

    def close(self) -> None:
        """Write what is queued, and end. Raises the failure if writes were lost and nobody was told."""
        self._queue.put(None)
        self._thread.join()
        if self._failure and not self._told:
            raise self._failure

    def _put(self, write: Write) -> None:
        if self._failure:
            self._told = True
            raise _again(self._failure)
        if not self._thread.is_alive():
            raise StoreError(f"{self._folder} is closed")
        self._queue.put(write)
        crash_point("event queued")

    def _run(self) -> None:
        while batch := self._next_batch():
            self._commit(batch)
        self._db.close()

    def _next_batch(self) -> list[Write]:
        """All that waits, up to BATCH; empty when it is time to end."""
        batch: list[Write] = []
        item = self._queue.get()
        while item is not None:
            batch.append(item)
            if len(batch) == BATCH:
                return batch
            try:
                item = self._queue.get_nowait()
            except Empty:
                return batch
        if batch:
            self._queue.put(None)  # met behind the last writes: end after these
        return batch

    def _commit(self, batch: list[Write]) -> None:
        results: list[Any] = []
        if not self._failure:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                results = [_apply(write, self._transaction) for write in batch]
                crash_point("before commit")
                self._db.execute("COMMIT")
                crash_point("after commit")
            except sqlite3.Error as error:
                if len(batch) > 1:
                    self._commit_each(batch)
                    return
                self._failure = explain(error, self._folder)
            except Exception as error:  # a bug of ours: whoever waits for this commit must hear of it
                self._failure = StoreError(f"a record could not be written ({error!r})", "please report this")
        if self._failure:
            if self._db.in_transaction:
                self._db.rollback()
            self._told |= any(write.future is not None for write in batch)
            results = [_again(self._failure) for _ in batch]
        for write in batch:
            crash_point(write.point)
        _deliver(batch, results)

    def _commit_each(self, batch: list[Write]) -> None:
        """What did not fit as a whole, one by one and in order: as much is kept as there is room for."""
        try:
            if self._db.in_transaction:
                self._db.rollback()
            self._transaction = Transaction(self._db)  # row ids count on from what is there
        except sqlite3.Error as error:
            self._failure = explain(error, self._folder)
        for write in batch:
            self._commit([write])


def _again(failure: StoreError) -> StoreError:
    """The same error for one more reader: an exception object carries one traceback only."""
    return StoreError(failure.message, failure.hint)


def _apply(write: Write, transaction: Transaction) -> Any:
    """The result of a write, or the StoreError by which it refused, before it had changed anything."""
    try:
        return write.apply(transaction)
    except StoreError as refusal:
        return refusal


def _deliver(batch: Iterable[Write], results: Iterable[Any]) -> None:
    """Resolve the futures of a commit, with one wake-up of each event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Any]]] = {}
    for write, result in zip(batch, results, strict=True):
        if write.future is not None:
            by_loop.setdefault(write.future.get_loop(), []).append((write.future, result))
    for loop, resolved in by_loop.items():
        with suppress(RuntimeError):  # that loop has ended: nobody waits
            loop.call_soon_threadsafe(_resolve, resolved)


def _resolve(resolved: list[tuple[asyncio.Future[Any], Any]]) -> None:
    for future, result in resolved:
        if future.cancelled():
            continue
        if isinstance(result, StoreError):
            future.set_exception(result)
        else:
            future.set_result(result)
