"""The log of one attempt: a model call returns to its scaffold only after it is on disk."""

from __future__ import annotations

import dataclasses
from typing import Any

from evalkit.model import CallAttempt, Message, Model, Reply, Request, Sampling
from evalkit.scaffold import Budget
from evalkit.store import Store, request_digest
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
        self.costs: list[float | None] = []  # of what was sent now; recorded calls were paid before
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
        number, self._calls = self._calls, self._calls + 1
        reply = self._store.recorded_call(self.task.id, self.sample, number, request_digest(request))
        if reply is None:

            def ended(attempt: CallAttempt) -> None:
                self._store.attempt(self._id, number, role, attempt)
                if attempt.error and attempt.usage.cost:  # a reply that broke is billed too
                    self.costs.append(attempt.usage.cost)

            reply = await self._models[role].complete(request, ended)
            await self._store.model_call(self._id, number, role, request, reply)
            self.costs.append(reply.usage.cost)
        self.last = reply
        return reply

    async def record(self, kind: str, payload: dict[str, Any]) -> None:
        await self._store.event(self._id, kind, payload)
