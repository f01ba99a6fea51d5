"""What suites with images of their own need to be there."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(scope="session")
def polyglot_image(docker_engine: Any) -> str:
    """The tag of the image of Aider-Polyglot's six toolchains. Skips where it is not there: building it takes
    minutes."""
    from docker.errors import ImageNotFound
    from evalkit_suites.aider_polyglot.recipe import RECIPE

    try:
        docker_engine.images.get(RECIPE.tag)
    except ImageNotFound:
        pytest.skip(f"no image {RECIPE.tag}: evalkit sandbox build aider-polyglot")
    return str(RECIPE.tag)
