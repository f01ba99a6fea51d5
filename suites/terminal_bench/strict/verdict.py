"""The official verdict with the strict one beside it.

What fails officially fails strictly too, and is not run again. Where a task is of no shape for it, or lacks
what it takes here, there is none. Where the two part ways the sample is suspect, with the evidence.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Mapping
from dataclasses import asdict, replace
from io import BytesIO
from typing import Any

from evalkit.errors import EvalkitError
from evalkit.task import TestResult, Verdict, error, failed, not_run, passed
from evalkit.witness import NoLaunch
from evalkit.workspace import Bundle, Workspace, WorkspaceSandbox, WorkspaceSpec

from ..trial import Trial
from .job import Job, job_of
from .run import Strict, prove_files, prove_live
from .tools import tools

CHANGES_BYTES = 512 << 20
CACHES = (
    "/root/.cache/uv",
    "/root/.cache/pip",
    "/root/.npm/_cacache",
    "/var/cache/apt",
    "/var/lib/apt/lists",
)
DETAIL, SHOWN = 400, 3
UNPROVEN = "nothing was proven in its own container"
UNKNOWN = "what the agent changed is not known"


# -- while the container lives ---------------------------------------------------------------------
def bundles(trial: Trial, factor: float = 1.0) -> tuple[Bundle, ...]:
    """What the agent's own container has to have for it. Blocking: made at first use."""
    job = job_of(trial, factor)
    if trial.state != "live" or isinstance(job, str):
        return ()
    try:
        return tools(job.shape.packages)
    except EvalkitError:
        return ()  # the verdict says why


async def changes_of(workspace: Workspace) -> bytes:
    """What the agent has made of the files, for a strict run later. NotAFile where it is too much."""
    changes = await workspace.changes(limit=CHANGES_BYTES, without=CACHES)
    return await asyncio.to_thread(gzip.compress, changes, 1, mtime=0)


async def proven_live(trial: Trial, workspace: Workspace, factor: float = 1.0) -> Mapping[str, Any]:
    """A strict run in the agent's own container, as JSON; nothing of it is of use afterwards. Empty where it
    is not in what runs that the task's work is, or cannot be run."""
    job = job_of(trial, factor)
    if trial.state != "live" or isinstance(job, str):
        return {}
    try:
        await asyncio.to_thread(tools, job.shape.packages)
        return asdict(await prove_live(workspace, job))
    except NoLaunch as e:
        return {"no_launch": str(e)[:DETAIL]}
    except EvalkitError as e:
        return {"unavailable": e.message}


# -- the verdict -----------------------------------------------------------------------------------
async def with_strict(
    verdict: Verdict,
    trial: Trial,
    sandbox: WorkspaceSandbox,
    spec: WorkspaceSpec,
    *,
    changes: bytes | None,
    live: Mapping[str, Any],
    factor: float = 1.0,
) -> Verdict:
    """`changes`: of the container before it was verified, as `changes_of` gives them; `live`: what
    `proven_live` gave. SandboxError where the engine failed."""
    if verdict.outcome != "passed":
        return replace(verdict, strict=replace(verdict, log=b"", measured={}))
    job = job_of(trial, factor)
    if isinstance(job, str):
        return replace(verdict, strict=not_run("unavailable", job))
    if trial.state == "live":
        return beside(verdict, read_live(live))
    if changes is None:
        return replace(verdict, strict=not_run("unavailable", UNKNOWN))
    try:
        more = await asyncio.to_thread(tools, job.shape.packages)
    except EvalkitError as e:
        return replace(verdict, strict=not_run("unavailable", e.message))
    return beside(verdict, await proven(sandbox, replace(spec, bundles=more), job, changes))


async def proven(sandbox: WorkspaceSandbox, spec: WorkspaceSpec, job: Job, changes: bytes) -> Verdict:
    try:
        data = await asyncio.to_thread(unpacked, changes)
        return strict_verdict(await prove_files(sandbox, spec, job, data))
    except NoLaunch as e:
        return error("grader", str(e)[:DETAIL])


def unpacked(changes: bytes) -> bytes:
    """NoLaunch where it is none of ours."""
    try:
        with gzip.GzipFile(fileobj=BytesIO(changes)) as file:
            data = file.read(CHANGES_BYTES + 1)
    except (OSError, EOFError) as e:
        raise NoLaunch(f"the changes cannot be read: {e}") from None
    if len(data) > CHANGES_BYTES:
        raise NoLaunch("the changes are larger than any that are kept")
    return data


def read_live(live: Mapping[str, Any]) -> Verdict:
    if why := live.get("no_launch"):
        return error("grader", str(why))
    if "faults" not in live:
        return not_run("unavailable", str(live.get("unavailable") or UNPROVEN))
    facts = {**live, "tests": tuple(TestResult(**test) for test in live["tests"])}
    return strict_verdict(Strict(**{**facts, "faults": tuple(live["faults"]), "left": tuple(live["left"])}))


def strict_verdict(strict: Strict) -> Verdict:
    measured = {"test_s": round(strict.wall_s, 3)}
    if not strict.faults:
        return passed(tests=strict.tests, measured=measured)
    out = f"; not taken: {', '.join(strict.left[:SHOWN])}" if strict.left else ""
    detail = f"{'; '.join(strict.faults)}{out}: {strict.output[-DETAIL:]}"
    return failed(strict.reason, detail, tests=strict.tests, measured=measured)


def beside(verdict: Verdict, proof: Verdict) -> Verdict:
    if proof.outcome == "failed":
        said = f"the official verdict is a pass, but {proof.detail[:DETAIL]}"
        proof = replace(proof, suspect=said)
    more = {f"strict_{name}": value for name, value in proof.measured.items()}
    return replace(verdict, strict=replace(proof, measured={}), measured={**verdict.measured, **more})
