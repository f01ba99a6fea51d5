"""What a run still owes, and why it stops before that is done."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from evalkit.program import ProgramSandbox
from evalkit.task import Task
from evalkit.workspace import WorkspaceSandbox

Sandbox = ProgramSandbox | WorkspaceSandbox


class Equipment(Protocol):
    """What a run is carried out in: a sandbox here, or the nodes of a cluster with theirs."""

    def describe(self) -> dict[str, Any]:
        """For the manifest."""
        ...

    async def close(self) -> None: ...


End = Literal["done", "interrupted", "cost", "time", "sandbox", "model"]


@dataclass(frozen=True)
class Work:
    """What a run still owes: rollouts to make, and answers to judge."""

    rollouts: list[tuple[Task, int]]
    answers: list[tuple[Task, int]]

    def __bool__(self) -> bool:
        return bool(self.rollouts or self.answers)


class Stop:
    """Why no new work is handed out, if so. The first reason stays, except that Ctrl-C comes before all."""

    def __init__(self) -> None:
        self.end: End = "done"
        self.detail = ""
        self.interrupted = asyncio.Event()

    def __call__(self, end: End, detail: str = "") -> None:
        if end == "interrupted":
            self.interrupted.set()
        if not self or end == "interrupted":
            self.end, self.detail = end, detail

    def __bool__(self) -> bool:
        return self.end != "done"


async def together(*parts: Coroutine[Any, Any, None]) -> None:
    """Wait for all. One that fails ends the others before it is raised: with `gather` they would go on
    calling the model while the store is being closed."""
    try:
        async with asyncio.TaskGroup() as group:
            for part in parts:
                group.create_task(part)
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
