"""A container that is stood still while commands begin and end, and while its process dies."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from typing import Any

import docker.errors
import pytest

from evalkit.sandbox import open_workspace_sandbox, workspace_pause
from evalkit.sandbox.leftovers import list_leftovers, reap
from evalkit.workspace import WorkspaceSpec

pytestmark = pytest.mark.docker
SERVICE = ["sh", "-c", "while :; do sleep 0.01; done"]


@pytest.mark.asyncio(loop_scope="session")
async def test_commands_begin_and_end_around_it(workspace_image: str) -> None:
    """None begins in a container that is being stood still: engine and command would wait for each other."""
    sandbox = await open_workspace_sandbox(run_label="ws-still")
    try:
        workspace = await sandbox.open(WorkspaceSpec(workspace_image))
        await workspace.write({"a": b"a"})
        service = await workspace.start(SERVICE)

        async def commands() -> None:
            for _ in range(4):
                assert (await workspace.run(["sh", "-c", "sleep 0.06"], timeout_s=60)).status == 0

        async def late() -> None:
            assert (await workspace.run(["sleep", "60"], timeout_s=0.5)).timed_out

        async def looks() -> None:
            for _ in range(3):
                assert await workspace.read("a") == b"a"

        await asyncio.gather(commands(), late(), looks(), looks())
        look = asyncio.ensure_future(workspace.read("a"))
        await asyncio.sleep(0.1)
        look.cancel()
        await asyncio.wait([look])
        assert (await workspace.run(["true"], timeout_s=60)).status == 0  # it goes on
        await service.kill()
        last = asyncio.ensure_future(workspace.read("a"))
        await asyncio.sleep(0.05)
        await workspace.close()
        await asyncio.wait([last])
    finally:
        await sandbox.close()


DIES = """
import asyncio, os, signal, sys
from evalkit.sandbox import open_workspace_sandbox
from evalkit.sandbox.workspace_pause import pause
from evalkit.workspace import WorkspaceSpec

async def main():
    sandbox = await open_workspace_sandbox(run_label="ws-dies-still")
    workspace = await sandbox.open(WorkspaceSpec(sys.argv[1]))
    await workspace.start(["sh", "-c", "while :; do sleep 1; done"])
    await workspace.life.call(pause)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


def test_what_dies_while_it_stands_still_is_swept(docker_engine: Any, workspace_image: str) -> None:
    died = subprocess.run([sys.executable, "-c", DIES, workspace_image], check=False, env=os.environ)
    assert died.returncode == -signal.SIGKILL
    label = "ws-dies-still"
    assert [thing.kind for thing in list_leftovers(docker_engine) if thing.run == label] == ["container"]
    reap(docker_engine)
    assert not [thing for thing in list_leftovers(docker_engine) if thing.run == label]


def test_a_freezing_that_takes_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the engine says is its own (20.10, on a machine with much to do); another refusal is one."""
    monkeypatch.setattr(workspace_pause, "WAITS_S", (0.0, 0.0))

    class Busy:
        said = "Cannot pause container 12: OCI runtime pause failed: unable to freeze: unknown"

        def __init__(self, times: int) -> None:
            self.api, self.left = self, times

        def pause(self, container: str) -> None:
            self.left -= 1
            if self.left >= 0:
                raise docker.errors.APIError(self.said)

    workspace_pause.pause(Busy(2), "12")
    with pytest.raises(docker.errors.APIError, match="unable to freeze"):
        workspace_pause.pause(Busy(3), "12")
    stopped = Busy(1)
    stopped.said = "Container 12 is not running"
    with pytest.raises(docker.errors.APIError, match="not running"):
        workspace_pause.pause(stopped, "12")
