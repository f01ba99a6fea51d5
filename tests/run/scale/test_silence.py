"""Nodes that fall silent, without Ray."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic
from types import SimpleNamespace
from typing import Any, cast

import pytest

from evalkit.registry import open_suite
from evalkit.run.cluster import muster
from evalkit.run.cluster.crew import Crew
from evalkit.run.cluster.messages import Facts
from evalkit.run.cluster.node import ALONE_S, Node
from evalkit.run.cluster.post import Post


class Talker(Post):
    """A post whose actor is here; it says nothing while it is `away`."""

    def begin(self) -> Talker:
        self.there, self.heard = asyncio.Event(), 0
        self.there.set()
        return self

    async def ask(self, method: str, *args: Any) -> Any:
        await self.there.wait()
        self.heard += 1
        return []


async def until(found: Callable[[], bool]) -> None:
    for _ in range(2000):
        if found():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come")


async def test_a_silent_node_is_given_nothing_new_and_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(muster, "QUIET_S", 0.05)
    monkeypatch.setattr(muster, "LOOK_S", 0.01)
    ray = SimpleNamespace(put=lambda job: None, kill=lambda actor: None)
    said: list[str] = []
    crew = Crew(cast(Any, SimpleNamespace(ray=ray)), open_suite("mini"), cast(Any, None), said.append)
    one, two = (Talker(name, name, None, Facts(1, {}), 4, 4.0).begin() for name in ("one", "two"))
    for post in (one, two):
        crew._muster._joins(post)
    two.making = 3  # it has less room than the other
    assert crew._roomy() is one
    one.there.clear()
    await until(lambda: one.quiet)
    heard = two.heard
    await until(lambda: two.heard > heard + 3)
    assert crew._roomy() is two
    assert crew._bench(cast(Any, None)) is two
    one.there.set()
    await until(lambda: not one.quiet)
    assert crew._roomy() is one
    assert said == ["one does not answer: it is given nothing new meanwhile", "one answers again"]
    for task in crew._muster._listening:
        task.cancel()


async def test_a_node_that_is_lost_while_others_wait_wakes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(muster, "QUIET_S", 0.02)
    monkeypatch.setattr(muster, "SILENT_S", 0.1)
    ray = SimpleNamespace(put=lambda job: None, kill=lambda actor: None)
    said: list[str] = []
    crew = Crew(cast(Any, SimpleNamespace(ray=ray)), open_suite("mini"), cast(Any, None), said.append)
    post = Talker("one", "one", None, Facts(1, {}), 4, 4.0).begin()
    crew._muster._joins(post)
    post.there.clear()
    waiting = asyncio.create_task(crew._muster.wait(lambda: post if post.lost else None))
    assert await asyncio.wait_for(waiting, 10) is post
    assert said[-1] == "one does not answer; what it held is done again: 0 attempts and 0 answers to judge"


async def test_a_node_whose_head_is_silent_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr("os._exit", ended.append)
    node = cast(Any, Node.__new__(Node))
    node._attempts, node._sandbox, node._said = {}, None, []
    node._heard = monotonic() - ALONE_S - 1
    await node.said()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(node._watch(), 0.1)
    assert ended == []
    node._heard = monotonic() - ALONE_S - 1
    await asyncio.wait_for(node._watch(), 10)
    assert ended == [1]
