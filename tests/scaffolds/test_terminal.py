"""A terminal in a real workspace: keys, waits, and what is seen and recorded."""

from __future__ import annotations

import asyncio
import json

import pytest

from evalkit.scaffolds.terminal import Recording, Terminal
from evalkit.workspace import Workspace
from tests.scaffolds.terminals import FULL_SCREEN, a_terminal, running, until

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="session")]
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

# A signal that comes after Python last looked for one and before it is in time.sleep is lost to the sleep.
# With a wakeup_fd none is: what is received then has come already.
WAITS = (
    "import signal, socket; a, b = socket.socketpair(); b.setblocking(False); "
    "signal.set_wakeup_fd(b.fileno()); print('wait' 'ing'); a.recv(1)"
)


# -- keys and waits --------------------------------------------------------------------------------


async def test_keys_are_typed_and_a_blocking_command_is_waited_for(workspace: Workspace) -> None:
    terminal = await a_terminal(workspace)
    assert await terminal.run_blocking(["echo one; sleep 0.2; echo 'two$HOME;\\'", "Enter"], 20)
    screen = await terminal.screen()
    assert "\none\ntwo$HOME;\\\n" in screen
    assert screen.count("\n") == 40
    assert not await terminal.run_blocking("sleep 60\n", 0.3)
    await running(workspace, "sleep")
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
    await terminal.send([WAITS, "Enter"])
    await until(terminal, "\nwaiting")
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
async def test_many_terminals_come_and_go(workspace: Workspace) -> None:
    async def one(number: int) -> None:
        terminal = await a_terminal(workspace, recording=Recording() if number % 2 else None)
        assert await terminal.run_blocking(f"echo of {number}\n", 60)
        assert f"\nof {number}\n" in await terminal.screen()
        await terminal.end()

    for _ in range(10):
        await asyncio.gather(*map(one, range(4)))
