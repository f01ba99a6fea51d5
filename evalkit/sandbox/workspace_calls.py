"""Calls to the engine from the event loop, and what their failures mean.

An engine that cannot be reached, or has no room, is a SandboxError. A container that is gone is a
WorkspaceDied: whoever made it away with, its work is lost.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from evalkit.errors import SandboxError
from evalkit.sandbox.engine import unreachable
from evalkit.workspace import NotAFile, WorkspaceDied

WORKERS = 32
ROOM = 64 << 20  # bytes
SETTLE_S = 1.0  # a container's end is known to the engine before we hear of it


def full() -> SandboxError:
    return SandboxError("the Docker engine's disk is full", "make room, then resume the run")


class Calls:
    """One engine's client, and the threads that wait for it."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.root = ""  # the engine's folder, where that may be looked at from here
        self._threads = ThreadPoolExecutor(WORKERS, thread_name_prefix="evalkit-engine")

    async def __call__(
        self, act: Callable[..., Any], *facts: Any, died: Callable[[], str] = lambda: ""
    ) -> Any:
        """`died` says whether, and why, the container is gone that the call is about."""
        import docker.errors
        import requests
        import urllib3.exceptions

        try:
            return await self.quietly(act, *facts)
        except docker.errors.APIError as e:
            raise await self._refused(e, died) from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as e:
            if why := died():
                await self.ping()
                raise WorkspaceDied(why) from None
            raise unreachable(e) from None

    async def quietly(self, act: Callable[..., Any], *facts: Any) -> Any:
        """The same, with the engine's own errors."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, act, *facts)

    async def _refused(self, e: Any, died: Callable[[], str]) -> Exception:
        text = str(e.explanation or e)
        if "no space left" in text.lower():
            return full()
        if e.status_code in (404, 409) or "RWLayer" in text:  # the latter in mid-removal
            for _ in range(10):
                if why := died():
                    return WorkspaceDied(why)
                await asyncio.sleep(SETTLE_S / 10)
        if "no such container" in text.lower() or "is not running" in text.lower():
            return WorkspaceDied("the workspace's container is gone")
        if e.status_code == 404:
            return NotAFile("it is no longer there")
        return SandboxError(f"the Docker engine refused: {text[:300]}")

    async def ping(self) -> None:
        """SandboxError where the engine does not answer."""
        await self(self.client.ping)

    def has_room(self) -> None:
        """SandboxError where the engine's disk is seen to be full, which is no program's doing.

        Of an engine elsewhere that is not known here; it refuses files and containers then.
        """
        try:
            disk = os.statvfs(self.root) if self.root else None
        except OSError:
            return
        if disk and disk.f_blocks and disk.f_bavail * disk.f_frsize < ROOM:
            raise full()

    def close(self) -> None:
        self._threads.shutdown(wait=False)
        self.client.close()
