"""The whole self-test: promises, cases, what is left, and the embedded suite with right and empty answers."""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evalkit.errors import SandboxError
from evalkit.program import ProgramSandbox
from evalkit.run.session import run
from evalkit.run.settings import Knobs, Settings
from evalkit.run.spread import open_sandboxes
from evalkit.sandbox import checks, list_leftovers
from evalkit.sandbox.engine import docker_client
from evalkit.selftest import promises
from evalkit.selftest.attacks import attempts, judged, try_all
from evalkit.selftest.cases import Case, cases, tasks
from evalkit.selftest.findings import Finding, Report
from evalkit.selftest.watch import Watch

SUITE = "mini"  # the one that ships with evalkit
HONEST = 40  # samples that tell whether the sandbox became slower
SLOWER = 3.0  # how much slower it may look, on a machine that does other things too
AT_ONCE = 4
USERS = 256  # a pair's users have successive numbers


def try_everything(watch: Watch, only: Sequence[str], *, strict: bool) -> Report:
    """See selftest() of the package."""
    started = time.monotonic()
    chosen = [c for c in cases() if not only or c.id.startswith(tuple(only))]
    label = f"selftest-{uuid.uuid4().hex[:12]}"
    with tempfile.TemporaryDirectory(prefix="evalkit-selftest-") as folder:
        canary = Path(folder, "canary")
        canary.write_text(label)
        findings, machine = asyncio.run(_sandbox_part(chosen, label, str(canary), watch, strict))
        whole = canary.read_text() == label and list(Path(folder).iterdir()) == [canary]
        findings.append(promises.promise("files of this machine untouched", whole, "as they were before"))
    findings += _nothing_left(label, machine.pop("uids"))
    findings += _suite_part(watch, "strict" if strict else "shared")
    lacks = [f"{c.name}: {c.detail}" for c in checks() if not c.ok]
    return Report(findings, lacks, machine, time.monotonic() - started)


async def _sandbox_part(
    chosen: list[Case], label: str, canary: str, watch: Watch, strict: bool
) -> tuple[list[Finding], dict[str, Any]]:
    """In warm workers, which have to forget each sample; stranger's data would have a fork each."""
    os.environ[promises.KEY] = label  # a canary: it must not be seen in any container
    try:
        sandbox = await open_sandboxes(1, AT_ONCE, label, strict_isolation=strict, trusted=True)
    finally:
        del os.environ[promises.KEY]
    try:
        return await _in_sandbox(sandbox, chosen, label, canary, watch)
    finally:
        await sandbox.close()


async def _in_sandbox(
    sandbox: ProgramSandbox, chosen: list[Case], label: str, canary: str, watch: Watch
) -> tuple[list[Finding], dict[str, Any]]:
    client = await asyncio.to_thread(docker_client)
    machine = {k: v for k, v in sandbox.describe().items() if k != "code"}
    boxes = await asyncio.to_thread(promises.containers, client, label)
    firsts = {int(box["Config"]["User"].partition(":")[0] or 0) for box in boxes} - {0}
    machine["uids"] = {uid for first in firsts for uid in range(first, first + USERS)}
    findings = list(promises.outside(boxes))
    findings += await _probed(sandbox, bool(machine.get("answers_landlock")), canary)

    before = await _pace(sandbox)
    watch.begin("attacks", sum(1 for _ in attempts(chosen)))
    try:
        findings += await try_all(sandbox, chosen, AT_ONCE, watch.step)
    finally:
        watch.end()
    after = await _pace(sandbox)
    slower = f"{1000 * before:.1f} ms a sample before all attacks, {1000 * after:.1f} ms after them"
    findings.append(promises.promise("no slower after attacks", after <= SLOWER * before + 0.01, slower))

    left = await asyncio.to_thread(_settled, client, boxes)
    findings.append(promises.promise("no process left by programs", left == 0, f"{left} of them run"))
    now = {box["Id"] for box in await asyncio.to_thread(promises.containers, client, label)}
    same = now == {box["Id"] for box in boxes}
    findings.append(promises.promise("no container broken by attacks", same, f"{len(now)}, the first ones"))
    return findings, machine


async def _probed(sandbox: ProgramSandbox, landlock: bool, canary: str) -> list[Finding]:
    """Promises about the inside of both containers."""
    try:
        first = await promises.probe(sandbox, canary)
        second = await promises.probe(sandbox, canary)
    except ValueError as e:
        return [promises.promise("a program can be judged", False, str(e))]
    return list(promises.inside(first, second, landlock))


async def _pace(sandbox: ProgramSandbox) -> float:
    """Seconds of wall clock that an honest sample takes, one at a time: of ten the fastest but one counts,
    so that a busy machine does not look like a slow sandbox."""
    task = tasks()["steps"]
    case = Case("pace", "", "", task, task.solution, limit_s=10.0)
    took = []
    for _ in range(HONEST):
        started = time.monotonic()
        await judged(sandbox, case, case.code, "check", "none")
        took.append(time.monotonic() - started)
    return statistics.quantiles(took, n=10)[0]


def _settled(client: Any, boxes: list[dict[str, Any]]) -> int:
    """Processes of programs that are still there after a moment."""
    for _ in range(20):
        left = promises.strangers(client, boxes)
        if not left:
            return 0
        time.sleep(0.1)
    return left


def _nothing_left(label: str, uids: set[int]) -> list[Finding]:
    left = [t for t in list_leftovers() if t.run == label]
    kinds = ", ".join(sorted({t.kind for t in left})) or "no container, no volume"
    alive = promises.survivors(uids)
    return [
        promises.promise("nothing left in the engine", not left, kinds),
        promises.promise("no process left on this machine", not alive, f"{len(alive)} of its users'"),
    ]


def _suite_part(watch: Watch, isolation: str) -> list[Finding]:
    """The gold answers pass and the empty ones fail, through the very commands that users run."""
    findings = []
    watch.begin("embedded suite", 2)
    try:
        with tempfile.TemporaryDirectory(prefix="evalkit-selftest-") as folder:
            for model, share, what in (
                ("oracle", 1.0, "right answers pass"),
                ("null", 0.0, "empty ones fail"),
            ):
                summary = run(Settings(SUITE, model), Knobs(results=Path(folder), isolation=isolation))
                if summary.end == "interrupted":
                    raise KeyboardInterrupt
                held = summary.pass_1 == share and summary.counts["error"] == 0 and summary.complete
                detail = f"{summary.counts['passed']} of {summary.planned} pass"
                findings.append(promises.promise(f"suite {SUITE}: {what}", held, detail))
                watch.step()
    except SandboxError as e:
        findings.append(promises.promise(f"suite {SUITE} runs", False, e.message))
    finally:
        watch.end()
    return findings
