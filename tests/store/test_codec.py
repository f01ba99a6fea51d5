"""Whatever a model, an API or a suite may hand over comes back equal."""

from __future__ import annotations

import asyncio
import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import StoreError
from evalkit.model import CallAttempt, Message, Reply, Request, Sampling, Usage
from evalkit.outcome import REASONS
from evalkit.store import create_run, read_run, request_digest
from evalkit.store.codec import pack, unpack
from evalkit.store.schema import label
from evalkit.suite import Scorer
from evalkit.task import Answer, Task, TestResult, Verdict

any_text = st.text(st.characters(exclude_categories=()))  # with lone surrogates, NUL, controls
long_text = st.builds(lambda text, times: text * times, any_text, st.integers(1, 2000))
texts = any_text | long_text
payloads = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts | st.binary(max_size=2000),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5),
    max_leaves=20,
)


def same(a: Any, b: Any) -> bool:
    """Equality that takes NaN as itself, tells True from 1, and 0.0 from -0.0."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float):
        return (math.isnan(a) and math.isnan(b)) or (a == b and math.copysign(1, a) == math.copysign(1, b))
    return bool(a == b)


def through(payload: Any) -> Any:
    packed = pack(payload)
    json.loads(packed.body, parse_constant=pytest.fail)  # JSON that every reader takes: no NaN in it
    return unpack(packed.body, packed.blobs.__getitem__)


@given(payloads)
def test_payloads_come_back_equal(payload: Any) -> None:
    assert same(through(payload), payload)


@pytest.mark.parametrize(
    "payload",
    [
        {"$text": "not a reference"},
        {"$$": {"$bytes": "", "$float": "nan"}},
        {"$json": {"$text": "a" * 64}},
        "x" * 1_000_000 + "\0\ud800",
        [float("nan"), float("inf"), -float("inf"), -0.0, 1e308, 2**70],
    ],
)
def test_what_looks_like_a_reference_is_none(payload: Any) -> None:
    assert same(through(payload), payload)


def test_a_text_that_occurs_often_is_stored_once() -> None:
    history = ["a long message " * 100] * 50
    packed = pack({"first": history, "second": history})
    assert len(packed.blobs) == 1
    assert unpack(packed.body, packed.blobs.__getitem__)["second"] == history


def test_what_cannot_be_stored_is_refused_where_it_comes_from() -> None:
    with pytest.raises(TypeError, match="set"):
        pack({"a": {1, 2}})
    with pytest.raises(TypeError, match="keys"):
        pack({1: 2})
    nested: list[Any] = []
    for _ in range(100_000):
        nested = [nested]
    with pytest.raises(StoreError, match="nested too deeply"):
        pack(nested)


usages = st.builds(
    Usage,
    *(st.none() | st.integers(0, 2**40) for _ in range(4)),
    cost=st.none() | st.floats(0, 1e6),
)
seconds = st.floats(0, 1e6)
replies = st.builds(
    Reply,
    text=texts,
    form=st.sampled_from(["reply", "completion", "solution"]),
    reasoning=texts,
    finish_reason=texts,
    usage=usages,
    raw_usage=st.dictionaries(texts, st.integers() | texts, max_size=3),
    served_model=texts,
    fingerprint=texts,
    request_id=texts,
    wall_s=seconds,
    first_token_s=st.none() | seconds,
)
attempts = st.builds(CallAttempt, seconds, seconds, st.none() | st.integers(100, 599), texts, seconds, usages)
judgements = st.sampled_from([(o, r) for o, reasons in REASONS.items() for r in reasons or ("",)])
verdicts = st.builds(
    lambda judgement, **rest: Verdict(*judgement, **rest),
    judgements,
    detail=texts,
    official=texts,
    parts=st.dictionaries(texts, st.booleans(), max_size=3),
    tests=st.lists(st.builds(TestResult, texts, texts, texts, st.none() | seconds), max_size=3).map(tuple),
    extracted=st.none() | texts,
    suspect=texts,
    measured=st.dictionaries(texts, seconds, max_size=3),
)


@settings(max_examples=20, deadline=None)
@given(
    replies,
    st.lists(attempts, max_size=3),
    verdicts,
    texts,
    st.dictionaries(texts, payloads, max_size=3),
    st.dictionaries(st.text("ab", max_size=3), st.binary(max_size=5000), max_size=3),
)
def test_records_come_back_from_a_file(
    tmp_path_factory: pytest.TempPathFactory,
    reply: Reply,
    tried: list[CallAttempt],
    verdict: Verdict,
    text: str,
    payload: dict[str, Any],
    artifacts: dict[str, bytes],
) -> None:
    folder = tmp_path_factory.mktemp("round") / "run"
    request = Request(Task("T", {}), 0, (Message("user", text),), text, Sampling(extra_body={text: text}))

    async def write() -> None:
        with create_run(folder, {"about": payload}, [("T", 0)]) as store:
            rollout = await store.begin("T", 0)
            for attempt in tried:
                store.attempt(rollout, 0, "tested", attempt)
            await store.model_call(rollout, 0, "tested", request, reply)
            await store.event(rollout, "tool", payload, artifacts)
            await store.answer(rollout, Answer(text, "solution"), payload)
            set_id = await store.verdict_set(Scorer("s", "1"), {"text": text})
            await store.verdict(set_id, "T", 0, "official", verdict)
            await store.verdict(set_id, "T", 0, "strict", verdict)

    asyncio.run(write())
    with read_run(folder) as run:
        assert same(run.manifest, {"about": payload})
        assert run.recorded_call("T", 0, 0, request_digest(request)) == reply
        (record,) = run.records()
        assert record.answer == Answer(text, "solution")
        assert same(record.info, payload)
        assert record.verdicts == {"official": verdict, "strict": verdict}
        events = list(run.events(1))
        assert [event.kind for event in events] == ["attempt"] * len(tried) + ["model_call", "tool"]
        assert same(events[-1].payload, payload)
        assert events[-1].artifacts == artifacts
        assert run.totals().attempts == len(tried)


def test_a_reply_is_asked_for_again_when_any_part_of_the_request_changes(tmp_path: Path) -> None:
    asked = Request(Task("T", {}), 0, (Message("user", "a"),), sampling=Sampling(extra_body={"x": 1, "y": 2}))
    others = [
        Request(Task("T", {}), 0, (Message("user", "b"),), sampling=asked.sampling),
        Request(Task("T", {}), 0, (Message("system", "a"),), sampling=asked.sampling),
        Request(Task("T", {}), 0, (Message("user", "a"),), sampling=Sampling(seed=1)),
        Request(Task("T", {}), 0, (Message("user", "a"),), sampling=Sampling(extra_body={"x": 1})),
    ]
    order = Request(Task("T", {}), 0, asked.messages, sampling=Sampling(extra_body={"y": 2, "x": 1}))
    assert request_digest(order) == request_digest(asked)
    assert request_digest(asked) not in {request_digest(other) for other in others}


@given(any_text)
def test_labels_can_be_written_and_printed(text: str) -> None:
    shown = label(text, 20)
    assert shown.isprintable()
    assert len(shown.encode()) <= 80
