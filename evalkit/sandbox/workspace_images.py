"""Which image a workspace's spec means, and what is known of it."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evalkit.errors import SandboxError
from evalkit.recipe import Recipe
from evalkit.sandbox.workspace_calls import Calls

PROVIDES = "evalkit.provides"  # label: words


@dataclass(frozen=True)
class Image:
    """`user` and what else the image says of itself; `digest` of the registry where it has one."""

    id: str
    user: str
    provides: frozenset[str]
    digest: str = ""


class Images:
    """Those that a run needs, by the names that specs use. What is missing is built, or fetched."""

    def __init__(self, calls: Calls, recipes: Sequence[Recipe]) -> None:
        self._calls = calls
        self._recipes = {recipe.name: recipe for recipe in recipes}
        self._known: dict[str, Image] = {}
        self._turns: dict[str, asyncio.Lock] = {}

    async def get(self, name: str) -> Image:
        """SandboxError where it is not to be had."""
        async with self._turns.setdefault(name, asyncio.Lock()):
            if name not in self._known:
                found = await self._find(name) or await self._have(name)
                if found is None:
                    raise SandboxError(f"the engine does not have the image {name}", _WAY_OUT)
                self._known[name] = found
            return self._known[name]

    def forget(self, name: str) -> None:
        """It was removed meanwhile: look again."""
        self._known.pop(name, None)

    def known(self, name: str) -> Image | None:
        return self._known.get(name)

    def describe(self) -> dict[str, str]:
        """Name -> digest, or the engine's id where no registry has it."""
        return {name: image.digest or image.id for name, image in sorted(self._known.items())}

    async def look(self, name: str) -> None:
        """Know it if the engine has it already."""
        if name not in self._known and (found := await self._find(name)):
            self._known[name] = found

    async def _find(self, name: str) -> Image | None:
        recipe = self._recipes.get(name)
        return await self._calls(_inspect, self._calls.client, recipe.tag if recipe else name)  # type: ignore[no-any-return]

    async def _have(self, name: str) -> Image | None:
        if recipe := self._recipes.get(name):
            from evalkit import sandbox

            build_recipe = sandbox.build_recipe
            await asyncio.to_thread(build_recipe, recipe, _say)
        else:
            try:
                pulls = importlib.import_module("evalkit.sandbox.pulls")
            except ImportError:
                return None
            await pulls.ensure(name)
        return await self._find(name)


_WAY_OUT = "docker pull it, or name another with --image-map"


def _say(line: str) -> None:
    import logging

    logging.getLogger(__name__).info("%s", line)


def _inspect(client: Any, reference: str) -> Image | None:
    import docker.errors

    if not reference:
        return None
    try:
        facts = client.api.inspect_image(reference)
    except docker.errors.NotFound:
        return None
    config = facts.get("Config") or {}
    words = (config.get("Labels") or {}).get(PROVIDES, "")
    digests = facts.get("RepoDigests") or [""]
    return Image(facts["Id"], config.get("User", ""), frozenset(words.split()), digests[0])
