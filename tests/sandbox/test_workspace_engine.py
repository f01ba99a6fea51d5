"""When the engine goes away, or this process does: an error that says so, and nothing of ours left."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from evalkit.errors import SandboxError
from evalkit.sandbox import list_leftovers, open_workspace_sandbox
from evalkit.workspace import WorkspaceDied, WorkspaceSpec
from tests.sandbox.engine_proxy import EngineProxy
from tests.sandbox.waiting import wait_until

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="session")]


def wait_gone(engine: Any, label: str) -> None:
    """Until there is nothing of a run any more."""
    wait_until(lambda: not [thing for thing in list_leftovers(engine) if thing.run == label])


async def test_an_engine_that_is_gone(
    docker_engine: Any, workspace_image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = EngineProxy(tmp_path / "engine.sock")
    await proxy.revive()
    monkeypatch.setenv("DOCKER_HOST", proxy.host)
    sandbox = await open_workspace_sandbox(run_label="ws-gone")
    spec = WorkspaceSpec(workspace_image)
    workspace = await sandbox.open(spec)
    running = asyncio.create_task(workspace.run(["sleep", "60"], timeout_s=60))
    await asyncio.sleep(0.3)
    await proxy.die()
    sandbox.expect(spec)  # what is made ahead fails meanwhile, and nobody waits for it for ever
    for act in (running, workspace.read("/etc/passwd"), workspace.tree(), sandbox.open(spec)):
        with pytest.raises(SandboxError, match="engine") as failed:
            await act
        assert not isinstance(failed.value, WorkspaceDied)
    await proxy.revive()
    with pytest.raises(WorkspaceDied):  # it ended with the connection
        await workspace.read("/etc/passwd")
    again = await sandbox.open(spec)
    assert (await again.run(["true"], timeout_s=60)).status == 0
    await sandbox.close()
    await proxy.die()
    await asyncio.to_thread(wait_gone, docker_engine, "ws-gone")


OPENS = """
import asyncio, sys
from evalkit.sandbox import open_workspace_sandbox
from evalkit.workspace import WorkspaceSpec

async def main():
    sandbox = await open_workspace_sandbox(run_label="ws-killed")
    for _ in range(2):
        workspace = await sandbox.open(WorkspaceSpec(sys.argv[1]))
    await workspace.run(["sh", "-c", "setsid sleep 600 & echo on; sleep 600"], timeout_s=600,
        on_output=lambda data: print("on", flush=True))

asyncio.run(main())
"""


async def test_a_killed_harness_leaves_nothing(docker_engine: Any, workspace_image: str) -> None:
    process = subprocess.Popen([sys.executable, "-c", OPENS, workspace_image], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert await asyncio.to_thread(process.stdout.readline) == b"on\n"
    assert len([thing for thing in list_leftovers(docker_engine) if thing.run == "ws-killed"]) >= 2
    process.kill()
    process.communicate()
    await asyncio.to_thread(wait_gone, docker_engine, "ws-killed")
