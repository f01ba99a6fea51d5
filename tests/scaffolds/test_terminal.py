"""A terminal in a real workspace: keys, waits, screens, ends, and what becomes of what it started."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from evalkit.errors import SandboxError
from evalkit.interaction import Observation
from evalkit.model import ToolCall
from evalkit.sandbox import open_workspace_sandbox
from evalkit.scaffolds.terminal import (
    Ended,
    NoTerminal,
    Recording,
    Terminal,
    TerminalWorld,
    client,
    terminal_bundle,
)
from evalkit.task import Answer
from evalkit.workspace import Bundle, Workspace, WorkspaceDied, WorkspaceLimits, WorkspaceSpec
from tests import workspace_image as images

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="session")]
LIMITS = WorkspaceLimits(memory_bytes=256 << 20, disk_bytes=64 << 20, processes=200)
FULL_SCREEN = tuple(name for name in ("vim", "top", "less") if shutil.which(name))
PROGRAMS = (*images.PROGRAMS, "bash", "grep", "stty", "tty", *FULL_SCREEN)
WORDS = [
    "plain",
    'it\'s ~ $HOME #{pane_id} \\ "x"',
    "a\tb\nc\x1b\x7f",
    "~",
    "日本 🙂 e\u0301",
    ";",
    "a;",
    "{",
    "%if",
    "-l",
]


@pytest.fixture(scope="module")
def image(docker_engine: Any) -> Iterator[str]:
    with images.made(docker_engine, PROGRAMS, "ENV PATH=/opt/own:/usr/bin:/bin", python=True) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sandbox(image: str) -> AsyncIterator[Any]:
    opened = await open_workspace_sandbox(images=[image], computing=2, run_label="terminal")
    yield opened
    await opened.close()


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return terminal_bundle()


@pytest_asyncio.fixture(loop_scope="session")
async def workspace(sandbox: Any, image: str, bundle: Bundle) -> AsyncIterator[Workspace]:
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


# -- keys and waits --------------------------------------------------------------------------------


async def test_keys_are_typed_and_a_blocking_command_is_waited_for(workspace: Workspace) -> None:
    terminal = await a_terminal(workspace)
    assert await terminal.run_blocking(["echo one; sleep 0.2; echo 'two$HOME;\\'", "Enter"], 20)
    screen = await terminal.screen()
    assert "\none\ntwo$HOME;\\\n" in screen
    assert screen.count("\n") == 40
    assert not await terminal.run_blocking("sleep 60\n", 0.3)
    await terminal.send("C-c")
    assert await terminal.run_blocking("echo again\n", 20)
    # what is printed is no end, whatever it looks like
    assert not await terminal.run_blocking("echo '%end 1 2 1'; echo done; cat\n", 0.5)
    await terminal.send("C-d")
    await until(terminal, "done\n$")
    assert await terminal.new_output() is None  # the first time
    await terminal.run_blocking("seq 1 100\n", 20)
    new = await terminal.new_output()
    assert new is not None
    assert new.startswith("$ seq 1 100;")
    assert "\n1\n2\n3\n" in new  # also what has left the screen
    assert await terminal.new_output() is None
    await terminal.send(["clear", "Enter", "echo cleared\n"])
    await terminal.end()


async def test_what_is_typed_comes_through_byte_for_byte(workspace: Workspace) -> None:
    terminal = await a_terminal(workspace)
    words = [*WORDS, *(f"{n:06},ä🙂" for n in range(3000)), "ab" * 20_000]
    typed = "".join(words).encode()
    await terminal.send(
        f"stty raw -echo; echo read''y; head -c {len(typed)} >/tmp/typed; stty sane; echo o''ver\n"
    )
    await until(terminal, "ready")
    await terminal.send("".join(words[len(WORDS) :]), literal=True)
    await terminal.send(WORDS, literal=True)
    expected = "".join((*words[len(WORDS) :], *WORDS)).encode()
    await until(terminal, "over")
    assert await workspace.read("/tmp/typed") == expected
    await terminal.send(
        ["clear; stty raw -echo; echo a''gain; head -c 6 >/tmp/typed; stty sane; echo o''ver", "Enter"]
    )
    await until(terminal, "again")
    await terminal.send(["C-c", "Enter", "Up", "x"])
    await until(terminal, "over")
    assert await workspace.read("/tmp/typed") == b"\x03\r\x1b[Ax"
    await terminal.end()


async def test_wide_screens_wide_characters_and_what_programs_say_of_titles(workspace: Workspace) -> None:
    recording = Recording(200, 50)
    terminal = await a_terminal(workspace, width=200, height=50, recording=recording)
    await terminal.run_blocking(
        "stty size; echo 日本🙂e\u0301x; printf '\\033]2;title\\007\\a\\033[31mred\\033[0m\\n'\n", 20
    )
    screen = await terminal.screen()
    assert "\n50 200\n日本🙂e\u0301x\nred\n" in screen
    await terminal.run_blocking("printf '\\033[2J\\033[5;199H日|\\033[9;1H'\n", 20)
    assert (await terminal.screen()).splitlines()[4] == " " * 198 + "日"
    await terminal.resize(90, 20)
    await terminal.run_blocking("stty size\n", 20)
    await until(terminal, "\n20 90\n")
    await terminal.end()
    events = [json.loads(line) for line in recording.cast().decode().splitlines()[1:]]
    printed = "".join(text for _, kind, text in events if kind == "o")
    assert "日本🙂e\u0301x\r\n\x1b]2;title\x07\x07\x1b[31mred\x1b[0m\r\n" in printed
    assert [text for _, kind, text in events if kind == "r"] == ["90x20"]
    assert [at for at, _, _ in events] == sorted(at for at, _, _ in events)


async def test_it_is_the_users_login_shell_and_no_settings_of_the_users_count(workspace: Workspace) -> None:
    profile = b"PATH=/from/profile:/usr/bin:/bin; export PATH; PS1='$ '\n"
    await workspace.write({"/etc/profile": profile}, as_root=True)
    await workspace.write({"/home/worker/.tmux.conf": b"set -g default-command 'echo mine; sleep 9'\n"})
    await workspace.write({"/etc/tmux.conf": b"set -g prefix C-a; kill-server\n"}, as_root=True)
    terminal = await Terminal.open(workspace, folder="/tmp")
    line = 'echo "$PATH|$PWD|$LOCPATH|$LD_LIBRARY_PATH|${TMUX%%/.*}|$FROM_IMAGE|$(tty)"\n'
    assert await terminal.run_blocking(line, 20)
    assert "\n/from/profile:/usr/bin:/bin|/tmp|||/dev/shm|yes|/dev/pts/" in await terminal.screen()
    root = await Terminal.open(workspace, user="0:0", folder="/", shell=("bash", "--login"))
    assert await root.run_blocking("id -u; pwd\n", 20)
    assert "\n0\n/\n" in await root.screen()
    assert "/from/profile" not in await root.screen()  # the two do not know each other
    await terminal.end()
    await root.end()


@pytest.mark.skipif("less" not in FULL_SCREEN, reason="this host has no less")
async def test_full_screen_programs_and_long_running_ones(workspace: Workspace) -> None:
    terminal = await a_terminal(workspace)
    await terminal.send("seq 1 500 >/tmp/n; less /tmp/n\n")
    assert (await until(terminal, "\n39\n")).startswith("1\n2\n3\n")
    await terminal.send(["G"])
    await until(terminal, "\n500\n")
    await terminal.send("q")
    await until(terminal, "$ seq 1 500")  # the screen is as it was
    await terminal.send("python3 -q\n")
    await until(terminal, ">>>")
    await terminal.send("for n in range(3): print(n * 7)\n\n")
    await until(terminal, "0\n7\n14\n>>>")
    await terminal.send(["import time; time.sleep(99)", "Enter"])
    await terminal.send("C-c")
    await until(terminal, "KeyboardInterrupt\n>>>")
    await terminal.send("C-d")
    await terminal.end()


@pytest.mark.full
@pytest.mark.skipif(
    "top" not in FULL_SCREEN or "vim" not in FULL_SCREEN, reason="this host has no top, no vim"
)
async def test_an_editor_and_a_screen_that_redraws_itself(workspace: Workspace) -> None:
    terminal = await a_terminal(workspace)
    await terminal.send("vim -u NONE /tmp/v\n")
    await until(terminal, "/tmp/v")
    await terminal.send(["ihello", "Enter", "world", "Escape", ":s/o/0/", "Enter", ":wq", "Enter"])
    await until(terminal, "$ vim -u NONE")
    assert await workspace.read("/tmp/v") == b"hello\nw0rld\n"
    await terminal.send("top -d 1\n")
    await until(terminal, "load average")
    assert await terminal.new_output() is None
    await asyncio.sleep(2.5)
    await terminal.send("q")
    assert await terminal.run_blocking("echo back\n", 20)
    await terminal.end()


@pytest.mark.full
async def test_much_output_is_seen_and_recorded_to_its_end(workspace: Workspace) -> None:
    recording = Recording()
    terminal = await a_terminal(workspace, recording=recording)
    flood = "python3 -c 'for n in range(15000): print(n, \"x\" * 100)'"
    assert await terminal.run_blocking(flood + "\n", 60)
    assert "14999 xxx" in await terminal.screen()
    assert (await terminal.scrollback()).count("xxx\n") == 15_000
    await asyncio.sleep(1.2)  # where it came too quickly to be recorded, the screen is, after a second
    assert await terminal.run_blocking("echo after''wards\n", 20)
    await terminal.end()
    cast = recording.cast().decode()
    assert "14999 xxx" in cast
    assert "afterwards" in cast


async def test_where_no_more_can_be_started_a_command_is_not_waited_for_and_nothing_else_is_lost(
    workspace: Workspace,
) -> None:
    terminal = await a_terminal(workspace)
    await terminal.send("sh -c 'echo $$ >/tmp/group; for n in $(seq 1 300); do sleep 300 & done'\n")
    await until(terminal, "Cannot fork")
    assert not await terminal.run_blocking("echo typed\n", 1)
    await until(terminal, "typed\n")
    await terminal.send("C-c")
    await terminal.send("read group </tmp/group; kill -9 -$group\n")
    assert await terminal.run_blocking("echo ag''ain\n", 60)
    assert "again" in await terminal.screen()
    await terminal.end()


async def test_windows_that_are_made_within_are_driven_and_recorded(workspace: Workspace) -> None:
    recording = Recording()
    terminal = await a_terminal(workspace, recording=recording)
    inside = "/evalkit/terminal/tmux"
    assert await terminal.run_blocking(f"echo fi''rst; {inside} new-window\n", 20)
    assert await terminal.run_blocking("echo sec''ond; stty size\n", 20)
    screen = await terminal.screen()
    assert "second\n40 160\n" in screen
    assert "first" not in screen
    await terminal.send("exit\n")
    await until(terminal, "first")
    assert await terminal.run_blocking("echo th''ird\n", 20)
    await terminal.end()
    cast = recording.cast().decode()
    assert cast.index("first") < cast.index("second") < cast.index("third")


@pytest.mark.full
async def test_a_tmux_that_is_stopped_counts_as_gone_but_a_slow_machine_does_not(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "REPLY_S", 1.0)
    stop = "for p in /proc/[0-9]*; do grep -qs start-server $p/cmdline && kill -STOP ${p#/proc/}; done"
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


# -- ends ------------------------------------------------------------------------------------------


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
    end = "for p in /proc/[0-9]*; do grep -qs sleep.1234 $p/cmdline && kill ${p#/proc/}; done"
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


async def test_a_session_that_is_gone_is_had_anew_and_that_is_said(workspace: Workspace) -> None:
    world = await TerminalWorld.open(workspace, Take(), shell=("bash", "--norc"), env={"PS1": "$ "})
    assert (await act(world, "keys", keys="x=1; exit 3\n", wait_s=0.5)).data == {}
    seen = await act(world, "new")
    assert seen.data == {"restarted": True}
    assert seen.text.startswith("[The terminal was gone: the session ended. This is a new one.]\n")
    kill = "read -r _ _ _ server _ </proc/$PPID/stat; kill -9 $server\n"
    assert (await act(world, "keys", keys=f"echo x=$x; {kill}", wait_s=0.5)).data == {}
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
    for given in ({"keys": "x=1; sleep 99\n", "block_s": 99}, {"keys": "", "wait_s": 99}):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await act(world, "keys", **given)
    await act(world, "keys", keys="C-c")
    # the tests of some tasks are typed into the session itself
    assert json.loads((await world.answer()).text) == "x=1\n"
    assert take.terminal is world.terminal
    with pytest.raises(Ended):
        await world.terminal.screen()
