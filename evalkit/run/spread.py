"""Several program sandboxes as one: each job goes to the one with the least to do."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from evalkit.program import Job, Judgement, ProgramSandbox


class Spread:
    """See evalkit.program.ProgramSandbox."""

    def __init__(self, sandboxes: Sequence[ProgramSandbox]) -> None:
        self._sandboxes = list(sandboxes)
        self._busy = [0] * len(sandboxes)

    async def judge(self, job: Job) -> Judgement:
        chosen = min(range(len(self._busy)), key=self._busy.__getitem__)
        self._busy[chosen] += 1
        try:
            return await self._sandboxes[chosen].judge(job)
        finally:
            self._busy[chosen] -= 1

    @property
    def in_flight(self) -> int:
        return sum(sandbox.in_flight for sandbox in self._sandboxes)

    def describe(self) -> dict[str, Any]:
        return {**self._sandboxes[0].describe(), "sandboxes": len(self._sandboxes)}

    async def close(self) -> None:
        await asyncio.gather(*(sandbox.close() for sandbox in self._sandboxes))


async def open_sandboxes(count: int, judges: int, run_label: str, **how: bool) -> ProgramSandbox:
    """`count` sandboxes with `judges` computing programs at once in all. SandboxError if one cannot start.

    `how`: trusted, strict_limits: see open_program_sandbox.
    """
    from evalkit.sandbox import open_program_sandbox

    count = max(1, min(count, judges))
    if count == 1:
        one: ProgramSandbox = await open_program_sandbox(judges=judges, run_label=run_label, **how)
        return one
    each = [judges // count + (k < judges % count) for k in range(count)]
    opening = (open_program_sandbox(judges=n, run_label=run_label, **how) for n in each)
    opened = await asyncio.gather(*opening, return_exceptions=True)
    good = [sandbox for sandbox in opened if not isinstance(sandbox, BaseException)]
    for failure in opened:
        if isinstance(failure, BaseException):
            await Spread(good).close()
            raise failure
    return Spread(good)
