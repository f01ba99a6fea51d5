"""The red-team corpus's cases of repositories: their tasks as instances of SWE-bench, an agent's deeds in a
workspace of the suite's, the patch that the suite takes, and its verdicts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from evalkit.registry import open_suite
from evalkit.sandbox import open_workspace_sandbox
from evalkit.task import Verdict
from tests.attacks.test_redteam import Attack, attacks, nothing_left, text, without
from tests.suites.swebench_made import Made, image_of

pytestmark = pytest.mark.docker
REPOSITORIES = attacks("repo")
SHOWN = ("conftest-report", "git-future", "honest-conftest")  # the rest: test-all


def cases() -> list[Any]:
    quick = {attack.id for attack in REPOSITORIES if attack.id.endswith(SHOWN)}
    return [pytest.param(a, id=a.id, marks=() if a.id in quick else pytest.mark.full) for a in REPOSITORIES]


def texts(files: Mapping[str, Any]) -> dict[str, str]:
    return {path: text(lines) + "\n" for path, lines in files.items()}


def made(task: Mapping[str, Any], name: str) -> Made:
    files, tests = texts(task["files"]), texts(task["hidden_tests"])
    return Made(
        name,
        files=files,
        tests=tests,
        solution=texts(task.get("future", {})),
        fail_to_pass=tuple(task["fail_to_pass"]),
        pass_to_pass=tuple(task["pass_to_pass"]),
    )


@pytest.fixture(scope="module")
def rows(docker_engine: Any) -> Iterator[Mapping[str, Mapping[str, Any]]]:
    """Of each task, with its image, whose repository holds the later commit as a full clone would."""
    with contextlib.ExitStack() as images:
        found: dict[str, Mapping[str, Any]] = {}
        for attack in REPOSITORIES:
            issue = str(attack.task["issue"])
            if issue not in found:
                task = made(attack.task, f"task{len(found)}")
                found[issue] = images.enter_context(image_of(docker_engine, task, future=task.solution))
        yield found


async def work(row: Mapping[str, Any], attack: Attack) -> Verdict:
    suite = open_suite("swebench")
    [task] = suite.tasks([row])
    sandbox = await open_workspace_sandbox(images=(), computing=1, run_label="repositories")
    try:
        assignment = suite.assignment(task)
        workspace = await sandbox.open(assignment.spec)
        take = await assignment.ready(workspace)
        files = {
            path: text(lines).encode() + b"\n" for path, lines in attack.payload.get("files", {}).items()
        }
        await workspace.write(files)
        if "agent" in attack.payload:
            script = text(attack.payload["agent"]).replace("/ws", assignment.spec.root)
            await workspace.run(["bash", "-c", script], timeout_s=60)
        answer = await take(workspace)
        await workspace.close()
        return await suite.score(task, answer, sandbox)
    finally:
        await sandbox.close()


@without
@pytest.mark.parametrize("attack", cases())
def test_repository(rows: Mapping[str, Any], docker_engine: Any, attack: Attack) -> None:
    verdict = asyncio.run(work(rows[str(attack.task["issue"])], attack))
    assert verdict.strict is not None
    assert verdict.strict.outcome == ("passed" if attack.expect == ["pass"] else "failed"), verdict
    if attack.expect == ["pass"]:
        assert verdict.outcome == "passed"
        assert verdict.suspect == verdict.strict.suspect == ""
    nothing_left(docker_engine)
