"""A terminal's end in a real workspace, and the world around it: what runs on, what is had anew or taken."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

import pytest

from evalkit.errors import SandboxError
from evalkit.interaction import Observation
from evalkit.model import ToolCall
from evalkit.scaffolds.terminal import Ended, NoTerminal, Terminal, TerminalWorld, client
from evalkit.task import Answer
from evalkit.workspace import Workspace, WorkspaceDied, WorkspaceSpec
from tests.scaffolds.terminals import LIMITS, a_terminal, running, said, until

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="session")]


# -- ends ------------------------------------------------------------------------------------------


async def test_what_was_started_runs_on_when_the_terminal_ends(workspace: Workspace) -> None:
    terminal = await a_terminal(workspace)
    loop = "while echo here >>/tmp/said && echo seen; do sleep 0.05; done"
    await terminal.send(f"({loop}; echo >/tmp/hung-up) &\n")
    await terminal.send("sleep 1234; touch /tmp/typed-ahead\n")
    await until(terminal, "seen")
    await terminal.end()
    before = int(await said(workspace, "wc -l </tmp/said"))
    async with asyncio.timeout(60):
        while int(await said(workspace, "wc -l </tmp/said")) == before:  # noqa: ASYNC110  (nothing tells of it)
            await asyncio.sleep(0.05)
    listed = await said(workspace, "cat /proc/[0-9]*/cmdline; ls /tmp")
    assert "sleep\x001234" in listed
    assert "hung-up" not in listed
    end = "for p in /proc/[0-9]*; do grep -qs '[s]leep.1234' $p/cmdline && kill ${p#/proc/}; done"
    await said(workspace, end)
    await asyncio.sleep(0.2)
    assert "typed-ahead" not in await said(workspace, "ls /tmp")
    with pytest.raises(Ended, match="it was ended"):
        await terminal.send("ls\n")


async def test_without_a_tmux_there_is_no_terminal_and_with_a_dead_workspace_none_either(
    sandbox: Any, image: str, workspace: Workspace
) -> None:
    bare = await sandbox.open(WorkspaceSpec(image, limits=LIMITS))
    with pytest.raises(NoTerminal, match=r"(?s)no terminal can be had in .*: .*tmux.*not found"):
        await Terminal.open(bare)
    await bare.close()
    terminal = await a_terminal(workspace)
    with contextlib.suppress(WorkspaceDied):
        await workspace.run(["sh", "-c", "kill -9 -1"], timeout_s=10, user="0:0")
    with pytest.raises(WorkspaceDied):
        await until(terminal, "what never comes")


@pytest.mark.full
async def test_a_tmux_that_is_stopped_counts_as_gone_but_a_slow_machine_does_not(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "REPLY_S", 1.0)
    stop = "for p in /proc/[0-9]*; do grep -qs '[s]tart-server' $p/cmdline && kill -STOP ${p#/proc/}; done"
    terminal = await a_terminal(workspace)
    await said(workspace, stop)
    with pytest.raises(Ended, match="does not answer within 1 s"):
        await terminal.screen()
    await terminal.reopen()
    assert await terminal.run_blocking("echo here\n", 20)
    monkeypatch.setattr(client, "PROBE_S", 0.0)
    await said(workspace, stop)
    with pytest.raises(SandboxError, match="too busy"):
        await terminal.screen()


# -- the world -------------------------------------------------------------------------------------


class Take:
    """What is taken in the end; `wants_terminal`: from a terminal that lives."""

    def __init__(self, *, wants_terminal: bool = False) -> None:
        self.wants_terminal = wants_terminal
        self.terminal: Terminal | None = None

    async def __call__(self, workspace: Workspace) -> Answer:
        if self.terminal:
            assert await self.terminal.run_blocking("echo x=$x >/tmp/taken\n", 20)
        taken = (await workspace.run(["cat", "/tmp/taken"], timeout_s=10)).text
        return Answer(json.dumps(taken), "state", {"changes.tar": b"x"})


async def act(world: TerminalWorld, name: str, **given: Any) -> Observation:
    return await world.act(ToolCall("", name, json.dumps(given)))


async def gone(terminal: Terminal) -> None:
    """Wait until its session is: that nothing answers is found out by asking."""
    with contextlib.suppress(Ended):
        for _ in range(400):
            screen = await terminal.screen()
            await asyncio.sleep(0.05)
        raise AssertionError(f"it does not end: {screen}")


async def test_a_session_that_is_gone_is_had_anew_and_that_is_said(workspace: Workspace) -> None:
    world = await TerminalWorld.open(workspace, Take(), shell=("bash", "--norc"), env={"PS1": "$ "})
    assert (await act(world, "keys", keys="x=1; exit 3\n", wait_s=0)).data == {}
    await gone(world.terminal)
    seen = await act(world, "new")
    assert seen.data == {"restarted": True}
    assert seen.text.startswith("[The terminal was gone: the session ended. This is a new one.]\n")
    kill = "read -r _ _ _ server _ </proc/$PPID/stat; kill -9 $server\n"
    assert (await act(world, "keys", keys=f"echo x=$x; {kill}", wait_s=0)).data == {}
    await gone(world.terminal)
    assert (await act(world, "screen")).data == {"restarted": True}
    assert (await act(world, "keys", keys="exec sleep 0.1\n", block_s=20)).data == {"restarted": True}
    assert (await act(world, "keys", keys="echo here\n", block_s=20)).data == {"timed_out": False}
    assert "here\n" in (await act(world, "new")).text
    answer = await world.answer()
    assert set(answer.files) == {"changes.tar", "session.cast"}
    head, *events = map(json.loads, answer.files["session.cast"].decode().splitlines())
    assert (head["version"], head["width"], head["height"]) == (2, 160, 40)
    assert {kind for _, kind, _ in events} <= {"i", "o", "m"}
    assert "echo here; " in "".join(text for _, kind, text in events if kind == "i")


async def test_acts_that_cannot_be_read_are_mistakes_and_one_that_is_cut_short_does_no_harm(
    workspace: Workspace,
) -> None:
    take = Take(wants_terminal=True)
    world = await TerminalWorld.open(workspace, take, shell=("bash", "--norc"), env={"PS1": "$ "})
    for given in (
        {"keys": 7},
        {"keys": "a\0"},
        {"keys": "x", "wait_s": -1},
        {"keys": "x", "block_s": "1"},
        {},
    ):
        assert "mistake" in (await act(world, "keys", **given)).data
    assert "mistake" in (await world.act(ToolCall("", "keys", "[1]"))).data
    assert "mistake" in (await world.act(ToolCall("", "rm", "{}"))).data
    assert world.tools == ()
    blocked = asyncio.create_task(act(world, "keys", keys="x=1; sleep 99\n", block_s=99))
    await running(workspace, "sleep")
    blocked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await blocked
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await act(world, "keys", keys="", wait_s=99)
    await act(world, "keys", keys="C-c")
    # the tests of some tasks are typed into the session itself
    assert json.loads((await world.answer()).text) == "x=1\n"
    assert take.terminal is world.terminal
    with pytest.raises(Ended):
        await world.terminal.screen()


@pytest.mark.full
async def test_a_disk_that_is_full_is_the_end_of_the_rollout(workspace: Workspace) -> None:
    world = await TerminalWorld.open(workspace, Take(), shell=("bash", "--norc"))
    fill = "for n in 1 2 3 4; do head -c 40000000 /dev/zero >/tmp/$n; done\n"
    for given in ({"keys": fill, "block_s": 60}, {"keys": "", "wait_s": 10}, {"keys": "", "wait_s": 10}):
        seen = await act(world, "keys", **given)
        if seen.died:
            break
    assert (seen.died, seen.end) == (True, "crashed")
    assert seen.text == "The workspace ended: disk."
