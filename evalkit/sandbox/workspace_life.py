"""The life of a workspace's container, and its end: what to call it, and whose doing it was."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from time import monotonic
from typing import Any

from evalkit.errors import SandboxError
from evalkit.sandbox.keeper import Keeper
from evalkit.sandbox.workspace_calls import Calls
from evalkit.workspace import NotAFile, WorkspaceDied, WorkspaceLimits

WATCH_S = 3.0  # between looks at what the container has written, or longer where looking takes long


class Life:
    """One container. `ended` is why we had to kill it, "" if we had not."""

    def __init__(self, calls: Calls, container: str, keeper: Keeper, limits: WorkspaceLimits) -> None:
        self.calls = calls
        self.container = container
        self.keeper = keeper
        self.ended = ""
        self.closed = False
        self._limits = limits
        self._look = monotonic() + WATCH_S
        self._watching: asyncio.Task[None] | None = None

    async def call(self, act: Callable[..., Any], *facts: Any) -> Any:
        """act(client, container, *facts) in a worker's thread, the engine's errors as ours."""
        if self.closed:
            raise WorkspaceDied("the workspace is closed")
        try:
            return await self.calls(act, self.calls.client, self.container, *facts, died=self.why)
        except NotAFile:
            if self.why():  # a file of a container that is gone is not merely missing
                raise await self.gone() from None
            raise

    def why(self) -> str:
        """Why there is no container any more; "" where there should be one."""
        if self.ended:
            return f"the workspace was ended ({self.ended})"
        return "the workspace's container is gone" if self.keeper.gone.is_set() else ""

    async def gone(self) -> SandboxError:
        """What to raise where the container is gone: the engine may be, too."""
        await self.calls.ping()
        return WorkspaceDied(self.why() or "the workspace's container does not answer")

    async def end(self, why: str) -> None:
        """Kill the container. Its programs have brought this about."""
        if not self.why():
            self.ended = why
            with contextlib.suppress(SandboxError):
                await self.call(lambda client, container: client.api.kill(container))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.keeper.gone.wait(), 10)

    def watch(self, running: Callable[[], bool]) -> None:
        """While commands run, look at how much the container has written."""
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._watch(running))

    async def _watch(self, running: Callable[[], bool]) -> None:
        while running() and not self.keeper.gone.is_set():
            left = self._look - monotonic()
            if left > 0:
                await asyncio.sleep(min(left, 1.0))
                continue
            began = monotonic()
            try:
                size = await self.call(written)
            except SandboxError:
                return  # the command itself will say what is wrong
            if size > self._limits.disk_bytes:
                await self.end("disk")
            self._look = monotonic() + max(WATCH_S, 10 * (monotonic() - began))


def written(client: Any, container: str) -> int:
    """How many bytes a container's own layer holds, as the engine counts them (holes included)."""
    found = client.api.containers(all=True, size=True, filters={"id": container})
    return int(found[0].get("SizeRw", 0)) if found else 0


def cpu_seconds(client: Any, container: str) -> float:
    """What all of a container's processes have used so far, by the engine's count."""
    found = client.api.stats(container, stream=False, one_shot=True)
    return int(found["cpu_stats"]["cpu_usage"]["total_usage"]) / 1e9


async def shielded(work: Any) -> None:
    """Wait for it to its end, also where this task is cancelled meanwhile."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()
        raise
