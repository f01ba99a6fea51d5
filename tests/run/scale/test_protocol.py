"""What passes between an attempt on a node and the head, without Ray: every message pickled, as Ray does."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import pytest

from evalkit.errors import ContextExceeded, ModelError
from evalkit.interaction import Budget, Observation, OutOfTime
from evalkit.model import CallAttempt, Message, OnAttempt, Reply, Request, Sampling, ToolCall, Usage
from evalkit.run.cluster.messages import Facts
from evalkit.run.cluster.node import Node
from evalkit.run.cluster.post import Post
from evalkit.run.cluster.serve import serve
from evalkit.run.hands import BugElsewhere, NodeLost
from evalkit.run.rollout import RecordedRollout
from evalkit.scaffold import Attempt, Rollout
from evalkit.store import Store, create_run
from evalkit.task import Answer, Task
from evalkit.workspace import WorkspaceDied

TASK = Task("one", {})
Script = Callable[[Rollout], Awaitable[Attempt]]


class Slow:
    """A model that answers what was asked, after a while; each request is counted."""

    name = "slow"
    sampling = Sampling()

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.cut = 0

    async def complete(self, request: Request, on_attempt: OnAttempt | None = None) -> Reply:
        text = request.messages[0].content
        self.asked.append(text)
        if text == "too long":
            raise ContextExceeded("it does not fit", "ask less")
        if text == "broken":
            raise ModelError("no answer", "look after it", retryable=False)
        try:
            await asyncio.sleep(60 if text == "for ever" else 0.05)
        except asyncio.CancelledError:
            self.cut += 1
            raise
        if on_attempt:
            on_attempt(CallAttempt(0.0, 0.05, 200))
        return Reply(text.upper(), usage=Usage(cost=0.5))

    def describe(self) -> dict[str, Any]:
        return {}

    async def close(self) -> None: ...


class Hand:
    def __init__(self, script: Script) -> None:
        self.script = script

    async def attempt(self, rollout: Rollout) -> Attempt:
        return await self.script(rollout)


class Wire:
    """A post whose actor is here; `breaks` after so many questions."""

    name = "there"
    lost = False

    def __init__(self, script: Script, breaks: int = 1 << 30) -> None:
        self.node = cast(Any, Node.__new__(Node))
        self.node._rollouts, self.node._attempts, self.node._hands = {}, {}, Hand(script)
        self.left = breaks
        self._told: set[asyncio.Task[Any]] = set()

    async def ask(self, method: str, *args: Any) -> Any:
        self.left -= 1
        if self.left < 0:
            raise NodeLost("there was lost")
        return pickle.loads(pickle.dumps(await getattr(self.node, method)(*pickle.loads(pickle.dumps(args)))))

    def tell(self, method: str, *args: Any) -> None:
        if self.left >= 0:
            task = asyncio.ensure_future(getattr(self.node, method)(*pickle.loads(pickle.dumps(args))))
            self._told.add(task)
            task.add_done_callback(self._told.discard)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    with create_run(tmp_path / "run", {}, [("one", 0)]) as store:
        yield store


async def made(store: Store, model: Slow, script: Script, breaks: int = 1 << 30) -> Attempt:
    rollout_id = await store.begin("one", 0)
    rollout = RecordedRollout(store, rollout_id, TASK, 0, {"tested": model}, Sampling(), Budget())
    return await serve(cast(Post, Wire(script, breaks)), "key", rollout)


def ask(text: str) -> tuple[Message, ...]:
    return (Message("user", text),)


async def done(text: str = "done") -> Observation:
    return Observation(text)


async def test_calls_acts_and_notes_are_recorded_on_the_head(store: Store) -> None:
    async def script(rollout: Rollout) -> Attempt:
        one, two = await asyncio.gather(rollout.call(ask("a")), rollout.call(ask("b")))
        seen = await rollout.observe(ToolCall("1", "run"), lambda call: done(call.name))
        await rollout.record("remark", {"number": 1})
        return Attempt(Answer(f"{one.text}{two.text} {seen.text}"), facts={"turns": 2})

    model = Slow()
    attempt = await made(store, model, script)
    assert (attempt.answer.text, attempt.facts) == ("AB run", {"turns": 2})
    assert [event.kind for event in store.events(1) if event.kind != "attempt"] == [
        "model_call",
        "model_call",
        "observation",
        "remark",
    ]
    assert store.totals().cost == 1.0


async def test_a_lost_node_loses_no_call(store: Store) -> None:
    """Cut off after each number of questions: what was sent lands, and is not sent again."""

    async def script(rollout: Rollout) -> Attempt:
        first = await rollout.call(ask("a"))
        seen = await rollout.observe(ToolCall("1", "run"), lambda call: done())
        second = await rollout.call(ask(f"{first.text} {seen.text}"))
        return Attempt(Answer(second.text))

    model = Slow()
    for breaks in range(1, 5):
        with pytest.raises(NodeLost):
            await made(store, model, script, breaks)
    attempt = await made(store, model, script)
    assert attempt.answer.text == "A DONE"
    assert model.asked == ["a", "A done"]
    assert store.totals().calls == 2


async def test_errors_arrive_as_what_they_are(store: Store) -> None:
    caught: list[Exception] = []

    async def script(rollout: Rollout) -> Attempt:
        try:
            await rollout.call(ask("too long"))
        except ContextExceeded as e:
            caught.append(e)
        await rollout.call(ask("broken"))
        raise AssertionError

    with pytest.raises(ModelError) as failed:
        await made(store, Slow(), script)
    assert (failed.value.message, failed.value.hint, failed.value.retryable) == (
        "no answer",
        "look after it",
        False,
    )
    assert [str(e) for e in caught] == ["it does not fit\n  ask less"]


async def test_bugs_are_told_in_words(store: Store) -> None:
    async def script(rollout: Rollout) -> Attempt:
        raise ZeroDivisionError("by nothing")

    with pytest.raises(BugElsewhere, match="ZeroDivisionError: by nothing"):
        await made(store, Slow(), script)


async def test_a_call_that_its_scaffold_gives_up_is_given_up_here(store: Store) -> None:
    async def script(rollout: Rollout) -> Attempt:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(rollout.call(ask("for ever")), 0.1)
        return Attempt(Answer((await rollout.call(ask("a"))).text))

    model = Slow()
    attempt = await made(store, model, script)
    assert attempt.answer.text == "A"
    assert model.cut == 1


async def test_an_act_that_kills_its_workspace_twice_is_its_own_fault(store: Store) -> None:
    async def dies(call: ToolCall) -> Observation:
        raise WorkspaceDied("gone")

    async def script(rollout: Rollout) -> Attempt:
        seen = await rollout.observe(ToolCall("1", "kill"), dies)
        return Attempt(Answer(seen.text), seen.end)

    with pytest.raises(WorkspaceDied, match="gone"):
        await made(store, Slow(), script)
    attempt = await made(store, Slow(), script)
    assert (attempt.answer.text, attempt.end) == ("The workspace ended: gone", "crashed")


async def test_an_act_out_of_time_is_that_there_too(store: Store) -> None:
    async def sleeps(call: ToolCall) -> Observation:
        await asyncio.sleep(60)
        return Observation("")

    async def script(rollout: Rollout) -> Attempt:
        with pytest.raises(OutOfTime):
            await rollout.observe(ToolCall("1", "sleep"), sleeps, within_s=0.05)
        return Attempt(Answer("late"), "agent_timeout")

    assert (await made(store, Slow(), script)).end == "agent_timeout"


def test_facts_are_plain() -> None:
    facts = Facts(3, {"kind": "docker"}, ("a",), frozenset({"a"}))
    assert pickle.loads(pickle.dumps(facts)) == facts
