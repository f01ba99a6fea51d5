"""One sandbox for all of these tests: starting it costs a second, using it milliseconds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from evalkit.sandbox import open_program_sandbox


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def sandbox(docker_engine: Any) -> AsyncIterator[Any]:
    """A program sandbox that judges four at once."""
    opened = await open_program_sandbox(judges=4, run_label="tests")
    yield opened
    await opened.close()
