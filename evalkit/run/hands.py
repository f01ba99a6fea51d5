"""Who makes attempts and judges answers: this process, or the nodes of a cluster (run/cluster/crew.py).

The pipeline decides what is done, records it, and counts it; hands only do it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any, Protocol, cast

from evalkit.compose import NO_COMPOSE
from evalkit.errors import NoSample
from evalkit.run.judging import judge
from evalkit.run.work import Sandbox
from evalkit.scaffold import Attempt, Rollout, Scaffold
from evalkit.suite import Suite
from evalkit.task import Answer, Task, Verdict
from evalkit.workspace import WorkspaceSandbox

if TYPE_CHECKING:
    from evalkit.run.rollout import RecordedRollout

ANY = 1 << 30  # rollouts at once, where nothing bounds them
Item = tuple[Task, int]  # a task and the number of its sample


class BugElsewhere(Exception):
    """A suite's or scaffold's own error on a node; the text names its kind."""


class NodeLost(Exception):
    """The node, or evalkit's process there, is gone: what it was at may be done elsewhere."""


class Todo(Protocol):
    """Rollouts that are left to make."""

    def take(self, place: Any) -> Item | None:
        """The next one for that place; None where there is none left."""
        ...

    def back(self, item: Item) -> None:
        """It was taken, and came to nothing: somebody else's now."""
        ...


class Hands(Protocol):
    @property
    def at_once(self) -> int:
        """Rollouts that there is room for; who has less just now lets them wait."""
        ...

    @property
    def in_flight(self) -> int:
        """Answers that are worth giving to be judged at once."""
        ...

    def todo(self, items: Sequence[Item]) -> Todo: ...

    def room(self) -> AbstractAsyncContextManager[Any]:
        """`async with hands.room() as place`: for one more rollout. SandboxError where there is nobody."""
        ...

    async def attempt(self, rollout: RecordedRollout, place: Any) -> Attempt:
        """One attempt. NoSample where the place lacks what the task needs, NodeLost where it is gone."""
        ...

    async def judge(self, task: Task, answer: Answer, finish_reason: str) -> Verdict:
        """See evalkit.run.judging. SandboxError where the sandbox broke."""
        ...

    def over(self, task: Task) -> None:
        """One of the task's samples needs its image no more."""
        ...


class InOrder:
    """Todo of one place."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._left: Iterator[Item] = iter(items)

    def take(self, place: Any) -> Item | None:
        return next(self._left, None)

    def back(self, item: Item) -> None:
        raise AssertionError("the only place there is cannot be lost")


class Here:
    """This process and its sandbox."""

    def __init__(self, suite: Suite, scaffold: Scaffold, sandbox: Sandbox, workspaces: int) -> None:
        """`workspaces`: how many of them at once."""
        self._suite, self._scaffold, self._sandbox = suite, scaffold, sandbox
        self._at_once = workspaces if suite.workspaces else ANY  # each rollout holds one, mostly idle

    @property
    def at_once(self) -> int:
        return self._at_once

    @property
    def in_flight(self) -> int:
        return self._sandbox.in_flight

    @property
    def workspaces(self) -> WorkspaceSandbox | None:
        return cast(WorkspaceSandbox, self._sandbox) if self._suite.workspaces else None

    def todo(self, items: Sequence[Item]) -> Todo:
        return InOrder(items)

    @asynccontextmanager
    async def room(self) -> AsyncIterator[None]:
        yield

    async def attempt(self, rollout: Rollout, place: Any = None) -> Attempt:
        if why := self._lacks(rollout.task):
            raise NoSample(why)
        rollout.sandbox = self.workspaces
        return await self._scaffold.attempt(self._suite, rollout.task, rollout)

    async def judge(self, task: Task, answer: Answer, finish_reason: str) -> Verdict:
        return await judge(self._suite, task, answer, finish_reason, self._sandbox)

    def over(self, task: Task) -> None:
        if self.workspaces is not None and self.workspaces.supply is not None:
            self.workspaces.supply.over(self._suite.image(task))

    def _lacks(self, task: Task) -> str:
        """Why its image cannot be had, or what the task needs and its image does not hold, in words."""
        if self.workspaces is None:
            return ""
        image, supply = self._suite.image(task), self.workspaces.supply
        if supply is not None and (why := supply.lacks(image)):
            return why
        if not task.needs:
            return ""
        there = self.workspaces.provides(image)
        missing = [need for need in task.needs if need not in there]
        if "compose" in missing:
            return NO_COMPOSE
        return f"the image has no {', '.join(missing)}" if missing else ""
