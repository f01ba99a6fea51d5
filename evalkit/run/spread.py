"""The sandboxes of a run. Several of programs act as one: each job goes to the one with the least to do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from evalkit.program import Job, Judgement, ProgramSandbox
from evalkit.run.images import contexts_of, map_of, open_images
from evalkit.run.settings import Knobs
from evalkit.run.work import Sandbox
from evalkit.sandbox.company import Company
from evalkit.suite import Suite
from evalkit.task import Task
from evalkit.workspace import WorkspaceSandbox


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


async def open_sandboxes(
    count: int, judges: int, run_label: str, *, strict_isolation: bool = False, **how: Any
) -> ProgramSandbox:
    """`count` sandboxes with `judges` computing programs at once in all. SandboxError if one cannot start.

    Each one for a single program with `strict_isolation`, or where the kernel cannot keep programs in one
    container from seeing each other. `how`: trusted, strict_limits: see open_program_sandbox.
    """
    count = judges if strict_isolation else max(1, min(count, judges))
    how["strict_isolation"], how["company"] = strict_isolation, Company()
    first = await _open(judges // count + (judges % count > 0), run_label, how)
    if first.describe().get("isolation") == "strict":
        count = judges
    each = [1 if count == judges else judges // count + (k < judges % count) for k in range(1, count)]
    opened = await asyncio.gather(*(_open(n, run_label, how) for n in each), return_exceptions=True)
    good = [first, *(sandbox for sandbox in opened if not isinstance(sandbox, BaseException))]
    for failure in opened:
        if isinstance(failure, BaseException):
            await Spread(good).close()
            raise failure
    return Spread(good) if each else first


async def open_sandbox(
    suite: Suite,
    tasks: Sequence[Task],
    knobs: Knobs,
    label: str,
    say: Callable[[str], None],
    *,
    trusted: bool,
) -> Sandbox:
    """What a suite's answers are judged in on this machine. `trusted`: its tests are pinned data."""
    if suite.workspaces:
        return await open_workspaces(suite, tasks, knobs, label, say)
    return await open_sandboxes(
        knobs.sandboxes,
        knobs.judges,
        label,
        trusted=trusted,
        strict_limits=knobs.strict_limits,
        strict_isolation=knobs.isolation == "strict",
    )


async def open_workspaces(
    suite: Suite, tasks: Sequence[Task], knobs: Knobs, label: str, say: Callable[[str], None]
) -> WorkspaceSandbox:
    """The sandbox of a suite whose tasks have workspaces. SandboxError where the engine is not usable."""
    from evalkit.sandbox import open_workspace_sandbox

    recipe = suite.recipe()
    supply = await open_images(suite, tasks, knobs, label, say)
    sandbox: WorkspaceSandbox = await open_workspace_sandbox(
        images=tuple(dict.fromkeys(suite.image(task) for task in tasks)),
        recipes=(recipe,) if recipe else (),
        computing=knobs.judges,
        run_label=label,
        supply=supply,
        contexts=contexts_of(suite, tasks),
        image_map=map_of(knobs),
    )
    return sandbox


async def _open(judges: int, run_label: str, how: dict[str, Any]) -> ProgramSandbox:
    from evalkit.sandbox import open_program_sandbox

    sandbox: ProgramSandbox = await open_program_sandbox(judges=judges, run_label=run_label, **how)
    return sandbox
