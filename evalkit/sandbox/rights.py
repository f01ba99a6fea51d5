"""What effective time a program has a right to before its lateness counts, and whether a late one had it."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import itertools
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace

from evalkit.errors import SandboxError
from evalkit.program import Job, Judgement, Limits

SHARE_S = 0.5  # effective time that a program has a right to at least, and
SHARE_OF_GOLD = 20  # so many times what the gold program takes
# late programs are rare: so small a share among about so many that were judged last, and at most so many that
# run for so long now, since a program is late for some seconds before it is known
RARE, LATELY = 0.02, 100
OLD, OLD_S = 4, 1.0
FULL = 0.9  # of its limit: a program that had so much was not held up
NEAR_S = 0.002


class Rights:
    """Of one sandbox's programs. `strict`: all of the limit, however many compete. `measure`: the CPU seconds
    of a job that passes, or its limit."""

    def __init__(self, strict: bool, measure: Callable[[Job], Awaitable[float]]) -> None:
        self._strict = strict
        self._measure = measure
        self._late = 0.0  # share of programs that were late lately
        self._running: dict[object, float] = {}  # since when, the oldest first
        self._golds: dict[tuple[str, str, Limits, bytes], asyncio.Future[float]] = {}

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """While a program is judged."""
        me = object()
        self._running[me] = time.monotonic()
        try:
            yield
        finally:
            del self._running[me]
            self._late *= 1 - 1 / LATELY

    def _rare(self) -> bool:
        """Whether few programs are late."""
        oldest = itertools.islice(self._running.values(), OLD + 1)
        return self._late < RARE and sum(began < time.monotonic() - OLD_S for began in oldest) <= OLD

    def share_s(self, job: Job) -> float:
        """Effective seconds that a program is granted at its first try."""
        if self._strict or not (job.gold or job.limits.share_s is not None):
            return job.limits.wall_s
        return min(job.limits.wall_s, SHARE_S if job.limits.share_s is None else job.limits.share_s)

    async def denied_s(self, job: Job, said: Judgement, beside: bool) -> float | None:
        """Effective seconds that a late program had a right to and did not have; None: its lateness counts.

        `beside`: whether other programs ran meanwhile.
        """
        if job.limits.again_alone:
            return job.limits.wall_s if beside or held_up(said) else None
        if not held_up(said):
            return None
        had_s, allowed_s = said.measured.get("had_s", 0.0), said.measured.get("allowed_s", 0.0)
        rare = self._rare()
        self._late += 1 / LATELY
        right_s = job.limits.wall_s if rare else await self._right_s(job)
        return right_s if had_s < min(allowed_s, right_s) - NEAR_S else None

    async def _right_s(self, job: Job) -> float:
        share_s = self.share_s(job)
        if job.limits.share_s is not None or not job.gold or self._strict:
            return share_s
        return min(job.limits.wall_s, max(share_s, SHARE_OF_GOLD * await self.gold_s(job)))

    async def gold_s(self, job: Job) -> float:
        """CPU seconds that the gold program takes of this job; its whole limit where it does not pass."""
        task = hashlib.sha256(json.dumps(dict(job.task)).encode()).digest()
        key = (job.judge, job.gold, job.limits, task)
        if key not in self._golds:
            self._golds[key] = asyncio.ensure_future(self._measure(replace(job, program=job.gold)))
        measured = self._golds[key]
        try:
            return await asyncio.shield(measured)
        except SandboxError:
            if self._golds.get(key) is measured:
                del self._golds[key]  # the engine was away: it may return
            raise


def held_up(said: Judgement) -> bool:
    """Whether a program was late without having had all of its limit."""
    had, allowed = said.measured.get("had_s", 0.0), said.measured.get("allowed_s", 0.0)
    return said.status == "timeout" and had < FULL * allowed
