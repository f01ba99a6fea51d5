"""Shells that wait for their command: nothing of what a command is changes by them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from evalkit.sandbox import open_workspace_sandbox
from evalkit.workspace import Executed, WorkspaceLimits, WorkspaceSpec
from tests.steady import steady

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="session")]
LIMITS = WorkspaceLimits(memory_bytes=256 << 20, disk_bytes=64 << 20, processes=200)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def workspace(workspace_image: str) -> AsyncIterator[Any]:
    sandbox = await open_workspace_sandbox(run_label="ahead")
    yield await sandbox.open(WorkspaceSpec(workspace_image, limits=LIMITS))
    await sandbox.close()


async def sh(workspace: Any, script: str, timeout_s: float = 30.0, **how: Any) -> Executed:
    done: Executed = await workspace.run(["sh", "-c", script], timeout_s=timeout_s, **how)
    return done


async def waiting(workspace: Any) -> int:
    """The process of a shell that waits for the next command, with no variables of its own."""
    for _ in range(3):
        await sh(workspace, "true")
    return await next_pid(workspace)


async def next_pid(workspace: Any) -> int:
    shells = await asyncio.gather(*workspace.commands._ahead._coming)
    return int(shells[0].pid.result())


async def test_a_command_becomes_of_the_shell_that_waits(workspace: Any) -> None:
    """Words, folder, input, status and output as ever; in the process that was there before."""
    tried: list[tuple[str, dict[str, Any], int, str]] = [
        ("echo $$; cat; exit 7", {}, 7, "{pid}\n"),
        ("echo $$; pwd; cat", {"folder": "/tmp", "stdin": b"in\nput"}, 0, "{pid}\n/tmp\nin\nput"),
        ("true", {"folder": "nowhere"}, 126, ""),
    ]
    for script, how, status, said in tried:
        pid = await waiting(workspace)
        done = await sh(workspace, script, **how)
        assert done.status == status
        assert done.text == said.format(pid=pid) or not said
    words = ["a b", "$X `id`", "*", "", "it's \"\\\n", "\n'\n", "-n", "ä\t"]
    pid = await waiting(workspace)
    script = 'echo $$; for w; do echo "<$w>"; done'
    done = await workspace.run(["sh", "-c", script, "sh", *words], timeout_s=30)
    assert done.text == f"{pid}\n" + "".join(f"<{word}>\n" for word in words)
    await waiting(workspace)
    missing = await workspace.run(["no-such-program"], timeout_s=30)
    assert (missing.status, "not found" in missing.text) == (127, True)


async def test_another_user_or_environment_gets_a_shell_of_its_own(workspace: Any) -> None:
    for how, said in (({"user": "root"}, "0 \n"), ({"env": {"X": "a b"}}, "1234 a b\n")):
        pid = await waiting(workspace)
        assert (await sh(workspace, "echo $(id -u) $X", **how)).text == said.replace(" \n", "\n")
        assert (await sh(workspace, f"ls -d /proc/{pid}", **how)).status == 2, "the one that waited is gone"


async def test_a_long_command_is_no_other(workspace: Any) -> None:
    await waiting(workspace)
    assert (await sh(workspace, f"x={'y' * 50_000}; echo ${{#x}}")).output == b"50000\n"


async def test_one_that_was_killed_meanwhile_costs_no_command(workspace: Any) -> None:
    pid = await waiting(workspace)
    assert (await sh(workspace, "kill -9 -1; echo $$")).text == f"{pid}\n"
    assert (await sh(workspace, "echo usable")).output == b"usable\n"
    pid = await waiting(workspace)
    await sh(workspace, f"kill -9 {pid}", user="root")
    assert (await sh(workspace, "echo usable")).output == b"usable\n"


@steady
async def test_what_was_started_while_it_waited_is_none_of_its_command(workspace: Any) -> None:
    """A service lives on that is younger than the process of the command that is late, though not than it."""
    await workspace.quiet()
    await waiting(workspace)
    await sh(workspace, "sleep 0.5; setsid sleep 60 >/dev/null 2>&1 &")
    pid = await next_pid(workspace)
    late = await sh(workspace, "echo $$; (setsid sleep 60 &); sleep 60", 1.0)
    assert (late.timed_out, late.text) == (True, f"{pid}\n")
    assert await workspace.commands.alive() == 1
    await workspace.quiet()
    assert await workspace.commands.alive() == 0


@steady
async def test_what_is_made_of_it_from_inside_ends_like_all_else(workspace: Any) -> None:
    """A command gives the waiting shell a command of its own: it ends with the one that is late, or before files
    are read."""
    planted = "for p in /proc/[0-9]*; do case $(tail -c 20 $p/cmdline 2>/dev/null) in *'\"$__line\"'*) "
    planted += "echo 'sleep 60 & sleep 60' > $p/fd/0 && echo planted;; esac; done"
    await waiting(workspace)
    late = await sh(workspace, f"sleep 0.3; {planted}; sleep 60", 1.5)
    assert late.timed_out
    assert set(late.text.splitlines()) == {"planted"}
    assert await workspace.commands.alive() == 0
    await waiting(workspace)
    assert set((await sh(workspace, f"sleep 0.3; {planted}")).text.splitlines()) == {"planted"}
    assert await workspace.commands.alive() == 0
    await waiting(workspace)
    await sh(workspace, f"sleep 0.3; {planted}")
    assert (await sh(workspace, "echo usable")).output == b"usable\n"


async def test_it_is_gone_where_all_else_should_be(workspace: Any) -> None:
    await waiting(workspace)
    await workspace.quiet()
    assert await workspace.keeper.ask("count") == 0
    await waiting(workspace)
    seen = "for p in /proc/[0-9]*; do tail -c 20 $p/cmdline 2>/dev/null; done | wc -l"
    first = await sh(workspace, seen, computes=True)
    assert (await sh(workspace, seen, computes=True)).text == first.text
    assert not workspace.commands._ahead.waits
