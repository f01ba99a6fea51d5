"""The log of one attempt: a model call returns to its scaffold only after it is on disk."""

from __future__ import annotations

import dataclasses
from typing import Any

from evalkit.model import CallAttempt, Message, Model, Reply, Request, Sampling
from evalkit.run.settings import digest
from evalkit.scaffold import Budget
from evalkit.store import Store
from evalkit.task import Task


class RecordedRollout:
    """evalkit.scaffold.Rollout over the store and the models by role."""

    def __init__(
        self,
        store: Store,
        rollout_id: int,
        task: Task,
        sample: int,
        models: dict[str, Model],
        sampling: Sampling,
        budget: Budget,
    ) -> None:
        self.task = task
        self.sample = sample
        self.sampling = sampling
        self.budget = budget
        self.last: Reply | None = None
        self._store = store
        self._id = rollout_id
        self._models = models
        self._calls = 0

    async def call(
        self,
        messages: tuple[Message, ...] = (),
        prompt: str | None = None,
        *,
        role: str = "tested",
        stop: tuple[str, ...] = (),
    ) -> Reply:
        sampling = dataclasses.replace(self.sampling, stop=(*self.sampling.stop, *stop))
        if sampling.seed is not None:
            sampling = dataclasses.replace(sampling, seed=sampling.seed + self.sample)
        request = Request(self.task, self.sample, messages, prompt, sampling)
        index, self._calls = self._calls, self._calls + 1
        key = request_digest(request, role)
        reply = self._store.recorded_call(self.task.id, self.sample, index, key)
        if reply is None:
            reply = await self._models[role].complete(request, self._attempt_ended)
            await self._store.model_call(self._id, index, role, key, request_payload(request), reply)
        self.last = reply
        return reply

    async def record(self, kind: str, payload: dict[str, Any]) -> None:
        await self._store.event(self._id, kind, payload)

    def _attempt_ended(self, attempt: CallAttempt) -> None:
        self._store.event_soon(self._id, "attempt", dataclasses.asdict(attempt))


def request_payload(request: Request) -> dict[str, Any]:
    """What was asked, as it is stored: no task data, no key."""
    return {
        "messages": [dataclasses.asdict(m) for m in request.messages],
        "prompt": request.prompt,
        "sampling": dataclasses.asdict(request.sampling),
    }


def request_digest(request: Request, role: str) -> str:
    return digest({"role": role, **request_payload(request)})
