"""No forgery earns Terminal-Bench's strict verdict; honest work keeps both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from evalkit_suites.terminal_bench.judge import score
from evalkit_suites.terminal_bench.strict import job_of, prove_files, tools
from evalkit_suites.terminal_bench.strict.job import Job
from evalkit_suites.terminal_bench.trial import Trial
from evalkit_suites.terminal_bench.verify import How
from evalkit_suites.terminal_bench.workplace import assignment_of

from evalkit.sandbox import build_recipe, open_workspace_sandbox
from evalkit.task import Verdict
from evalkit.workspace import WorkspaceSpec

from .terminal_bench_attacks import FILES, HONEST, IMAGE, LIVE, Attack, files_task, live_task, serving

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="session")]
HOW = How(IMAGE.tag)
full = pytest.mark.full


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sandbox(docker_engine: Any) -> AsyncIterator[Any]:
    await asyncio.to_thread(build_recipe, IMAGE, lambda line: None)
    opened = await open_workspace_sandbox(images=[IMAGE.tag], computing=2, run_label="tb-attacks", ahead=0)
    yield opened
    await opened.close()


async def graded(sandbox: Any, trial: Trial, script: str) -> Verdict:
    """Both verdicts where an agent ran the script, as root."""
    assignment = await asyncio.to_thread(assignment_of, trial, HOW)
    workspace = await sandbox.open(assignment.spec)
    try:
        take = await assignment.ready(workspace)
        await workspace.run(["bash", "-c", script], timeout_s=60)
        answer = await take(workspace)
    finally:
        await workspace.close()
    verdict: Verdict = await score(trial, answer, sandbox, HOW)
    return verdict


def strict(verdict: Verdict) -> Verdict:
    assert verdict.strict is not None
    return verdict.strict


async def test_honest_work_earns_both(sandbox: Any) -> None:
    verdict = await graded(sandbox, files_task(), HONEST)
    assert (verdict.outcome, strict(verdict).outcome) == ("passed", "passed"), verdict
    assert not strict(verdict).suspect
    assert [test.name for test in strict(verdict).tests] == [
        f"test_outputs.py::test_{name}"
        for name in ("answer_is_written", "program_doubles", "answer_has_its_sum")
    ]


async def test_a_service_that_runs_on_earns_both(sandbox: Any) -> None:
    verdict = await graded(sandbox, live_task(), serving("2 * int(self.path[1:])"))
    assert (verdict.outcome, strict(verdict).outcome) == ("passed", "passed"), verdict


@pytest.mark.parametrize(
    "attack", [pytest.param(each, id=each.name, marks=() if n == 2 else full) for n, each in enumerate(FILES)]
)
async def test_no_forgery_earns_the_strict_verdict(sandbox: Any, attack: Attack) -> None:
    verdict = await graded(sandbox, files_task(), attack.script)
    if attack.officially:
        assert verdict.outcome == "passed", f"this attack has no teeth: {verdict}"
        assert strict(verdict).suspect
    assert strict(verdict).outcome == "failed", verdict


@pytest.mark.parametrize("attack", [pytest.param(each, id=each.name, marks=full) for each in LIVE])
async def test_no_forgery_in_a_live_container_earns_it(sandbox: Any, attack: Attack) -> None:
    verdict = await graded(sandbox, live_task(), attack.script)
    assert verdict.outcome == "passed", f"this attack has no teeth: {verdict}"
    assert strict(verdict).outcome == "failed", verdict


@full
@pytest.mark.parametrize(
    "attack", [pytest.param(each, id=each.name) for each in FILES if not each.officially]
)
async def test_what_fails_officially_would_not_pass_strictly_either(sandbox: Any, attack: Attack) -> None:
    """Where the official verdict is no pass the strict run is not made; it would not have been led astray."""
    job = job_of(files_task())
    assert isinstance(job, Job)
    bundles = await asyncio.to_thread(tools, job.shape.packages)
    spec = WorkspaceSpec(IMAGE.tag, root="/app", user="0", bundles=bundles)
    workspace = await sandbox.open(spec)
    await workspace.run(["bash", "-c", attack.script], timeout_s=60)
    changes = await workspace.changes()
    await workspace.close()
    proof = await prove_files(sandbox, spec, job, changes)
    assert proof.faults, proof
