"""What the names in a Dockerfile's FROM lines mean here: what the user supplies, what the engine has, what a
registry gives out, else the recipe that stands for it."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from evalkit.errors import BuildFailed, SandboxError
from evalkit.recipe import Context, Recipe
from evalkit.sandbox import dockerfile, image_cache
from evalkit.sandbox.image import first_line
from evalkit.sandbox.image_cache import Progress
from evalkit.sandbox.recipes import build_recipe


def text_of(context: Context) -> str:
    """Its Dockerfile. BuildFailed where there is none."""
    data = dict(context.files).get(context.dockerfile)
    if data is None:
        raise BuildFailed(f"its folder has no {context.dockerfile}")
    return data.decode("utf-8", "replace")


def bases_of(context: Context) -> list[str]:
    """The names in its FROM lines, other than its own stages. BuildFailed."""
    return dockerfile.outside(text_of(context))


def mapped(image_map: Mapping[str, str], name: str) -> str | None:
    """What the user supplies for a name in a FROM line; the name itself comes before patterns."""
    if name in image_map:
        return image_map[name]
    return next((image_map[key] for key in image_map if fnmatchcase(name, key)), None)


def standing_for(context: Context, name: str) -> Recipe | None:
    """The first recipe whose pattern the name fits, without its digest."""
    bare = name.partition("@")[0]
    return next((recipe for key, recipe in context.bases if fnmatchcase(bare, key)), None)


def base(client: Any, context: Context, image_map: Mapping[str, str], name: str, say: Progress) -> str:
    """The id of what a name in a FROM line means here. SandboxError where it cannot be had."""
    if (target := mapped(image_map, name)) is not None:
        if found := image_cache.find(client, target):
            return found
        raise SandboxError(f"--image-map: the engine has no image {target}", "build, load or pull it first")
    if found := image_cache.find(client, name):
        return found
    why = _pull(client, name, say)
    if not why:
        return str(client.images.get(name).id)
    recipe = standing_for(context, name)
    if recipe is None:
        raise BuildFailed(
            f"it begins with {name}, which cannot be had: {why}",
            "docker pull it, or name a local image for it with --image-map (docs/images.md)",
        )
    say(f"{name} cannot be pulled ({why}): {recipe.name} stands for it")
    return build_recipe(recipe, say)


def _pull(client: Any, name: str, say: Progress) -> str:
    """Why it cannot be pulled, "" where it was."""
    import docker.errors
    import docker.utils
    import requests

    repository, tag = docker.utils.parse_repository_tag(name)
    try:
        client.images.pull(repository, tag=tag or "latest")
    except (docker.errors.DockerException, requests.RequestException) as e:
        return first_line(getattr(e, "explanation", None) or e)
    say(f"pulled {name}")
    return ""
