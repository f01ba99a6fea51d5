"""Execs that the engine may still be starting.

An exec that is half begun when its container is stood still stops there, with a lock of the engine's in its
hands: then nothing lets the container go on any more, and whatever asks the engine about it waits, too.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Any

from evalkit.errors import SandboxError
from evalkit.sandbox.workspace_exec import Execution
from evalkit.sandbox.workspace_life import Life
from evalkit.workspace import NotAFile

LOOK_S = 0.1


class Beginnings:
    """Of one container's. Each exec is told of before the engine is asked for it, and never taken back: who
    waits no longer for it does not end it."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._unsure: list[Execution] = []

    def add(self, execution: Execution) -> None:
        self._unsure = [one for one in self._unsure if not _has_begun(one)] + [execution]

    async def wait(self, within_s: float) -> None:
        """Until none is half begun. SandboxError where that takes longer: the engine has too much to do."""
        deadline = monotonic() + within_s
        while True:
            self._unsure = [one for one in self._unsure if await self._half_begun(one)]
            if not self._unsure:
                return
            if monotonic() >= deadline:
                raise SandboxError(
                    f"the engine has not started a command in {within_s:g} s: no file is read meanwhile",
                    "it has too much to do: fewer --workspaces",
                )
            await asyncio.sleep(LOOK_S)

    async def _half_begun(self, execution: Execution) -> bool:
        if _has_begun(execution) or not execution.id:
            return False
        try:
            return bool(await self._life.call(_half_begun, execution.id))
        except NotAFile:  # the engine has forgotten it: it is over
            return False


def _has_begun(execution: Execution) -> bool:
    """Its shell has said a word."""
    return execution.pid.done() and execution.pid.result() != 0


def _half_begun(client: Any, container: str, exec_id: str) -> bool:
    """The engine calls it running from when it is asked for it, and knows its process when it is there."""
    found = client.api.exec_inspect(exec_id)
    return bool(found["Running"]) and not found.get("Pid")
