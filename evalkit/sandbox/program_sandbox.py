"""The program sandbox on a Docker engine: keeps a pair of containers alive and hands jobs to it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Any

from evalkit.errors import SandboxError
from evalkit.program import Job, Judgement
from evalkit.sandbox.bundle import digest
from evalkit.sandbox.engine import docker_client, unreachable
from evalkit.sandbox.image import build_image, find_image
from evalkit.sandbox.leftovers import reap
from evalkit.sandbox.pair import Pair, PairBroken

log = logging.getLogger(__name__)
STARVED = 0.5
SPARE_SLOTS = 2  # a slot is cleaned while the next sample starts in another


async def open_program_sandbox(
    *, judges: int, image: str | None = None, run_label: str = ""
) -> DockerProgramSandbox:
    """Start one pair of containers that judges up to `judges` programs at once.

    `image` defaults to evalkit's own, which is built where it is missing. SandboxError says what is
    wrong with the engine. What earlier, dead processes left in the engine is removed on the way.
    """
    client = await asyncio.to_thread(docker_client)
    await asyncio.to_thread(reap, client)
    if image is None:
        image = await asyncio.to_thread(find_image, client)
    if image is None:
        image = await asyncio.to_thread(build_image)
    sandbox = DockerProgramSandbox(client, image, judges, run_label)
    await sandbox.start()
    return sandbox


class DockerProgramSandbox:
    """See evalkit.program.ProgramSandbox. Use it in one event loop only."""

    def __init__(self, client: Any, image: str, judges: int, run_label: str) -> None:
        self._client = client
        self._image = image
        self._judges = max(1, judges)
        self._run = run_label
        self._pair: Pair | None = None
        self._starting = asyncio.Lock()
        self._places = asyncio.Semaphore(self._judges)
        self._alone = asyncio.Lock()
        self._closed = False
        self._described: dict[str, Any] = {}

    async def start(self) -> None:
        pair = await self._current()
        if not pair.facts["answers"].get("landlock"):
            # two samples could see each other in /proc and meet in abstract sockets: one at a time then
            self._judges, self._places = 1, asyncio.Semaphore(1)
        version = await asyncio.to_thread(self._client.version)
        self._described = {
            "kind": "docker",
            "engine": version.get("Version", ""),
            "kernel": version.get("KernelVersion", ""),
            "image": self._image,
            "code": digest(),
            "at_once": self._judges,
            **{
                f"{side}_{key}": v
                for side, facts in pair.facts.items()
                for key, v in facts.items()
                if key != "ready"
            },
        }

    def describe(self) -> dict[str, Any]:
        """Engine, image, versions inside, sha256 of the code inside: for the manifest."""
        return dict(self._described)

    async def judge(self, job: Job) -> Judgement:
        """Run one job. A pair that breaks meanwhile is replaced and the job tried once more, alone.

        So is a program that was late because others had the cores: only then its timeout counts.
        """
        try:
            async with self._places:
                said = await (await self._current()).run(job)
            if not starved(said):
                return said
        except PairBroken:
            pass
        try:
            async with self._all_places():
                return await (await self._current()).run(job)
        except PairBroken as e:
            raise SandboxError(f"the judge broke twice over one program: {e}") from None

    @contextlib.asynccontextmanager
    async def _all_places(self) -> AsyncIterator[None]:
        """No other job runs meanwhile, so that one which breaks pairs takes no other with it."""
        async with self._alone:
            taken = 0
            try:
                for _ in range(self._judges):
                    await self._places.acquire()
                    taken += 1
                yield
            finally:
                for _ in range(taken):
                    self._places.release()

    async def _current(self) -> Pair:
        """The pair in use, or a new one. SandboxError where the engine does not give one."""
        async with self._starting:
            if self._closed:
                raise SandboxError("the sandbox is closed")
            if self._pair is not None and not self._pair.broken:
                return self._pair
            if self._pair is not None:
                log.warning("replacing a pair of containers: %s", self._pair.broken)
                await self._pair.stop()
                self._pair = None
            self._pair = await self._start_pair()
            return self._pair

    async def _start_pair(self) -> Pair:
        import docker.errors
        import requests

        slots = self._judges + SPARE_SLOTS
        try:
            await asyncio.to_thread(self._client.ping)
            return await Pair.start(self._client, self._image, slots, self._run)
        except (requests.RequestException, OSError) as e:
            raise unreachable(e) from None
        except docker.errors.APIError as e:
            raise SandboxError(f"the engine cannot start the judge: {e.explanation or e}") from None
        except PairBroken as e:
            raise SandboxError(f"the judge's containers do not start: {e}") from None

    async def close(self) -> None:
        """Remove everything that was started. Jobs still running end with SandboxError."""
        self._closed = True
        if self._pair is not None:
            await self._pair.stop()
            self._pair = None
        await asyncio.to_thread(self._client.close)


def starved(said: Judgement) -> bool:
    """Whether a program timed out without having had half of its time to itself."""
    measured = said.measured
    return said.status == "timeout" and measured.get("waited_s", 0) > STARVED * measured.get("wall_s", 0)
