"""What suites with images of their own need to be there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from evalkit.program import ProgramSandbox
from evalkit.sandbox import open_program_sandbox


@pytest.fixture(scope="session")
def polyglot_image(docker_engine: Any) -> str:
    """The tag of the image of Aider-Polyglot's six languages: built once (3 minutes), then cached."""
    from evalkit_suites.aider_polyglot.recipe import RECIPE

    from evalkit.sandbox import build_recipe

    build_recipe(RECIPE, lambda line: print(line))  # pytest shows it where the build fails
    return str(RECIPE.tag)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def programs(docker_engine: Any) -> AsyncIterator[ProgramSandbox]:
    """Judges programs, for all tests of a file. They are of the session's loop."""
    opened = await open_program_sandbox(judges=4, run_label="suites")
    yield opened
    await opened.close()


@pytest.fixture
def no_certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What this machine knows of gold is neither believed nor added to; all else of its cache is used."""
    from evalkit.cache import cache_folder

    cache = tmp_path / "cache"
    cache.mkdir()
    for entry in cache_folder().iterdir():
        if entry.name != "certificates":
            (cache / entry.name).symlink_to(entry)
    monkeypatch.setenv("EVALKIT_CACHE", str(cache))
