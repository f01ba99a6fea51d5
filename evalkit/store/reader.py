"""Reading a run, also while another process writes it.

Each query is a short transaction of its own and sees whole commits only. Long walks go page by page
over row ids: they hold no snapshot open, and never more than a page of the run in memory.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from evalkit.errors import StoreError
from evalkit.model import Reply
from evalkit.store.codec import blob_contents, unpack
from evalkit.store.faults import FAULTS, damaged, explain
from evalkit.store.records import file_digests, read_reply, read_verdict
from evalkit.store.values import Change, Event, Record, State, Totals
from evalkit.task import Answer, Verdict

PAGE_ROWS = 256  # samples in memory at a time


class Reader:
    """A run, read-only. `damage` says in words what opening found unreadable and set aside."""

    def __init__(self, folder: Path, db: sqlite3.Connection, damage: tuple[str, ...] = ()) -> None:
        self.folder = folder
        self.damage = damage
        self._db = db
        self.manifest: dict[str, Any] = self._body(self._meta("manifest"))
        self.plan: list[tuple[str, int]] = list(zip(*self._body(self._meta("plan")), strict=True))
        self._ids: dict[tuple[str, int], int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._db.close()

    # -- what is done ------------------------------------------------------------------------------
    def state(self, set_id: int | None = None) -> dict[tuple[str, int], State]:
        """Every planned sample, in the plan's order, as the set (default: the run's) has judged it."""
        state = cache(State)  # a few different ones, shared by all samples
        states = [State()] * (len(self.plan) + 1)
        judged = [0] * (len(self.plan) + 1)  # the rollout that the verdict is on
        verdicts = "FROM verdict WHERE set_id = ? AND policy = 'official'"
        sql = f"SELECT sample_id, rollout_id, outcome, reason {verdicts} ORDER BY id"
        for number, rollout, outcome, reason in self._query(sql, self._set(set_id)):
            judged[number], states[number] = rollout, state("answered", "", outcome, reason)
        unjudged = f"id NOT IN (SELECT rollout_id {verdicts})"
        sql = f"SELECT sample_id, id, outcome, reason FROM ending WHERE {unjudged} ORDER BY id"
        for number, rollout, outcome, reason in self._query(sql, self._set(set_id)):
            if rollout > judged[number]:
                states[number] = state(outcome, reason)
        return dict(zip(self.plan, states[1:], strict=True))

    def totals(self) -> Totals:
        tokens = "sum(prompt_tokens), sum(completion_tokens), sum(reasoning_tokens)"
        sql = f"SELECT count(*), {tokens}, total(cost), count(*) - count(cost) FROM call"
        calls, prompt, completion, reasoning, cost, unpriced = self._row(sql)
        attempts, failed = self._row("SELECT count(*), total(iif(error != '', cost, 0)) FROM attempt")
        return Totals(calls, attempts, prompt, completion, reasoning, cost, failed, unpriced)

    def calls(self) -> list[tuple[int, str, str, float]]:
        """Each completed call, oldest first: id, role, the model that the endpoint named, seconds."""
        return list(self._query("SELECT id, role, served_model, wall_s FROM call ORDER BY id"))

    # -- samples -----------------------------------------------------------------------------------
    def samples(self) -> Iterator[dict[str, Any]]:
        """A row a planned sample, in the plan's order: `pandas.DataFrame(run.samples())`."""
        for first in range(1, len(self.plan) + 1, PAGE_ROWS):
            yield from self._rows(first, first + PAGE_ROWS - 1)

    def records(self, set_id: int | None = None, *, answers: bool = True) -> Iterator[Record]:
        """The samples with verdicts of a set (default: the run's), and with answers if they are wanted."""
        return (self._record(row, self._set(set_id), answers) for row in self.samples())

    def record(self, task_id: str, sample: int, set_id: int | None = None) -> Record:
        """One sample, as `records` has it."""
        number = self._id(task_id, sample)
        return self._record(self._rows(number, number)[0], self._set(set_id))

    def answer_of(self, task_id: str, sample: int) -> tuple[Answer | None, dict[str, Any]]:
        """The answer that the sample's last rollout ended with, if it did, with its files, and the info given
        with it."""
        last = "SELECT max(id) FROM ending WHERE sample_id = ?"
        return self._answer(self._row(last, self._id(task_id, sample))[0], files=True)

    def file_of(self, task_id: str, sample: int, name: str) -> bytes | None:
        """One of the files of that answer, without reading the others."""
        last = "SELECT body FROM ending WHERE sample_id = ? ORDER BY id DESC"
        found = self._row(last, self._id(task_id, sample))
        digest = file_digests(self._contents(found[0])).get(name) if found else None
        return self._blob(digest) if digest else None

    def logs(self, task_id: str, sample: int, set_id: int | None = None) -> dict[str, bytes]:
        """What the tests printed, by policy, where it was kept with the verdict on the last answer."""
        row = self._rows(*[self._id(task_id, sample)] * 2)[0]
        bodies = self._verdict_bodies(self._set(set_id), row["id"], row["rollout_id"])
        return {policy: log for policy, body in bodies.items() if (log := self._body(body).get("log"))}

    # -- rollouts ----------------------------------------------------------------------------------
    def rollouts(self, task_id: str, sample: int) -> list[tuple[int, int]]:
        """The tries of a sample, as (rollout id, try number), oldest first."""
        sql = "SELECT id, try FROM rollout WHERE sample_id = ? ORDER BY id"
        return [(rollout, number) for rollout, number in self._query(sql, self._id(task_id, sample))]

    def events(self, rollout_id: int) -> Iterator[Event]:
        """The log of a rollout, in order."""
        sql = "SELECT id, kind, at, body FROM event WHERE rollout_id = ? ORDER BY id"
        for event_id, kind, at, body in list(self._query(sql, rollout_id)):
            named = list(self._query("SELECT name, body FROM artifact WHERE event_id = ?", event_id))
            artifacts = {name: self._contents(blob_id) for name, blob_id in named}
            yield Event(event_id, kind, at / 1000, self._body(body), artifacts)

    def recorded_call(self, task_id: str, sample: int, number: int, request_digest: str) -> Reply | None:
        """The reply that an earlier try of this sample got to its call `number`, if it asked the same."""
        sql = "SELECT event.body FROM call JOIN event ON event.id = call.id WHERE call.sample_id = ?"
        sql += " AND call.number = ? AND call.request = ? ORDER BY call.id DESC"
        found = self._row(sql, self._id(task_id, sample), number, request_digest)
        return read_reply(self._body(found[0])["reply"]) if found else None

    def recorded_calls(self, task_id: str, sample: int) -> list[tuple[int, int, int, str]]:
        """The calls of all tries of a sample in the order in which they were made: id, rollout, number, and
        the request's digest."""
        sql = "SELECT call.id, event.rollout_id, call.number, call.request"
        sql += " FROM call JOIN event ON event.id = call.id WHERE call.sample_id = ? ORDER BY call.id"
        return list(self._query(sql, self._id(task_id, sample)))

    def recorded_exchange(self, call_id: int) -> tuple[Mapping[str, Any], Reply]:
        """A recorded call's request, as a record, and its reply."""
        found = self._row("SELECT body FROM event WHERE id = ?", call_id)
        body = self._body(found[0])
        return body["request"], read_reply(body["reply"])

    def recorded_events(self, task_id: str, sample: int) -> dict[tuple[str, int], Any]:
        """What earlier tries of this sample logged under a number, by kind and number; the newest counts.

        A try that observed something anew parted there from those before it: what they observed later
        belongs to another course of things.
        """
        found: dict[tuple[str, int], Any] = {}
        for rollout, _ in self.rollouts(task_id, sample):
            for event in self.events(rollout):
                if event.kind in ("model_call", "attempt") or "number" not in event.payload:
                    continue
                number = event.payload["number"]
                if event.kind == "observation":
                    later = [key for key in found if key[0] == "observation" and key[1] > number]
                    found = {key: told for key, told in found.items() if key not in later}
                found[event.kind, number] = event.payload
        return found

    # -- verdict sets and notes --------------------------------------------------------------------
    @property
    def default_set(self) -> int | None:
        found = self._row("SELECT value FROM meta WHERE key = 'default_set' ORDER BY id DESC")
        return found[0] if found else None

    def verdict_sets(self) -> dict[int, dict[str, Any]]:
        """Who judged, by set id: scorer, version, options digest, and the info given with it."""
        rows = list(self._query("SELECT id, scorer, version, options, body FROM verdict_set ORDER BY id"))
        return {
            number: {"scorer": scorer, "version": version, "options": options, **self._body(body)}
            for number, scorer, version, options, body in rows
        }

    def verdict_changes(self, set_a: int, set_b: int) -> Iterator[Change]:
        """What judging again changed, from set `a` to set `b`, by each sample's last verdicts."""
        sql = """
            SELECT sample_id, policy, max(CASE set_id WHEN ?1 THEN word ELSE '' END) AS before,
                max(CASE set_id WHEN ?2 THEN word ELSE '' END) AS after
            FROM (SELECT max(id), set_id, sample_id, policy, rtrim(outcome || '/' || reason, '/') AS word
                FROM verdict WHERE set_id IN (?1, ?2) GROUP BY set_id, sample_id, policy)
            GROUP BY sample_id, policy HAVING before != after ORDER BY sample_id, policy"""
        for sample_id, policy, before, after in list(self._query(sql, set_a, set_b)):
            task_id, sample = self.plan[sample_id - 1]
            yield Change(task_id, sample, policy, before, after)

    def notes(self) -> list[Event]:
        rows = list(self._query("SELECT id, kind, at, body FROM note ORDER BY id"))
        return [Event(number, kind, at / 1000, self._body(body)) for number, kind, at, body in rows]

    # -- underneath --------------------------------------------------------------------------------
    def _query(self, sql: str, *values: Any, rows_as: Any = None) -> Iterator[Any]:
        try:
            cursor = self._db.cursor()
            cursor.row_factory = rows_as
            yield from cursor.execute(sql, values)
        except FAULTS as error:
            raise explain(error, self.folder) from error

    def _row(self, sql: str, *values: Any) -> Any:
        return next(self._query(sql, *values), None)

    def _meta(self, key: str) -> int:
        found = self._row("SELECT value FROM meta WHERE key = ? ORDER BY id DESC", key)
        if found is None:
            raise self._damaged(f"its {key} is missing")
        return int(found[0])

    def _set(self, set_id: int | None) -> int:
        return set_id if set_id is not None else self.default_set or 0

    def _id(self, task_id: str, sample: int) -> int:
        if not self._ids:
            self._ids = {key: number for number, key in enumerate(self.plan, 1)}
        if (task_id, sample) not in self._ids:
            raise StoreError(f"sample {sample} of {task_id} is not in the plan of {self.folder}")
        return self._ids[task_id, sample]

    def _rows(self, first: int, last: int) -> list[dict[str, Any]]:
        sql = "SELECT * FROM samples WHERE id BETWEEN ? AND ? ORDER BY id"
        rows = list(map(dict, self._query(sql, first, last, rows_as=sqlite3.Row)))
        keys = self.plan[first - 1 : last]
        if len(rows) != len(keys):
            raise self._damaged("planned samples are missing")
        return [{**row, "task_id": t, "sample": s} for row, (t, s) in zip(rows, keys, strict=True)]

    def _record(self, row: dict[str, Any], set_id: int, answers: bool = True) -> Record:
        answer, info = self._answer(row["rollout_id"]) if answers else (None, {})
        return Record(row, answer, info, self._verdicts(set_id, row["id"], row["rollout_id"]))

    def _answer(self, rollout_id: int | None, *, files: bool = False) -> tuple[Answer | None, dict[str, Any]]:
        found = self._row("SELECT outcome, body FROM ending WHERE id = ?", rollout_id)
        if not found:
            return None, {}
        body = self._contents(found[1])
        without = {} if files else file_digests(body)
        record = unpack(body, self._blob, lambda d: b"" if d in without.values() else self._blob(d))
        why = {"detail": record["detail"]} if record["detail"] else {}  # why there is no answer
        return (Answer(**record["answer"]) if found[0] == "answered" else None), record["info"] | why

    def _verdicts(self, set_id: int, sample_id: int, rollout_id: int | None) -> dict[str, Verdict]:
        bodies = self._verdict_bodies(set_id, sample_id, rollout_id)
        without = {p: unpack(self._contents(body), self._blob, lambda _: b"") for p, body in bodies.items()}
        return {policy: read_verdict(record) for policy, record in without.items()}

    def _verdict_bodies(self, set_id: int, sample_id: int, rollout_id: int | None) -> dict[str, int]:
        """The bodies of the last verdicts on a rollout, by policy."""
        wanted = "sample_id = ? AND set_id = ? AND rollout_id = ? ORDER BY id"
        sql = f"SELECT policy, body FROM verdict WHERE {wanted}"
        return dict(self._query(sql, sample_id, set_id, rollout_id))

    def _body(self, blob_id: int) -> Any:
        return unpack(self._contents(blob_id), self._blob)

    def _blob(self, digest: str) -> bytes:
        found = self._row("SELECT id FROM blob WHERE digest = ?", bytes.fromhex(digest))
        return self._contents(found[0] if found else 0)

    def _contents(self, blob_id: int) -> bytes:
        digest, data = self._row("SELECT digest, data FROM blob WHERE id = ?", blob_id) or (b"", b"")
        try:
            return blob_contents(digest, data)
        except ValueError as error:
            raise self._damaged(str(error)) from None

    def _damaged(self, what: str) -> StoreError:
        return damaged(self.folder, what)
