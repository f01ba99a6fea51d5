"""The red-team corpus's cases of repositories and of harvest, as work in a container of Terminal-Bench.

The repositories' tests import the code that they try: it is in pytest's own process.
"""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from evalkit_suites.terminal_bench.strict import job_of, prove_files, tools
from evalkit_suites.terminal_bench.strict.job import Job
from evalkit_suites.terminal_bench.trial import Trial

from evalkit.sandbox import build_recipe, open_workspace_sandbox
from evalkit.workspace import WorkspaceSpec
from tests.attacks.test_redteam import Attack, attacks, text, without

from .terminal_bench_attacks import IMAGE, SCRIPT
from .terminal_bench_trials import harbor

pytestmark = [pytest.mark.docker, pytest.mark.full, pytest.mark.asyncio(loop_scope="session")]
# what a later commit of a task's repository holds is the task's to hide: no folder of git comes with these
REPOSITORIES = [
    attack for attack in attacks("repo") if "git log" not in text(attack.payload.get("agent", []))
]
CANARY = b"a canary of this side"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sandbox(docker_engine: Any) -> AsyncIterator[Any]:
    await asyncio.to_thread(build_recipe, IMAGE, lambda line: None)
    opened = await open_workspace_sandbox(images=[IMAGE.tag], computing=2, run_label="tb-corpus", ahead=0)
    yield opened
    await opened.close()


def trial(task: Mapping[str, Any]) -> Trial:
    [(_, lines)] = task["hidden_tests"].items()
    test = "import sys\n\nsys.path.insert(0, '/app')\n" + text(lines) + "\n"
    return harbor(SCRIPT, files={"tests/test_outputs.py": test})


def written(files: Mapping[str, Any]) -> str:
    lines = [
        f"mkdir -p $(dirname {name}); printf %s {shlex.quote(text(data) + chr(10))} > {name}"
        for name, data in files.items()
    ]
    return "\n".join(lines)


@without
@pytest.mark.parametrize("attack", REPOSITORIES, ids=lambda attack: attack.id)
async def test_repository(sandbox: Any, attack: Attack) -> None:
    job = job_of(trial(attack.task))
    assert isinstance(job, Job)
    spec = WorkspaceSpec(
        IMAGE.tag, root="/app", user="0", bundles=await asyncio.to_thread(tools, job.shape.packages)
    )
    deeds = text(attack.payload.get("agent", [])).replace("/ws/tests/test_core.py", "/tests/test_outputs.py")
    script = "\n".join(
        [
            written(attack.task["files"]),
            written(attack.payload.get("files", {})),
            deeds.replace("/ws", "/app"),
        ]
    )
    workspace = await sandbox.open(spec)
    done = await workspace.run(["bash", "-c", script], timeout_s=60)
    assert done.status == 0, done
    changes = await workspace.changes()
    await workspace.close()
    proof = await prove_files(sandbox, spec, job, changes)
    assert bool(proof.faults) is (attack.expect != ["pass"]), proof


@without
@pytest.mark.parametrize("attack", attacks("harvest"), ids=lambda attack: attack.id)
async def test_harvest(sandbox: Any, attack: Attack, tmp_path: Path) -> None:
    """What is taken out of a container, and brought into another, is its own."""
    secret = tmp_path / "secret.txt"
    secret.write_bytes(CANARY)
    spec = WorkspaceSpec(IMAGE.tag, root="/app", user="0")
    workspace = await sandbox.open(spec)
    script = text(attack.payload["agent"]).replace("/host/secret.txt", str(secret))
    await workspace.run(["bash", "-c", script], timeout_s=60)
    changes = await workspace.changes()
    fresh = await workspace.another()
    await fresh.apply(changes)
    tree = await fresh.tree("/app")
    await workspace.close()
    await fresh.close()
    assert tree.files
    assert CANARY not in changes
    assert await asyncio.to_thread(lambda: list(tmp_path.iterdir())) == [secret]
