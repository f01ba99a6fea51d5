"""A place among the commands that compute, for what is typed into a terminal.

A limit of seconds means less where others compute beside. What is typed is no command of the workspace's own,
so one that sleeps takes its place, and says in the end what its container used meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Any

from evalkit.workspace import Executed, Workspace

SLEEPS = ("/bin/sh", "-c", 'echo "$$"; exec sleep "$1"', "sh")
END = ("/bin/sh", "-c", 'kill "$1"', "sh")
GRACE_S = 60.0  # beyond the limit, until it ends by itself


@dataclass
class Place:
    """`slept`: how the sleeper ended, when it has."""

    slept: Executed | None = None

    def starved(self, limit_s: float) -> bool:
        """Whether what was late at its limit may not have been so alone: see Executed.starved."""
        return self.slept is not None and replace(self.slept, timed_out=True).starved(limit_s)


@contextlib.asynccontextmanager
async def computing(workspace: Workspace, limit_s: float, *, alone: bool = False) -> AsyncIterator[Place]:
    """Entered when there is a place, with `alone` all of them."""
    place = Place()
    pid: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    sleeping: asyncio.Future[Any] = asyncio.ensure_future(
        workspace.run(
            [*SLEEPS, f"{limit_s + GRACE_S:.0f}"],
            timeout_s=limit_s + 2 * GRACE_S,
            folder="/",
            user="0",
            on_output=heard(pid),
            computes=True,
            alone=alone,
        )
    )
    try:
        await asyncio.wait([sleeping, pid], return_when=asyncio.FIRST_COMPLETED)
        if sleeping.done():
            sleeping.result()  # it did not even start: what is wrong is said
        yield place
        if pid.done() and not sleeping.done():
            await workspace.run([*END, pid.result()], timeout_s=GRACE_S, folder="/", user="0")
            place.slept = await sleeping
    finally:
        if not sleeping.done():
            sleeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sleeping


def heard(pid: asyncio.Future[Any]) -> Callable[[bytes], None]:
    said = bytearray()

    def hear(piece: bytes) -> None:
        said.extend(piece[:64])
        number = said.partition(b"\n")[0].decode("ascii", "replace")
        if b"\n" in said and not pid.done():
            pid.set_result(number if number.isdigit() else "0")

    return hear
