"""What a scaffold is: the way in which a model is driven to an answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from evalkit.interaction import Budget, Observation
from evalkit.model import Message, Reply, Sampling, Tool, ToolCall
from evalkit.suite import Suite
from evalkit.task import Answer, Task
from evalkit.workspace import WorkspaceSandbox

__all__ = ["Attempt", "Budget", "Equipped", "Outspoken", "Rollout", "Scaffold", "Suited"]


@dataclass(frozen=True)
class Attempt:
    """What a rollout came to. `end` is "stop", the finish reason of a reply that is the answer and was cut,
    or the reason of `failed` that it ran into (turns, tokens, money, agent_timeout, context, truncated, ...):
    what is left of it is judged in any case. `facts` (plain JSON) are kept with the answer."""

    answer: Answer
    end: str = "stop"
    facts: Mapping[str, Any] = field(default_factory=dict)


class Rollout(Protocol):
    """The log of one attempt, as a scaffold sees it: each call is durable before it returns."""

    task: Task
    sample: int
    sampling: Sampling
    budget: Budget  # what the user allows; None leaves it to the suite
    sandbox: WorkspaceSandbox | None  # of suites with workspaces
    context: int | None  # tokens that the tested model's context holds, where that is known

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
        """One model call by `role`. On resume a recorded call is answered from the log, not paid twice.

        `alike`: for agents that run freely, and so never ask quite the same twice (a date, a number of a
        process, seconds that tests took). A request that differs from a recorded one only in what it was told
        counts as that one, and the difference is recorded: evalkit/run/recall.py.
        """
        ...

    async def observe(
        self,
        call: ToolCall,
        act: Callable[[ToolCall], Awaitable[Observation]],
        within_s: float | None = None,
    ) -> Observation:
        """Act on the world; the observation is durable before it is used. On resume the act is done again, to
        bring a fresh world to where the lost one was, and the recorded observation is what counts; where the
        two differ, that is recorded. OutOfTime where it takes longer than `within_s`, unless it is recorded
        that it did not."""
        ...

    async def record(self, kind: str, payload: dict[str, Any]) -> None:
        """Log an event: tool_call, observation, budget, ..."""
        ...


class Scaffold(Protocol):
    name: str
    version: str

    async def attempt(self, suite: Suite, task: Task, rollout: Rollout) -> Attempt: ...


@runtime_checkable
class Outspoken(Protocol):
    """What a scaffold has, too, that puts its own words around a suite's assignments: the protocol of a run
    is then called as it says, not as the suite does."""

    asks: str


@runtime_checkable
class Suited(Protocol):
    """What a scaffold has, too, that does not do all suites' work in the same way."""

    def suited(self, suite: Suite) -> Scaffold:
        """The one that does this suite's."""
        ...


@runtime_checkable
class Equipped(Protocol):
    """What a scaffold has, too, that needs more than every suite and machine offer."""

    def check(self, suite: Suite) -> None:
        """Before a run's first rollout. UsageError where it cannot drive the suite, or lacks a program."""
        ...
