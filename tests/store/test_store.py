"""What a run remembers: rollouts, verdict sets, totals, and how to read it from outside."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas
import pytest

from evalkit.errors import StoreError
from evalkit.model import CallAttempt, Message, Reply, Request, Usage
from evalkit.outcome import Outcome
from evalkit.store import Change, State, Store, create_run, open_run, read_run, request_digest, verify
from evalkit.suite import Scorer
from evalkit.task import Answer, Task, error, failed, passed

from .runs import MANIFEST, go_on, make_run, plan, reply_of, request_of, verdict_of, verdicts

A, B = ("T/a", 0), ("T/b", 0)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with create_run(tmp_path / "run", {"suite": "s"}, [A, B]) as store:
        yield store


def kept(store: Store) -> set[str]:
    """What another process finds at this moment."""
    with read_run(store.folder) as other:
        return {state.ended for state in other.state().values()}


async def test_what_was_awaited_is_there_for_another_process(store: Store) -> None:
    rollout = await store.begin(*A)
    assert kept(store) == {""}
    await store.answer(rollout, Answer("x"))
    assert kept(store) == {"", "answered"}


async def test_a_state_follows_the_last_rollout(store: Store) -> None:
    set_id = await store.verdict_set(Scorer("s", "1"), {})
    first = await store.begin(*A)
    assert store.state()[A] == State()
    await store.fail(first, Outcome.ERROR, "api", "429 again and again")
    assert store.state()[A] == State("error", "api")
    second = await store.begin(*A)
    await store.answer(second, Answer("x"))
    assert store.state()[A] == State("answered")
    await store.verdict(set_id, *A, "official", error("sandbox"))
    assert store.state()[A] == State("answered", "", "error", "sandbox")
    assert not store.state()[A].judged
    await store.verdict(set_id, *A, "official", failed("wrong"))
    assert store.state()[A] == State("answered", "", "failed", "wrong")
    assert store.state()[B] == State()
    third = await store.begin(*A)
    await store.answer(third, Answer("y"))
    assert store.state()[A] == State("answered"), "a verdict on another answer does not count"
    assert store.rollouts(*A) == [(first, 1), (second, 2), (third, 3)]
    assert next(store.samples())["official"] is None


async def test_the_first_end_of_a_rollout_counts(store: Store) -> None:
    rollout = await store.begin(*A)
    assert await store.answer(rollout, Answer("x"))
    assert not await store.fail(rollout, Outcome.NOT_RUN, "interrupted")
    assert store.state()[A].answered


async def test_only_answers_are_judged_and_only_errors_fail(store: Store) -> None:
    set_id = await store.verdict_set(Scorer("s", "1"), {})
    with pytest.raises(StoreError, match="no answer to judge"):
        await store.verdict(set_id, *A, "official", passed())
    rollout = await store.begin(*A)
    with pytest.raises(ValueError, match="not failed"):
        store.fail(rollout, Outcome.FAILED, "wrong")
    with pytest.raises(ValueError, match="no reason of error"):
        store.fail(rollout, Outcome.ERROR, "wrong")
    with pytest.raises(StoreError, match="not in the plan"):
        store.begin("T/c", 0)
    assert await store.answer(rollout, Answer("x")), "a refusal leaves the store usable"


async def test_events_keep_their_order_and_artifacts(store: Store) -> None:
    rollout, other = await store.begin(*A), await store.begin(*B)
    for number in range(50):
        store.event_soon(rollout, "tool_call", {"number": number})
        store.event_soon(other, "tool_call", {"number": -number})
    await store.event(rollout, "observation", {"number": 50}, {"patch": b"\0diff", "cast": b"\xff" * 9000})
    events = list(store.events(rollout))
    assert [event.payload["number"] for event in events] == list(range(51))
    assert events[-1].artifacts == {"patch": b"\0diff", "cast": b"\xff" * 9000}


async def test_a_payload_is_stored_as_it_was_when_it_was_logged(store: Store) -> None:
    rollout, payload = await store.begin(*A), {"steps": [1]}
    store.event_soon(rollout, "tool_call", payload)
    payload["steps"].append(2)
    await store.flush()
    assert next(store.events(rollout)).payload == {"steps": [1]}


async def test_an_interrupted_try_is_replayed_without_asking_again(store: Store) -> None:
    first = await store.begin(*A)
    requests = [Request(Task("T/a", {}), 0, (Message("user", f"turn {n}"),)) for n in range(3)]
    replies = [Reply(f"answer {n}", reasoning="hm", raw_usage={"total": n}) for n in range(2)]
    for number, reply in enumerate(replies):
        await store.model_call(first, number, "tested", requests[number], reply)
    await store.fail(first, Outcome.ERROR, "sandbox")
    await store.begin(*A)
    found = [store.recorded_call(*A, n, request_digest(request)) for n, request in enumerate(requests)]
    assert found == [*replies, None]
    assert store.recorded_call(*B, 0, request_digest(requests[0])) is None
    assert store.recorded_call(*A, 1, request_digest(requests[0])) is None


async def test_totals_count_every_attempt_and_never_take_unknown_cost_as_none(store: Store) -> None:
    rollout, request = await store.begin(*A), Request(Task("T/a", {}), 0)
    store.attempt(rollout, 0, "tested", CallAttempt(1.0, 0.5, 429, "too many requests", waited_s=2.0))
    store.attempt(rollout, 0, "tested", CallAttempt(4.0, 0.5, 200))
    await store.model_call(rollout, 0, "tested", request, Reply("a", usage=Usage(10, 20, 5, cost=0.25)))
    await store.model_call(rollout, 1, "tested", request, Reply("b", usage=Usage(1, 2)))
    totals = store.totals()
    assert (totals.calls, totals.attempts, totals.unpriced) == (2, 2, 1)
    assert (totals.prompt_tokens, totals.completion_tokens, totals.reasoning_tokens) == (11, 22, 5)
    assert totals.cost == 0.25
    row = next(store.samples())
    assert (row["calls"], row["attempts"], row["prompt_tokens"], row["cost"]) == (2, 2, 11, 0.25)


async def test_judging_again_adds_a_set_and_tells_what_changed(store: Store) -> None:
    for key in (A, B):
        await store.answer(await store.begin(*key), Answer(key[0]))
    old = await store.verdict_set(Scorer("s", "1"), {"timeout": 3.0, "isolation": "strict"})
    assert await store.verdict_set(Scorer("s", "1"), {"isolation": "strict", "timeout": 3.0}) == old
    await store.verdict(old, *A, "official", passed())
    await store.verdict(old, *B, "strict", failed("wrong"))
    await store.verdict(old, *B, "official", passed())
    new = await store.verdict_set(Scorer("s", "2"), {"timeout": 3.0}, {"why": "a bug"})
    assert new != old
    assert store.default_set == old
    assert not store.state(new)[A].judged
    await store.verdict(new, *A, "official", failed("timeout"))
    await store.verdict(new, *B, "strict", failed("wrong"))
    assert list(store.verdict_changes(old, new)) == [
        Change(*A, "official", "passed", "failed/timeout"),
        Change(*B, "official", "passed", ""),
    ]
    assert store.state()[A].verdict == "passed"
    await store.set_default(new)
    assert store.state()[A].verdict == "failed"
    assert store.record(*A).verdicts["official"] == failed("timeout")
    assert store.record(*A, old).verdicts["official"] == passed()
    assert store.verdict_sets()[new]["why"] == "a bug"
    with pytest.raises(StoreError, match="no verdict set 99"):
        await store.set_default(99)


async def test_notes_are_the_diary_of_the_run(store: Store) -> None:
    await store.note("session", {"concurrency": 64})
    await store.note("paused", {"why": "max-cost"})
    assert [(note.kind, note.payload) for note in store.notes()] == [
        ("session", {"concurrency": 64}),
        ("paused", {"why": "max-cost"}),
    ]


def test_outcomes_sum_to_what_was_planned(tmp_path: Path) -> None:
    async def partly(store: Store) -> None:
        set_id = await store.verdict_set(Scorer("s", "1"), {})
        for number, key in enumerate(plan(12)[:9]):
            rollout = await store.begin(*key)
            if number % 3 == 0:
                await store.fail(rollout, Outcome.ERROR, "api")
            elif number % 3 == 1:
                await store.answer(rollout, Answer("x"))
                await store.verdict(set_id, *key, "official", passed())
            elif number == 2:
                await store.fail(rollout, Outcome.NOT_RUN, "budget")

    with create_run(tmp_path / "run", {}, plan(12)) as store:
        asyncio.run(partly(store))
        frame = pandas.DataFrame(store.samples())
    assert list(frame.task_id) == [task_id for task_id, _ in plan(12)]
    counts = frame.groupby(["outcome", "reason"]).size().to_dict()
    assert counts == {
        ("error", "api"): 3,
        ("passed", ""): 3,
        ("not_run", "budget"): 1,
        ("not_run", "interrupted"): 5,
    }


def test_the_database_can_be_read_with_plain_sql(tmp_path: Path) -> None:
    make_run(tmp_path / "run", 20)
    db = sqlite3.connect(tmp_path / "run" / "run.sqlite")
    frame = pandas.read_sql("SELECT * FROM samples", db)
    db.close()
    assert len(frame) == 20
    expected = {key: replace(verdict_of(Answer(reply_of(*key).text)), log=b"") for key in plan(20)}
    outcomes = dict(zip(zip(frame.task_id, frame["sample"], strict=True), frame.outcome, strict=True))
    assert outcomes == {key: str(verdict.outcome) for key, verdict in expected.items()}
    assert frame.prompt_tokens.sum() == sum(reply_of(*key).usage.prompt_tokens or 0 for key in plan(20))
    assert set(frame.finish_reason) == {"stop"}


def test_the_manifest_is_in_the_database_and_a_copy_beside_it(tmp_path: Path) -> None:
    make_run(tmp_path / "run", 2)
    copy = tmp_path / "run" / "manifest.json"
    assert json.loads(copy.read_text())["suite"] == MANIFEST["suite"]
    copy.unlink()
    with open_run(tmp_path / "run") as store:
        assert store.manifest["settings"]["temperature"] == 0.5
    assert json.loads(copy.read_text())["suite"] == MANIFEST["suite"]


def test_samples_with_the_same_text_share_its_space(tmp_path: Path) -> None:
    async def write(store: Store, text: str) -> None:
        request = Request(Task("T", {}), 0, (Message("user", text),))
        for key in store.plan:
            rollout = await store.begin(*key)
            await store.model_call(rollout, 0, "tested", request, Reply(text))
            await store.answer(rollout, Answer(text))

    text = "".join(reply_of("T", n).text for n in range(100))
    with create_run(tmp_path / "run", {}, [("T", n) for n in range(50)]) as store:
        asyncio.run(write(store, text))
    assert (tmp_path / "run" / "run.sqlite").stat().st_size < len(text) + 200_000


def test_a_reader_walks_while_a_writer_writes(tmp_path: Path) -> None:
    with create_run(tmp_path / "run", MANIFEST, plan(600)) as store, read_run(tmp_path / "run") as reader:
        walk = reader.records()
        assert next(walk).answer is None
        asyncio.run(go_on(store, at_once=16))
        rest = list(walk)
        assert rest[-1].answer == Answer(reply_of(*plan(600)[-1]).text), "later pages are newer"
        assert len(rest) == 599


def test_a_run_is_closed_once_and_for_all(tmp_path: Path) -> None:
    with create_run(tmp_path / "run", {}, [A]) as store:
        pass

    async def write() -> None:
        await store.begin(*A)

    with pytest.raises(StoreError, match="closed"):
        asyncio.run(write())
    left = sorted(path.name for path in (tmp_path / "run").iterdir())
    assert left == ["lock", "manifest.json", "run.sqlite"]


def test_going_on_leaves_what_is_finished_untouched(tmp_path: Path) -> None:
    make_run(tmp_path / "run", 10)
    with open_run(tmp_path / "run") as store:
        before = verdicts(store), store.totals()
        asyncio.run(go_on(store, pytest.fail))
        assert (verdicts(store), store.totals()) == before
        assert store.damage == ()
    assert verify(tmp_path / "run") == []


@pytest.mark.parametrize("bad", [[A, B, A], [("a\0b", 0)], [("\ud800", 0)]])
def test_a_plan_that_cannot_be_kept_is_refused(tmp_path: Path, bad: list[tuple[str, int]]) -> None:
    with pytest.raises(StoreError, match=r"planned twice|not a text"):
        create_run(tmp_path / "run", {}, bad)
    assert not (tmp_path / "run").exists()


def test_a_run_is_not_begun_twice(tmp_path: Path) -> None:
    make_run(tmp_path / "run", 4)
    with pytest.raises(StoreError, match="already holds a run"):
        create_run(tmp_path / "run", MANIFEST, plan(4))
    with open_run(tmp_path / "run") as store:
        assert all(state.judged for state in store.state().values())


def test_a_request_is_stored_with_what_decides_its_reply(store: Store) -> None:
    async def write() -> int:
        rollout = await store.begin(*A)
        await store.model_call(rollout, 0, "tested", request_of(*A), Reply("x"))
        return rollout

    (event,) = store.events(asyncio.run(write()))
    assert event.payload["request"]["messages"][0]["content"] == request_of(*A).messages[0].content
    assert event.payload["request"]["sampling"]["temperature"] is None


async def test_what_was_observed_after_a_try_parted_from_it_is_of_another_course(store: Store) -> None:
    async def observe(rollout: int, number: int, text: str) -> None:
        await store.event(rollout, "observation", {"number": number, "text": text})

    first = await store.begin(*A)
    for number in range(4):
        await observe(first, number, "first")
    await store.event(first, "died", {"number": 3, "text": "first"})
    again = await store.begin(*A)
    await observe(again, 1, "again")
    told = store.recorded_events(*A)
    assert {key: payload["text"] for key, payload in told.items()} == {
        ("observation", 0): "first",
        ("observation", 1): "again",
        ("died", 3): "first",
    }


async def test_a_log_is_kept_once_and_read_only_when_it_is_asked_for(store: Store) -> None:
    log = b"\0\xff\r\n>>>>> Start" * 100_000
    set_id = await store.verdict_set(Scorer("s", "1"), {})
    for key in (A, B):
        await store.answer(await store.begin(*key), Answer("x"))
    await store.verdict(set_id, *A, "strict", failed("wrong", log=log))
    await store.verdict(set_id, *A, "official", passed(log=log))
    await store.verdict(set_id, *B, "official", passed())
    assert store.logs(*A) == {"strict": log, "official": log}
    assert store.logs(*B) == {}
    assert store.record(*A).verdicts == {"strict": failed("wrong"), "official": passed()}
    with sqlite3.connect(store.folder / "run.sqlite") as db:
        sizes = sorted(size for (size,) in db.execute("SELECT length(data) FROM blob"))
        assert sum(size > 4000 for size in sizes) == 1, "equal logs are one blob"
        body = db.execute(
            "SELECT data FROM verdict JOIN blob ON blob.id = body WHERE sample_id = 2"
        ).fetchone()[0]
        assert b"log" not in zlib.decompress(body), "a verdict without one is stored as it always was"
        db.execute("UPDATE blob SET data = zeroblob(9) WHERE length(data) > 4000")
    assert store.record(*A).verdicts["official"] == passed(), "nor is it touched"
    with pytest.raises(StoreError, match="checksum"):
        store.logs(*A)


async def test_files_of_an_answer_come_back_with_it_and_are_not_read_with_all(store: Store) -> None:
    files = {"session.cast": b"[0.1]\n", "layer.tar": bytes(range(256))}
    await store.answer(await store.begin(*A), Answer("{}", "state", files))
    await store.answer(await store.begin(*B), Answer("x"))
    assert store.answer_of(*A)[0] == Answer("{}", "state", files)
    assert store.file_of(*A, "session.cast") == b"[0.1]\n"
    assert store.file_of(*A, "other") is None
    assert store.answer_of(*B)[0] == Answer("x")
    assert store.record(*A).answer == Answer("{}", "state", dict.fromkeys(files, b""))


async def test_a_verdict_whose_log_is_damaged_is_made_again(store: Store) -> None:
    set_id = await store.verdict_set(Scorer("s", "1"), {})
    for key in (A, B):
        await store.answer(await store.begin(*key), Answer("x"))
        await store.verdict(set_id, *key, "official", passed(log=key[0].encode() * 900))
    store.close()
    with sqlite3.connect(store.folder / "run.sqlite") as db:
        digest = hashlib.sha256(b"T/a" * 900).digest()
        assert db.execute("UPDATE blob SET data = zeroblob(9) WHERE digest = ?", (digest,)).rowcount == 1
    assert verify(store.folder)
    with open_run(store.folder) as repaired:
        assert repaired.state() == {A: State("answered"), B: State("answered", "", "passed")}
        assert repaired.logs(*B) == {"official": b"T/b" * 900}
