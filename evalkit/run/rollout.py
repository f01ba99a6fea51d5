"""The log of one attempt: a model call or an observation returns to its scaffold only after it is on disk.

A rollout that was cut short is made again in a fresh world from its record. Calls that were paid for are
answered from it. Acts are done again, to bring the world to where the lost one was, but what was observed
the first time is what counts: else the conversation would part from the calls that follow. From the first
call on that the record does not answer, nothing of it is used any more. Agents that are programs of their
own cannot be told what was observed: what they ask need only be alike (recall.py).
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from evalkit.errors import ContextExceeded, NoSample
from evalkit.interaction import Budget, Observation, OutOfTime
from evalkit.model import CallAttempt, Message, Model, Reply, Request, Sampling, Tool, ToolCall
from evalkit.run.recall import Recall
from evalkit.store import Store, request_digest
from evalkit.task import Task
from evalkit.workspace import WorkspaceDied, WorkspaceSandbox


@dataclass(frozen=True)
class Begun:
    """An act that has begun: its number, what was asked, and the record of what it gave the first time."""

    number: int
    asked: Mapping[str, str]
    known: Mapping[str, Any] | None
    at: float = field(default_factory=monotonic)

    def seconds(self) -> float:
        return round(monotonic() - self.at, 3)


class RecordedRollout:
    """evalkit.scaffold.Rollout over the store and the models by role."""

    def __init__(
        self,
        store: Store,
        rollout_id: int,
        task: Task,
        sample: int,
        models: Mapping[str, Model],
        sampling: Sampling,
        budget: Budget,
        sandbox: WorkspaceSandbox | None = None,
        heard: Callable[[RecordedRollout], None] = lambda rollout: None,
        context: int | None = None,
    ) -> None:
        """`heard`: told after each call that was sent; its cost is in `costs`, or its role in `unpriced`."""
        self.task = task
        self.sample = sample
        self.sampling = sampling
        self.budget = budget
        self.sandbox = sandbox
        self.context = context
        self.costs: list[float] = []  # of what was sent now; recorded calls were paid before
        self.unpriced: set[str] = set()  # roles of which a call's price is unknown
        self.differences = 0  # observations that came out otherwise than they are recorded
        self._store = store
        self.id = rollout_id
        self._models = models
        self._heard = heard
        self._calls = self._acts = 0
        self._replaying = True
        self._told = store.recorded_events(task.id, sample)
        self._recall: Recall | None = None

    async def call(
        self,
        messages: tuple[Message, ...] = (),
        prompt: str | None = None,
        *,
        role: str = "tested",
        stop: tuple[str, ...] = (),
        tools: tuple[Tool, ...] = (),
        alike: bool = False,
    ) -> Reply:
        model = self._models.get(role)
        if model is None:
            raise NoSample(f"no model plays the {role}", f"--{role}-model NAME")
        sampling = self.sampling if role == "tested" else model.sampling
        sampling = dataclasses.replace(sampling, stop=(*sampling.stop, *stop))
        if sampling.seed is not None:
            sampling = dataclasses.replace(sampling, seed=sampling.seed + self.sample)
        number, self._calls = self._calls, self._calls + 1
        request = Request(self.task, self.sample, messages, prompt, sampling, tools, number)
        recorded = self._recalled if alike else self._recorded
        reply = await recorded(number, request)
        if reply is None:
            self._replaying = False
            reply = await self._send(model, role, number, request)
        return reply

    async def _recorded(self, number: int, request: Request) -> Reply | None:
        if not self._replaying:
            return None
        digest = request_digest(request)
        told = self._told.get(("overflow", number))
        if told and told["request"] == digest:
            raise ContextExceeded(told["message"])
        return self._store.recorded_call(self.task.id, self.sample, number, digest)

    async def _recalled(self, number: int, request: Request) -> Reply | None:
        """The reply that a recorded request got which is this one, or alike; its difference is recorded."""
        if not self._replaying:
            return None
        self._recall = self._recall or Recall(self._store, self.task.id, self.sample)
        if (found := self._recall.equal(number, request)) is None:
            if told := self._told.get(("overflow", number)):  # it holds no request to compare with
                raise ContextExceeded(told["message"])
            found = self._recall.alike(number, request)
        if found and found.where:
            self.differences += 1
            facts = {"number": number, "recorded": found.number, "messages": list(found.where)}
            await self.record("request_difference", facts)
        if found is None and self._recall.left:
            self.differences += 1
            await self.record("request_difference", {"number": number, "recorded": None, "messages": []})
        return found.reply if found else None

    async def _send(self, model: Model, role: str, number: int, request: Request) -> Reply:
        def ended(attempt: CallAttempt) -> None:
            self._store.attempt(self.id, number, role, attempt)
            if attempt.error and attempt.usage.cost:  # a reply that broke is billed too
                self.costs.append(attempt.usage.cost)

        try:
            reply = await model.complete(request, ended)
        except ContextExceeded as e:
            facts = {"number": number, "request": request_digest(request), "message": e.message}
            await self.record("overflow", facts)
            raise
        await self._store.model_call(self.id, number, role, request, reply)
        if reply.usage.cost is None:
            self.unpriced.add(role)
        else:
            self.costs.append(reply.usage.cost)
        self._heard(self)
        return reply

    async def observe(
        self,
        call: ToolCall,
        act: Callable[[ToolCall], Awaitable[Observation]],
        within_s: float | None = None,
    ) -> Observation:
        begun = self.act_begins(call)
        return await self.act_ends(begun, await done(call, act, None if begun.known else within_s))

    def act_begins(self, call: ToolCall) -> Begun:
        """The act's place in the record. It is done anywhere; `act_ends` is told what came of it."""
        number, self._acts = self._acts, self._acts + 1
        asked = {"name": call.name, "arguments": call.arguments}
        known = self._told.get(("observation", number)) if self._replaying else None
        return Begun(number, asked, known if known and known["call"] == asked else None)

    async def act_ends(self, begun: Begun, seen: Observation | WorkspaceDied) -> Observation:
        """What counts as observed. WorkspaceDied is raised where it may not be the act's own doing."""
        number, asked, known = begun.number, begun.asked, begun.known
        if isinstance(seen, WorkspaceDied):
            if not self._died_before(number, asked):
                await self.record("died", {"number": number, "call": asked, "message": seen.message})
                raise seen
            text = f"The workspace ended: {seen.message}"
            seen = Observation(text, end="crashed", died=True, wall_s=begun.seconds())
        facts = {"number": number, "call": asked, "observation": _plain(seen)}
        if known and self._replaying:  # else a call within parted from the record
            recorded = Observation(**known["observation"])
            if _content(recorded) != _content(seen):
                self.differences += 1
                await self.record("difference", facts)
            return seen if seen.died else recorded  # of a world that is gone nothing more can come
        self._replaying = False
        await self.record("observation", facts)
        return seen

    def _died_before(self, number: int, asked: Mapping[str, str]) -> bool:
        """Whether an earlier try's workspace died of the same act: then it is the act's doing. That all in it
        was killed may be noticed by the act itself, or by the next."""
        if told := self._told.get(("died", number)):
            return bool(told["call"] == asked)
        return any(("died", beside) in self._told for beside in (number - 1, number + 1))

    async def record(self, kind: str, payload: dict[str, Any]) -> None:
        await self._store.event(self.id, kind, payload)


async def done(
    call: ToolCall, act: Callable[[ToolCall], Awaitable[Observation]], within_s: float | None
) -> Observation | WorkspaceDied:
    """Act on the world: what was observed, with its time, or how the world ended with it."""
    started = monotonic()
    try:
        seen = await _in_time(act(call), within_s)
    except WorkspaceDied as e:
        return e
    return dataclasses.replace(seen, wall_s=round(monotonic() - started, 3))


async def _in_time(act: Awaitable[Observation], within_s: float | None) -> Observation:
    """The act's observation; OutOfTime where that takes longer. A TimeoutError of its own passes through."""
    limit = asyncio.timeout(within_s)
    try:
        async with limit:
            return await act
    except TimeoutError:
        if limit.expired():
            raise OutOfTime from None
        raise


def _plain(seen: Observation) -> dict[str, Any]:
    """As it is stored; what is no plain JSON in it is a suite's mistake, and raises here."""
    found: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(seen), allow_nan=False))
    return found


def _content(seen: Observation) -> dict[str, Any]:
    return {name: value for name, value in _plain(seen).items() if name != "wall_s"}
