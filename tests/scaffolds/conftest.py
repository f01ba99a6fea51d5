"""One image of this host's own programs, and one sandbox for all workspaces of this folder's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from evalkit.sandbox import open_workspace_sandbox
from evalkit.scaffolds.terminal import terminal_bundle
from evalkit.workspace import Bundle, Workspace, WorkspaceSpec
from tests import workspace_image as images
from tests.scaffolds.terminals import FULL_SCREEN, LIMITS

PROGRAMS = (*images.PROGRAMS, "bash", "git", "grep", "stty", "tty", *FULL_SCREEN)


@pytest.fixture(scope="session")
def image(docker_engine: Any) -> Iterator[str]:
    with images.made(docker_engine, PROGRAMS, "ENV PATH=/opt/own:/usr/bin:/bin", python=True) as made:
        yield made


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def sandbox(image: str) -> AsyncIterator[Any]:
    opened = await open_workspace_sandbox(images=[image], computing=2, run_label="scaffolds")
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def bundle() -> Bundle:
    return terminal_bundle()


@pytest_asyncio.fixture(loop_scope="session")
async def workspace(sandbox: Any, image: str, bundle: Bundle) -> AsyncIterator[Workspace]:
    """With what a terminal needs."""
    opened = await sandbox.open(WorkspaceSpec(image, limits=LIMITS, bundles=(bundle,)))
    yield opened
    await opened.close()
