"""A workspace for terminals, of this host's own programs, and how to look at one."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from evalkit.sandbox import open_workspace_sandbox
from evalkit.scaffolds.terminal import Terminal, terminal_bundle
from evalkit.workspace import Bundle, Workspace, WorkspaceLimits, WorkspaceSpec
from tests import workspace_image as images

LIMITS = WorkspaceLimits(memory_bytes=256 << 20, disk_bytes=64 << 20, processes=200)
FULL_SCREEN = tuple(name for name in ("vim", "top", "less") if shutil.which(name))
PROGRAMS = (*images.PROGRAMS, "bash", "grep", "stty", "tty", *FULL_SCREEN)


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


async def running(workspace: Workspace, program: str) -> None:
    """Wait until a process is that program, and no longer a shell that is about to be it: a C-c that comes
    earlier can be lost between the shell's last look for signals and the program's start."""
    for _ in range(200):
        if await said(workspace, f"grep -lsx {program} /proc/[0-9]*/comm"):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{program!r} does not start")
