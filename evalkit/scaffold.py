"""What a scaffold is: the way in which a model is driven to an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from evalkit.model import Message, Reply, Sampling
from evalkit.suite import Suite
from evalkit.task import Answer, Task


@dataclass(frozen=True)
class Budget:
    """What one rollout may use; None is no limit. Running out is a reason, not an exception."""

    turns: int | None = None
    tokens: int | None = None
    money: float | None = None  # US dollars
    wall_s: float | None = None


class Rollout(Protocol):
    """The log of one attempt, as a scaffold sees it: each call is durable before it returns."""

    task: Task
    sample: int
    sampling: Sampling
    budget: Budget

    async def call(
        self,
        messages: tuple[Message, ...] = (),
        prompt: str | None = None,
        *,
        role: str = "tested",
        stop: tuple[str, ...] = (),
    ) -> Reply:
        """One model call by `role`. On resume a recorded call is answered from the log, not paid twice."""
        ...

    async def record(self, kind: str, payload: dict[str, Any]) -> None:
        """Log an event: tool_call, observation, budget, ..."""
        ...


class Scaffold(Protocol):
    name: str
    version: str

    async def attempt(self, suite: Suite, task: Task, rollout: Rollout) -> Answer: ...
