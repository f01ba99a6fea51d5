"""The program sandbox on a Docker engine: keeps a pair of containers alive and hands jobs to it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import Any

from evalkit.errors import SandboxError
from evalkit.program import Job, Judgement
from evalkit.sandbox.bundle import digest
from evalkit.sandbox.company import Company
from evalkit.sandbox.engine import docker_client, unreachable
from evalkit.sandbox.image import build_image, find_image
from evalkit.sandbox.leftovers import reap
from evalkit.sandbox.pair import Pair, PairBroken
from evalkit.sandbox.rights import Rights, held_up

log = logging.getLogger(__name__)
IN_FLIGHT = 64  # samples at most, those included whose programs only wait
MOST = 250  # a pair has so many users
QUEUED = 32  # jobs beyond them, so that they can travel together
ALONE_TRIES = 3  # of one that is alone, and held up all the same: something else is busy on this machine
GIVEN_BACK_S = 0.5  # until the kernel has all memory back of programs that were killed
ANY = 1 << 30  # no version of Landlock is too new


async def open_program_sandbox(
    *,
    judges: int,
    image: str | None = None,
    run_label: str = "",
    trusted: bool = False,
    strict_limits: bool = False,
    strict_isolation: bool = False,
    landlock_at_most: int = ANY,
    company: Company | None = None,
) -> DockerProgramSandbox:
    """Start one pair of containers in which `judges` programs may compute at once.

    `image` defaults to evalkit's own, which is built where it is missing. `trusted`: the tests are pinned
    data, not a stranger's, and need no process of their own each. `strict_limits`: every program has a right
    to all of its limit in effective time, however many compete. `strict_isolation`: one program at a time,
    and the next when the last is proven gone; for more at once, open more (evalkit/run/spread.py).
    `landlock_at_most`: behave as on a kernel whose Landlock has this version, 0 for none. `company`: that of
    all sandboxes whose jobs run beside each other. SandboxError says what is wrong with the engine. What
    earlier, dead processes left in the engine is removed on the way.
    """
    client = await asyncio.to_thread(docker_client)
    await asyncio.to_thread(reap, client)
    if image is None:
        image = await asyncio.to_thread(find_image, client)
    if image is None:
        image = await asyncio.to_thread(build_image)
    sandbox = DockerProgramSandbox(
        client,
        image,
        1 if strict_isolation else judges,
        run_label,
        trusted=trusted,
        strict_limits=strict_limits,
        landlock_at_most=landlock_at_most,
        company=company or Company(),
    )
    await sandbox.start()
    return sandbox


class DockerProgramSandbox:
    """See evalkit.program.ProgramSandbox. Use it in one event loop only."""

    def __init__(
        self,
        client: Any,
        image: str,
        judges: int,
        run_label: str,
        *,
        trusted: bool,
        strict_limits: bool,
        landlock_at_most: int,
        company: Company,
    ) -> None:
        self._client = client
        self._image = image
        self._run = run_label
        self._trusted = trusted
        self._strict = strict_limits
        self._landlock = landlock_at_most
        self._pair: Pair | None = None
        self._starting = asyncio.Lock()
        self._running, self._most = judges, min(IN_FLIGHT + judges, MOST) if judges > 1 else 1
        self._places = asyncio.Semaphore(self.in_flight)
        self._company = company
        self._rights = Rights(strict_limits, self._measure)
        self._closed = False
        self._described: dict[str, Any] = {}

    async def start(self) -> None:
        pair = await self._current()
        if not pair.facts["answers"].get("landlock") and self._most > 1:
            # two samples could see each other in /proc: one at a time then
            self._running = self._most = 1
            await pair.stop()
            pair = await self._current()
        version = await asyncio.to_thread(self._client.version)
        self._described = {
            "kind": "docker",
            "engine": version.get("Version", ""),
            "kernel": version.get("KernelVersion", ""),
            "image": self._image,
            "code": digest(),
            "at_once": self._running,
            "in_flight": self._most,
            "isolation": "strict" if self._most == 1 else "shared",
            "limits": "strict" if self._strict else "share",
            "tests": "trusted" if self._trusted else "foreign",
            **{
                f"{side}_{key}": v
                for side, facts in pair.facts.items()
                for key, v in facts.items()
                if key != "ready"
            },
        }

    @property
    def in_flight(self) -> int:
        """How many jobs are worth giving at once."""
        return self._most + QUEUED

    def describe(self) -> dict[str, Any]:
        """Engine, image, versions inside, sha256 of the code inside: for the manifest."""
        return dict(self._described)

    async def judge(self, job: Job) -> Judgement:
        """Run one job. A pair that breaks meanwhile is replaced and the job tried once more, alone.

        A program that was late beside others without having had what it has a right to is tried again with
        that right, and if that does not help either alone: only then its timeout counts.
        With `Limits.again_alone` any that was late beside others is tried again alone, and at once. One that
        failed while the container's memory ran out is tried again alone, and there once more if it does.
        """
        share_s, first = self._rights.share_s(job), None
        try:
            for _ in range(2):
                with self._rights.running():
                    said, beside = await self._one(job, share_s)
                if said.again:
                    break
                denied_s = (
                    await self._rights.denied_s(job, said, beside) if said.status == "timeout" else None
                )
                if denied_s is None:
                    return with_first_try(said, first)
                share_s, first = denied_s, first or said
                if job.limits.again_alone:
                    break
        except PairBroken:
            pass
        try:
            async with self._company.alone():
                for _ in range(ALONE_TRIES if job.limits.again_alone else 1):
                    said = await (await self._current()).run(job, job.limits.wall_s)
                    if not held_up(said):
                        break
                if said.again:  # by its own doing, or the memory of whoever was alone before was not back yet
                    await asyncio.sleep(GIVEN_BACK_S)
                    said = await (await self._current()).run(job, job.limits.wall_s)
        except PairBroken as e:
            raise SandboxError(f"the judge broke twice over one program: {e}") from None
        return with_first_try(said, first)

    async def _one(self, job: Job, share_s: float) -> tuple[Judgement, bool]:
        """What was said, and whether other jobs ran beside this one."""
        async with self._places:
            async with self._company.together() as visit:
                said = await (await self._current()).run(job, share_s)
            return said, visit.beside

    async def _measure(self, gold: Job) -> float:
        try:
            said, _ = await self._one(gold, self._rights.share_s(gold))
        except PairBroken:
            return gold.limits.wall_s
        return said.measured["cpu_s"] if said.status == "passed" else gold.limits.wall_s

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

        try:
            await asyncio.to_thread(self._client.ping)
            return await Pair.start(
                self._client,
                self._image,
                self._run,
                running=self._running,
                most=self._most,
                trusted=self._trusted,
                landlock=self._landlock,
            )
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
        async with self._starting:  # a pair that is being started stays no secret
            if self._pair is not None:
                await self._pair.stop()
                self._pair = None
        await asyncio.to_thread(self._client.close)


def with_first_try(said: Judgement, first: Judgement | None) -> Judgement:
    """`said`, with the times of the first try beside if there was one that did not count."""
    if first is None:
        return said
    times = {f"first_{key}": first.measured[key] for key in ("wall_s", "cpu_s") if key in first.measured}
    return replace(said, measured={**said.measured, **times})
