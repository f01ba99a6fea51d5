"""Containers in which no agent works: the reference solution does, or nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

from evalkit.task import Answer
from evalkit.workspace import Workspace, WorkspaceSandbox

from .solution import solve
from .trial import Trial
from .verify import How, Verification
from .workplace import spec_of


@asynccontextmanager
async def opened(
    trial: Trial, sandbox: WorkspaceSandbox, how: How
) -> AsyncIterator[tuple[Workspace, Verification]]:
    """One that is ready for work. SandboxError."""
    workspace = await sandbox.open(await asyncio.to_thread(spec_of, trial, how))
    try:
        verification = Verification(trial, workspace, how)
        await verification.begin()
        yield workspace, verification
    finally:
        await workspace.close()


async def nobody(trial: Trial, sandbox: WorkspaceSandbox, how: How) -> Answer:
    """What the tests say where nothing was done."""
    async with opened(trial, sandbox, how) as (workspace, verification):
        return await verification(workspace)


async def reference(trial: Trial, sandbox: WorkspaceSandbox, how: How) -> tuple[Answer, float]:
    """What they say of the reference solution, and its seconds. DataError where there is none."""
    async with opened(trial, sandbox, how) as (workspace, verification):
        seconds = 0.0
        while verification.steps_left:
            began = monotonic()
            await solve(verification, workspace)
            seconds += monotonic() - began
            if verification.steps_left == 1:  # the take verifies the last one
                break
            await verification.advance()
        return await verification(workspace), round(seconds, 3)
