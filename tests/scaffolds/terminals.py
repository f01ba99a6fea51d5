"""How to have a terminal in a workspace, and how to look at one."""

from __future__ import annotations

import asyncio
import shutil
from typing import Any

from evalkit.scaffolds.terminal import Terminal
from evalkit.workspace import Workspace, WorkspaceLimits

LIMITS = WorkspaceLimits(memory_bytes=256 << 20, disk_bytes=64 << 20, processes=200)
FULL_SCREEN = tuple(name for name in ("vim", "top", "less") if shutil.which(name))


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


async def running(workspace: Workspace, program: str) -> None:
    """Wait until a process is that program, and no longer a shell that is about to be it: a C-c that comes
    earlier can be lost between the shell's last look for signals and the program's start."""
    for _ in range(200):
        if await said(workspace, f"grep -lsx {program} /proc/[0-9]*/comm"):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{program!r} does not start")
