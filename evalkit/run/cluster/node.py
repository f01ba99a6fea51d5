"""evalkit on a node: a Ray actor with the node's own sandbox, which makes attempts and judges answers.

Nothing is kept here that matters. An actor that dies takes the attempts with it that it held; its containers
end with its pipes, and what is left of them is removed by the next that opens there.
"""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import replace
from typing import Any

from evalkit.errors import EvalkitError, UsageError
from evalkit.registry import open_scaffold, open_suite
from evalkit.run.cluster.away import RolloutAway
from evalkit.run.cluster.code import code_digest
from evalkit.run.cluster.messages import End, Facts, Given, Job, Judged, Start, Wish
from evalkit.run.hands import Here
from evalkit.run.images import supply_of
from evalkit.run.settings import Knobs
from evalkit.run.spread import open_sandbox
from evalkit.run.work import Sandbox
from evalkit.scaffold import Equipped, Suited
from evalkit.scaffolds.as_given import AsGiven
from evalkit.suite import Suite
from evalkit.task import Answer, Task

ENDING = -1  # the number of an attempt's last wish
ALONE_S = 150.0  # after which a head that asks nothing has given this node up: muster.SILENT_S, and some


class Node:
    """Its methods are called by the head, many at once, and run in one event loop."""

    def __init__(self, job: Job, docker: int) -> None:
        """`docker`: workspaces at once."""
        judges = job.knobs.judges or Knobs().judges  # by this node's cores, where that was not given
        self._job = replace(job, knobs=replace(job.knobs, workspaces=docker, judges=judges))
        self._sandbox: Sandbox | None = None
        self._hands: Here | None = None
        self._rollouts: dict[str, RolloutAway] = {}
        self._attempts: dict[str, asyncio.Task[None]] = {}
        self._said: list[str] = []
        self._heard = time.monotonic()  # of the head, which asks each second
        self._watching: asyncio.Task[None] | None = None

    async def open(self) -> Facts | EvalkitError:
        """Start the sandbox. What is wrong here is a value: it says which thing, and the way out."""
        try:
            return await self._open()
        except EvalkitError as e:
            return e
        except OSError as e:
            return UsageError(str(e))

    async def _open(self) -> Facts:
        job = self._job
        suite = open_suite(job.settings.suite, job.settings.options)
        if job.code != await asyncio.to_thread(code_digest, suite.info.folder):
            raise UsageError(
                "another evalkit is installed there than here: its verdicts might be others",
                "install the same version and commit on every machine",
            )
        if job.options:
            suite = type(suite)(suite.info, replace(suite.options, **job.options))
        scaffold = AsGiven() if job.as_given else open_scaffold(job.settings.scaffold or suite.scaffold)
        if isinstance(scaffold, Suited):
            scaffold = scaffold.suited(suite)
        if isinstance(scaffold, Equipped):
            scaffold.check(suite)
        self._sandbox = await self._opened(suite)
        self._heard = time.monotonic()
        self._watching = asyncio.create_task(self._watch())
        self._hands = Here(suite, scaffold, self._sandbox, job.knobs.workspaces)
        supply = supply_of(self._sandbox)
        return Facts(
            self._sandbox.in_flight,
            self._sandbox.describe(),
            supply.order if supply else (),
            frozenset(supply.here if supply else ()),
        )

    async def _opened(self, suite: Suite) -> Sandbox:
        job = self._job
        sandbox = await open_sandbox(
            suite, job.tasks, job.knobs, job.run, self._said.append, trusted=job.trusted
        )
        if supply := supply_of(sandbox):
            supply.need(job.samples)
        return sandbox

    async def _watch(self) -> None:
        """End with what is held here when the head is gone, or its network: Ray may see that much later."""
        while True:
            left_s = self._heard + ALONE_S - time.monotonic()
            if left_s <= 0:
                break
            await asyncio.sleep(left_s)
        try:
            await asyncio.wait_for(self.close(), ALONE_S)
        finally:
            os._exit(1)

    async def attempt(self, key: str, start: Start) -> list[Wish]:
        """Begin an attempt; its first wishes."""
        rollout = self._rollouts[key] = RolloutAway(start)
        self._attempts[key] = asyncio.create_task(self._attempt(rollout))
        return await self.wishes(key)

    async def _attempt(self, rollout: RolloutAway) -> None:
        assert self._hands is not None, "open comes first"
        try:
            end = End(await self._hands.attempt(rollout))
        except EvalkitError as e:
            end = End(error=e)
        except Exception as e:
            end = End(bug=f"{type(e).__name__}: {e}")
        rollout.wishes.put_nowait(Wish(ENDING, end))

    async def wishes(self, key: str) -> list[Wish]:
        """An attempt's next wishes. After its end it is forgotten."""
        found = await self._rollouts[key].next()
        if any(wish.number == ENDING for wish in found):
            await self.drop(key)
        return found

    async def given(self, key: str, number: int, given: Given) -> None:
        if rollout := self._rollouts.get(key):
            rollout.given(number, given)

    async def drop(self, key: str) -> None:
        """Let go of an attempt, done or not."""
        self._rollouts.pop(key, None)
        if attempt := self._attempts.pop(key, None):
            attempt.cancel()
            await asyncio.gather(attempt, return_exceptions=True)

    async def judge(self, task: Task, answer: Answer, finish_reason: str) -> Judged:
        assert self._hands is not None, "open comes first"
        try:
            return Judged(await self._hands.judge(task, answer, finish_reason))
        except EvalkitError as e:
            return Judged(error=e)
        except Exception as e:
            return Judged(bug=f"{type(e).__name__}: {e}")

    async def over(self, image: str) -> None:
        if self._sandbox is not None and (supply := supply_of(self._sandbox)):
            supply.over(image)

    async def said(self) -> list[str]:
        """What it had to say since it was last asked."""
        self._heard = time.monotonic()
        said, self._said = self._said, []
        return said

    async def describe(self) -> dict[str, Any]:
        return self._sandbox.describe() if self._sandbox else {}

    async def close(self) -> None:
        for key in list(self._attempts):
            await self.drop(key)
        if self._sandbox is not None:
            await self._sandbox.close()
