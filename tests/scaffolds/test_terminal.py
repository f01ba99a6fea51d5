"""A terminal in a real workspace: keys, waits, screens, ends, and what becomes of what it started."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from evalkit.model import ToolCall
from evalkit.sandbox import open_workspace_sandbox
from evalkit.scaffolds.terminal import Ended, Terminal, TerminalWorld, terminal_bundle
from evalkit.task import Answer
from evalkit.workspace import Workspace, WorkspaceLimits, WorkspaceSpec
from tests import workspace_image as images

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="session")]
LIMITS = WorkspaceLimits(memory_bytes=256 << 20, disk_bytes=64 << 20, processes=200)
PROGRAMS = (*images.PROGRAMS, "bash", "less", "tty", "stty", "od", "grep")


@pytest.fixture(scope="module")
def image(docker_engine: Any) -> Iterator[str]:
    with images.made(docker_engine, PROGRAMS, "ENV PATH=/opt/own:/usr/bin:/bin") as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sandbox(image: str) -> AsyncIterator[Any]:
    opened = await open_workspace_sandbox(images=[image], computing=2, run_label="terminal")
    yield opened
    await opened.close()


@pytest_asyncio.fixture(loop_scope="session")
async def workspace(sandbox: Any, image: str) -> AsyncIterator[Workspace]:
    bundle = await asyncio.to_thread(terminal_bundle)
    opened = await sandbox.open(WorkspaceSpec(image, limits=LIMITS, bundles=(bundle,)))
    yield opened
    await opened.close()


async def a_terminal(workspace: Workspace, **facts: Any) -> Terminal:
    return await Terminal.open(workspace, **{"shell": ("bash", "--norc"), "env": {"PS1": "$ "}, **facts})


async def until(terminal: Terminal, text: str) -> str:
    """The screen, once it shows the text."""
    for _ in range(200):
        if text in (screen := await terminal.screen()):
            return screen
        await asyncio.sleep(0.05)
    raise AssertionError(f"{text!r} does not come: {screen}")


async def said(workspace: Workspace, command: str) -> str:
    return (await workspace.run(["sh", "-c", command], timeout_s=10)).text


async def test_keys_are_typed_and_a_blocking_command_is_waited_for(workspace: Workspace) -> None:
    terminal = await a_terminal(workspace)
    assert await terminal.run_blocking(["echo one; sleep 0.2; echo 'two$HOME;\\'", "Enter"], 20)
    screen = await terminal.screen()
    assert "\none\ntwo$HOME;\\\n" in screen
    assert screen.count("\n") == 40
    assert not await terminal.run_blocking("sleep 60\n", 0.3)
    await terminal.send("C-c")
    assert await terminal.run_blocking("echo again\n", 20)
    # what its shell does not end with is no end: the mark's name is not to be known beforehand
    assert not await terminal.run_blocking("for n in 1 2 3; do echo done $?; done; cat\n", 0.5)
    await terminal.send("C-d")
    await until(terminal, "done 0\n$")
    await terminal.end()


async def test_what_was_started_runs_on_when_the_terminal_ends(workspace: Workspace) -> None:
    terminal = await a_terminal(workspace)
    loop = "while echo here >>/tmp/said && echo seen; do sleep 0.05; done"
    await terminal.send(f"({loop}; echo >/tmp/hung-up) &\n")
    await terminal.send("sleep 1234; touch /tmp/typed-ahead\n")
    await until(terminal, "seen")
    await terminal.end()
    before = await said(workspace, "wc -l </tmp/said")
    await asyncio.sleep(0.3)
    assert int(await said(workspace, "wc -l </tmp/said")) > int(before)
    listed = await said(workspace, "cat /proc/[0-9]*/cmdline; ls /tmp")
    assert "sleep\x001234" in listed
    assert "hung-up" not in listed
    assert "bash\x00--norc" in listed  # the loop's own; the shell that was typed into is gone
    await said(
        workspace, "for p in /proc/[0-9]*; do grep -qs sleep.1234 $p/cmdline && kill ${p#/proc/}; done"
    )
    await asyncio.sleep(0.2)
    assert "typed-ahead" not in await said(workspace, "ls /tmp")
    with pytest.raises(Ended):
        await terminal.send("ls\n")


async def test_a_session_that_is_gone_can_be_had_anew(workspace: Workspace) -> None:
    async def nothing(_: Workspace) -> Answer:
        return Answer("{}", "state", {"changes.tar": b"x"})

    async def act(name: str, **given: Any) -> Any:
        return await world.act(ToolCall("", name, json.dumps(given)))

    world = await TerminalWorld.open(workspace, nothing, shell=("bash", "--norc"), env={"PS1": "$ "})
    assert (await act("keys", keys="x=1; exit 3\n", wait_s=0.5)).data == {}
    seen = await act("new")
    assert seen.data == {"restarted": True}
    assert seen.text.startswith("[The terminal was gone: the session ended. This is a new one.]\n")
    killed = "read -r _ _ _ server _ </proc/$PPID/stat; kill -9 $server\n"
    assert (await act("keys", keys=f"echo x=$x; {killed}", wait_s=0.5)).data == {}
    assert (await act("screen")).data == {"restarted": True}
    assert (await act("keys", keys="echo here\n", block_s=20)).data == {"timed_out": False}
    assert "here\n" in (await act("new")).text
    assert (await act("keys", keys=7)).data == {"mistake": "'keys' must be a text"}
    assert (await act("keys", keys="a\0")).data == {"mistake": "keys hold a NUL character"}
    answer = await world.answer()
    assert set(answer.files) == {"changes.tar", "session.cast"}
    head, *events = map(json.loads, answer.files["session.cast"].decode().splitlines())
    assert (head["version"], head["width"], head["height"]) == (2, 160, 40)
    assert {kind for _, kind, _ in events} <= {"i", "o", "m"}
    assert "echo here; " in "".join(text for _, kind, text in events if kind == "i")
