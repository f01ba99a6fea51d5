"""Writing a run. Each method returns when its record is durable; what is not awaited keeps its order.

A rollout is one try at a sample: `begin`, then model calls, attempts and events in the order in
which they happened, then one end: `answer` or `fail`. Verdicts are added to a verdict set, never
replaced.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Mapping
from pathlib import Path
from typing import Any, Literal

from evalkit.errors import StoreError
from evalkit.model import CallAttempt, Reply, Request, Usage
from evalkit.outcome import Outcome, check_reason
from evalkit.store.codec import Packed, pack, sha256
from evalkit.store.lock import drop_lock
from evalkit.store.reader import Reader
from evalkit.store.records import answer_record, reply_record, request_record, verdict_record
from evalkit.store.schema import label, now
from evalkit.store.writer import Transaction, Writer
from evalkit.suite import Scorer
from evalkit.task import Answer, Verdict

Policy = Literal["official", "strict"]


class Store(Reader):
    """A run, opened by its one writer. Made by `create_run` and `open_run`; close it, or use `with`."""

    def __init__(
        self, folder: Path, db: sqlite3.Connection, writer: Writer, lock: int, damage: tuple[str, ...] = ()
    ) -> None:
        super().__init__(folder, db, damage)
        self._writer = writer
        self._lock = lock

    def close(self) -> None:
        """Store what is still queued and release the run. StoreError if that could not be stored."""
        if self._lock < 0:  # closed: by now the number may be another file's
            return
        super().close()
        lock, self._lock = self._lock, -1
        try:
            self._writer.close()
        finally:
            drop_lock(lock)

    # -- rollouts ----------------------------------------------------------------------------------
    def begin(self, task_id: str, sample: int) -> Awaitable[int]:
        """Begin a new try at a planned sample; its rollout id."""
        return self._writer.write("begin stored", _begin, self._id(task_id, sample), now())

    def event(
        self,
        rollout_id: int,
        kind: str,
        payload: Mapping[str, Any],
        artifacts: Mapping[str, bytes] | None = None,
    ) -> Awaitable[int]:
        """Log a tool call, an observation, an error, ...; with named binary artifacts (patch, recording)."""
        record = pack(payload)
        return self._writer.write("event stored", _event, rollout_id, label(kind), now(), record, artifacts)

    def event_soon(
        self,
        rollout_id: int,
        kind: str,
        payload: Mapping[str, Any],
        artifacts: Mapping[str, bytes] | None = None,
    ) -> None:
        """Log an event without waiting for it. Any later record that is durable makes it durable too."""
        record = pack(payload)
        self._writer.write_soon("event stored", _event, rollout_id, label(kind), now(), record, artifacts)

    def attempt(self, rollout_id: int, number: int, role: str, attempt: CallAttempt) -> None:
        """Log one HTTP request of call `number`, as it ends (a model's `on_attempt`). Not awaited."""
        record = pack({"number": number, "role": role, "attempt": attempt})
        columns = (number, label(role), attempt.status, label(attempt.error), *_tokens(attempt.usage))
        times = (float(attempt.wall_s), float(attempt.waited_s))
        self._writer.write_soon("attempt stored", _attempt, rollout_id, now(), record, (*columns, *times))

    def model_call(
        self, rollout_id: int, number: int, role: str, request: Request, reply: Reply
    ) -> Awaitable[int]:
        """Log a completed call, the rollout's `number`th. Await it before the reply is used."""
        asked = pack(request_record(request))
        record = pack({"number": number, "role": role, "request": asked, "reply": reply_record(reply)})
        columns = (number, label(role), asked.digest, label(reply.served_model), label(reply.finish_reason))
        first = None if reply.first_token_s is None else float(reply.first_token_s)
        times = (float(reply.wall_s), first)
        return self._writer.write(
            "call stored", _call, rollout_id, now(), record, (*columns, *_tokens(reply.usage), *times)
        )

    def answer(
        self, rollout_id: int, answer: Answer, info: Mapping[str, Any] | None = None
    ) -> Awaitable[bool]:
        """End a rollout with its answer; False if it had ended before: the first end counts."""
        record = pack({"answer": answer_record(answer), "detail": "", "info": info or {}})
        return self._writer.write("answer stored", _end, rollout_id, "answered", "", now(), record)

    def fail(
        self,
        rollout_id: int,
        outcome: Outcome,
        reason: str,
        detail: str = "",
        info: Mapping[str, Any] | None = None,
    ) -> Awaitable[bool]:
        """End a rollout without an answer: `error` or `not_run`, both to be tried again on resume."""
        if outcome not in (Outcome.ERROR, Outcome.NOT_RUN):
            raise ValueError(f"a rollout ends with an answer, error or not_run, not {outcome}")
        check_reason(outcome, reason)
        record = pack({"answer": None, "detail": detail, "info": info or {}})
        return self._writer.write("fail stored", _end, rollout_id, str(outcome), reason, now(), record)

    # -- verdicts ----------------------------------------------------------------------------------
    def verdict_set(
        self, scorer: Scorer, options: Mapping[str, Any], info: Mapping[str, Any] | None = None
    ) -> Awaitable[int]:
        """The set of this scorer, version and verdict options; made if new, and default if the first."""
        key = (scorer.name, scorer.version, pack(dict(sorted(options.items()))).digest)
        record = pack({**(info or {}), "options": options})
        return self._writer.write("set stored", _verdict_set, key, now(), record)

    def set_default(self, set_id: int) -> Awaitable[None]:
        """Make a verdict set the one that the run's score is read from."""
        return self._writer.write("default stored", _set_default, set_id)

    def verdict(
        self, set_id: int, task_id: str, sample: int, policy: Policy, verdict: Verdict
    ) -> Awaitable[int]:
        """Add a verdict on the sample's answer, with its log in the same commit. Where there are two, add
        `official` last: it completes."""
        sample_id, record = self._id(task_id, sample), pack(verdict_record(verdict))
        columns = (policy, str(verdict.outcome), verdict.reason, label(verdict.suspect))
        return self._writer.write("verdict stored", _verdict, set_id, sample_id, columns, now(), record)

    # -- the run -----------------------------------------------------------------------------------
    def note(self, kind: str, payload: Mapping[str, Any]) -> Awaitable[int]:
        """Log what happened to the run as a whole: resumed, paused, concurrency lowered, settings."""
        return self._writer.write("note stored", _note, label(kind), now(), pack(payload))

    def flush(self) -> Awaitable[None]:
        """Wait until all that was logged before is durable."""
        return self._writer.write("flushed", lambda tx: None)


def request_digest(request: Request) -> str:
    """What `recorded_call` knows a request by: its messages or prompt and its sampling parameters."""
    return pack(request_record(request)).digest


def _tokens(usage: Usage) -> tuple[int | float | None, ...]:
    cost = None if usage.cost is None else float(usage.cost)
    counts = (usage.prompt_tokens, usage.completion_tokens, usage.reasoning_tokens, usage.cached_tokens)
    return (*counts, cost)


# -- the writes, as functions of the open transaction ---------------------------------------------
def _begin(tx: Transaction, sample_id: int, at: int) -> int:
    tries = tx.one("SELECT count(*) FROM rollout WHERE sample_id = ?", sample_id)
    return tx.add("rollout", sample_id, tries + 1, at)


def _event(
    tx: Transaction,
    rollout_id: int,
    kind: str,
    at: int,
    record: Packed,
    artifacts: Mapping[str, bytes] | None = None,
) -> int:
    event_id = tx.add("event", rollout_id, kind, at, tx.body(record))
    for name, data in (artifacts or {}).items():
        tx.add("artifact", event_id, label(name), tx.blob(data, sha256(data)))
    return event_id


def _attempt(tx: Transaction, rollout_id: int, at: int, record: Packed, columns: tuple[Any, ...]) -> None:
    event_id = _event(tx, rollout_id, "attempt", at, record)
    tx.add("attempt", rollout_id, _sample_of(tx, rollout_id), *columns, row_id=event_id)


def _call(tx: Transaction, rollout_id: int, at: int, record: Packed, columns: tuple[Any, ...]) -> int:
    event_id = _event(tx, rollout_id, "model_call", at, record)
    return tx.add("call", rollout_id, _sample_of(tx, rollout_id), *columns, row_id=event_id)


def _end(tx: Transaction, rollout_id: int, outcome: str, reason: str, at: int, record: Packed) -> bool:
    if tx.one("SELECT id FROM ending WHERE id = ?", rollout_id):
        return False
    sample_id = _sample_of(tx, rollout_id)
    tx.add("ending", sample_id, outcome, reason, at, tx.body(record), row_id=rollout_id)
    return True


def _verdict_set(tx: Transaction, key: tuple[str, str, str], at: int, record: Packed) -> int:
    found = tx.one("SELECT id FROM verdict_set WHERE scorer = ? AND version = ? AND options = ?", *key)
    set_id = int(found or tx.add("verdict_set", *key, at, tx.body(record)))
    if tx.one("SELECT id FROM meta WHERE key = 'default_set'") is None:
        tx.add("meta", "default_set", set_id)
    return set_id


def _set_default(tx: Transaction, set_id: int) -> None:
    if tx.one("SELECT id FROM verdict_set WHERE id = ?", set_id) is None:
        raise StoreError(f"there is no verdict set {set_id}")
    tx.add("meta", "default_set", set_id)


def _verdict(
    tx: Transaction, set_id: int, sample_id: int, columns: tuple[str, ...], at: int, record: Packed
) -> int:
    last = tx.one("SELECT max(id) FROM ending WHERE sample_id = ?", sample_id)
    if tx.one("SELECT outcome FROM ending WHERE id = ?", last) != "answered":
        raise StoreError(f"sample {sample_id} of the plan has no answer to judge")
    return tx.add("verdict", set_id, sample_id, last, *columns, at, tx.body(record))


def _note(tx: Transaction, kind: str, at: int, record: Packed) -> int:
    return tx.add("note", kind, at, tx.body(record))


def _sample_of(tx: Transaction, rollout_id: int) -> int:
    return int(tx.one("SELECT sample_id FROM rollout WHERE id = ?", rollout_id))
