"""Workspaces made ahead of need, and removed in the background.

A spec that was asked for twice in a row will be asked for again: a few of it are kept ready, containers in
which nothing has run yet but their keeper.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from evalkit.errors import SandboxError
from evalkit.sandbox.workspace import DockerWorkspace
from evalkit.workspace import WorkspaceSpec

Coming = asyncio.Task[DockerWorkspace]


class Pool:
    """`make` gives a workspace, `remove` is rid of one and never raises. `ahead`: how many are kept ready."""

    def __init__(
        self,
        make: Callable[[WorkspaceSpec], Awaitable[DockerWorkspace]],
        remove: Callable[[DockerWorkspace], Awaitable[None]],
        ahead: int,
    ) -> None:
        self._make, self._remove, self._ahead = make, remove, ahead
        self._spec: WorkspaceSpec | None = None  # what `_ready` is of
        self._ready: list[Coming] = []  # made, or on their way
        self._used: set[DockerWorkspace] = set()
        self._leaving: set[asyncio.Task[None]] = set()
        self._closed = False

    async def take(self, spec: WorkspaceSpec) -> DockerWorkspace:
        """A fresh one. SandboxError where none can be made."""
        again = spec == self._spec
        self._turn_to(spec)
        while True:
            early = spec == self._spec and bool(self._ready)
            coming = self._ready.pop(0) if early else self._begin(spec)
            try:
                workspace = await asyncio.shield(coming)
            except SandboxError:
                if early:  # what was wrong then may be right now
                    continue
                raise
            except asyncio.CancelledError:
                self._leave(coming)
                raise
            if self._closed:
                self.dispose(workspace)
                raise SandboxError("the sandbox is closed")
            if not workspace.keeper.gone.is_set():
                self._used.add(workspace)
                if again:
                    self._fill(spec)
                return workspace
            self.dispose(workspace)

    def expect(self, spec: WorkspaceSpec) -> None:
        """Have some of this spec ready: they will be asked for."""
        self._turn_to(spec)
        self._fill(spec)

    async def vacate(self, image: str) -> None:
        """Let go of what is ready of this image: nobody needs it."""
        if self._spec is not None and self._spec.image == image:
            self._leave_all()

    def dispose(self, workspace: DockerWorkspace) -> None:
        """Remove it in the background."""
        self._used.discard(workspace)
        self._go(self._remove(workspace))

    async def close(self) -> None:
        """Remove all of them, those in use and those on their way included."""
        self._closed = True
        self._leave_all()
        for workspace in list(self._used):
            await workspace.close()
        while self._leaving:
            await asyncio.wait(self._leaving)

    def _turn_to(self, spec: WorkspaceSpec) -> None:
        if self._closed:
            raise SandboxError("the sandbox is closed")
        if spec != self._spec:
            self._spec = spec
            self._leave_all()

    def _fill(self, spec: WorkspaceSpec) -> None:
        # services beside one that nobody may ask for would cost more than they save
        while spec.beside is None and spec == self._spec and len(self._ready) < self._ahead:
            self._ready.append(self._begin(spec))

    def _begin(self, spec: WorkspaceSpec) -> Coming:
        task = asyncio.ensure_future(self._make(spec))
        task.add_done_callback(lambda t: t.cancelled() or t.exception())  # nobody may wait for it
        return task

    def _leave_all(self) -> None:
        for coming in self._ready:
            self._leave(coming)
        self._ready.clear()

    def _leave(self, coming: Coming) -> None:
        async def gone() -> None:
            try:
                workspace = await coming
            except SandboxError:
                return
            await self._remove(workspace)

        self._go(gone())

    def _go(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)
