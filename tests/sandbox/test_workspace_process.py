"""Commands that are given their input while they run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from evalkit.sandbox import open_workspace_sandbox
from evalkit.workspace import WorkspaceDied, WorkspaceLimits, WorkspaceSpec

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="session")]
LIMITS = WorkspaceLimits(memory_bytes=256 << 20, disk_bytes=64 << 20, processes=200)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def workspace(workspace_image: str) -> AsyncIterator[Any]:
    sandbox = await open_workspace_sandbox(run_label="processes")
    yield await sandbox.open(WorkspaceSpec(workspace_image, limits=LIMITS))
    await sandbox.close()


class Heard:
    """What a command has said so far."""

    def __init__(self) -> None:
        self.data = b""
        self._more = asyncio.Event()

    def __call__(self, data: bytes) -> None:
        self.data += data
        self._more.set()

    async def until(self, end: bytes) -> bytes:
        async with asyncio.timeout(30):
            while not self.data.endswith(end):
                self._more.clear()
                await self._more.wait()
        return self.data


async def test_a_dialogue(workspace: Any) -> None:
    """Each line is answered before the next is sent; other commands run beside it."""
    heard = Heard()
    script = 'while read -r line; do echo "<$line>"; done; echo end; exit 3'
    process = await workspace.start(["sh", "-c", script], on_output=heard)
    for n in range(5):
        await process.write(b"%d\n" % n)
        assert (await heard.until(b"<%d>\n" % n)).count(b"\n") == n + 1
    assert (await workspace.run(["true"], timeout_s=30)).status == 0
    await process.end_input()
    done = await process.wait()
    assert (done.status, done.output) == (3, b"<0>\n<1>\n<2>\n<3>\n<4>\nend\n")
    assert await process.wait() == done
    await process.write(b"nobody reads this\n")


async def test_much_goes_in_and_comes_out(workspace: Any) -> None:
    sent = bytes(range(256)) * 20_000
    heard = Heard()
    process = await workspace.start(["cat"], on_output=heard, output_bytes=100)
    for at in range(0, len(sent), 1 << 16):
        await process.write(sent[at : at + (1 << 16)])
    await process.end_input()
    assert (await process.wait()).dropped == len(sent) - 100
    assert heard.data == sent


async def test_one_that_does_not_read_holds_up_its_writer_until_it_ends(workspace: Any) -> None:
    process = await workspace.start(["sleep", "60"], timeout_s=1.0)
    writing = asyncio.create_task(process.write(bytes(4 << 20)))
    done = await process.wait()
    assert (done.status, done.timed_out) == (None, True)
    await asyncio.wait_for(writing, 10)


async def test_it_is_killed_with_all_that_it_started(workspace: Any) -> None:
    heard = Heard()
    process = await workspace.start(
        ["sh", "-c", "(setsid sleep 60 &); sleep 60 & echo on; cat"], on_output=heard
    )
    await heard.until(b"on\n")
    waiting = asyncio.create_task(process.wait())
    await asyncio.sleep(0)
    waiting.cancel()  # whoever waits may go
    await process.kill()
    done = await process.wait()
    assert (done.status, done.timed_out, done.ended, done.output) == (None, False, "", b"on\n")
    assert await workspace.commands.alive() == 0
    await process.kill()


async def test_it_ends_with_its_workspace(workspace_image: str) -> None:
    sandbox = await open_workspace_sandbox(run_label="processes")
    workspace = await sandbox.open(WorkspaceSpec(workspace_image, limits=LIMITS))
    process = await workspace.start(["cat"])
    await workspace.close()
    with pytest.raises(WorkspaceDied):
        await process.wait()
    await sandbox.close()
