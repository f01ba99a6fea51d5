"""A proxy over a real store, a real model and a real endpoint: what tests of it share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openai import AsyncOpenAI

from evalkit.endpoint.server import Endpoint
from evalkit.interaction import Budget
from evalkit.model import Sampling
from evalkit.run.rollout import RecordedRollout
from evalkit.scaffolds.proxy.server import ModelProxy
from evalkit.store import Store, create_run, open_run
from evalkit.task import Task
from tests.models.calling import endpoint, model

TASK = Task("t/1", {})
MESSAGES: list[Any] = [{"role": "user", "content": "question"}]


@dataclass
class Scene:
    """One try at a rollout, with its agent's client."""

    proxy: ModelProxy
    rollout: RecordedRollout
    server: Endpoint
    client: AsyncOpenAI

    async def ask(self, messages: list[Any] | None = None, **more: Any) -> Any:
        return await self.client.chat.completions.create(model="any", messages=messages or MESSAGES, **more)


@dataclass
class Stage:
    """An endpoint and a run's store: `scene` begins a try in it."""

    server: Endpoint
    store: Store
    options: dict[str, Any] = field(default_factory=dict)

    @asynccontextmanager
    async def scene(self, budget: Budget | None = None, clock: bool = True) -> AsyncIterator[Scene]:
        async with model(self.server.url, **self.options) as tested:
            number = await self.store.begin(TASK.id, 0)
            rollout = RecordedRollout(
                self.store, number, TASK, 0, {"tested": tested}, Sampling(temperature=0.5), Budget()
            )
            async with (
                ModelProxy(rollout, budget=budget or Budget(), clock=clock) as proxy,
                AsyncOpenAI(base_url=proxy.base_url, api_key=proxy.key, max_retries=0) as client,
            ):
                yield Scene(proxy, rollout, self.server, client)


@asynccontextmanager
async def stage(folder: Path, *faults: str, reply: Any = "right", **options: Any) -> AsyncIterator[Stage]:
    run = folder / "run"
    if not run.exists():
        create_run(run, {"suite": "none"}, [(TASK.id, 0)]).close()
    async with endpoint(*faults, reply=reply, **options) as server:
        with open_run(run) as store:
            yield Stage(server, store)
