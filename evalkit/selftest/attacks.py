"""Judges the cases: each in every form of test that it applies to, several at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from evalkit.errors import SandboxError
from evalkit.program import Job, Limits, ProgramSandbox
from evalkit.selftest.cases import Case, Task
from evalkit.selftest.findings import Finding
from evalkit.task import Verdict

JUDGE = Path(__file__).with_name("judge.py")
FORMS = {"function": ("check", "asserts", "calls"), "pair": ("check",), "stdio": ("stdio",)}
MEMORY = 1 << 30
LATE_S = 3.0  # a program is ended at most so long after its limit
STARTED_S = 0.3  # what the other of two programs at the same time gets before its neighbour starts


def attempts(cases: Sequence[Case]) -> Iterator[tuple[Case, str]]:
    """Every case with every form that it is judged in."""
    for case in cases:
        for form in FORMS[case.kind]:
            yield case, form


async def try_all(
    sandbox: ProgramSandbox, cases: Sequence[Case], at_once: int, done: Callable[[], None]
) -> list[Finding]:
    """A finding an attempt. Pairs run one at a time, so that each half meets the other."""
    places = asyncio.Semaphore(at_once)

    async def one(case: Case, form: str) -> Finding:
        async with places:
            finding = await attempt(sandbox, case, form)
        done()
        return finding

    alone = [c for c in cases if c.kind != "pair"]
    found = list(await asyncio.gather(*(one(case, form) for case, form in attempts(alone))))
    for case, form in attempts([c for c in cases if c.kind == "pair"]):
        found.append(await one(case, form))
    return found


async def attempt(sandbox: ProgramSandbox, case: Case, form: str, guard: str = "none") -> Finding:
    """Judge one case in one form; whether outcome, reason and time are as they must be."""
    beside = None
    if case.kind == "pair":
        beside = asyncio.create_task(judged(sandbox, case, case.other, form, guard))
        if case.when == "during":
            await asyncio.sleep(STARTED_S)
        else:
            await asyncio.wait([beside])
    try:
        verdict = await judged(sandbox, case, case.code, form, guard)
        first = await beside if beside is not None else None
    except SandboxError as e:
        return Finding(case.group, f"{case.id} ({form})", False, f"error: {e.message}")
    finally:
        if beside is not None:
            beside.cancel()
    said = "/".join(filter(None, (verdict.outcome, verdict.reason)))
    detail = f"{said}: {verdict.detail}" if verdict.detail else said
    ok = case.holds(verdict.outcome, verdict.reason or "")
    if first is not None and not first.scored:
        ok, detail = False, f"the other program ended as {first.outcome}/{first.reason}: {first.detail}"
    took = verdict.measured.get("wall_s", 0.0) - verdict.measured.get("waited_s", 0.0)
    if took > case.limit_s + LATE_S and verdict.reason == "timeout":  # what waits for a core has time yet
        ok, detail = False, f"{detail}; took {took:.1f} s, the limit is {case.limit_s:g} s"
    return Finding(case.group, f"{case.id} ({form})", ok, detail[:300])


async def judged(sandbox: ProgramSandbox, case: Case, code: str, form: str, guard: str) -> Verdict:
    limits = Limits(wall_s=case.limit_s, memory_bytes=MEMORY)
    job = Job(code, JUDGE.read_text("utf-8"), known(case.task, form), limits, guard)
    return (await sandbox.judge(job)).verdict()


def known(task: Task, form: str) -> dict[str, object]:
    """What the judge's side gets to know."""
    said: dict[str, object] = {"form": form, "name": task.name}
    if form in ("check", "asserts"):
        return said | {form: getattr(task, form)}
    return said | {"io": task.io}
