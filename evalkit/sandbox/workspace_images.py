"""Which image a workspace's spec means, and what is known of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from evalkit.errors import BuildFailed, SandboxError
from evalkit.recipe import Context, Recipe
from evalkit.sandbox import own_thread
from evalkit.sandbox.pulls import Supply
from evalkit.sandbox.workspace_calls import Calls

PROVIDES = "evalkit.provides"  # label: words
BASES = "evalkit.from"  # label: see contexts.py
BUILDS_AT_ONCE = 2
Contexts = Mapping[str, Callable[[], Context]]  # by the names of their images: the files are read when needed


@dataclass(frozen=True)
class Image:
    """`user` and what else the image says of itself; `digest` of the registry where it has one; `folder` is
    where its commands start. `bases`: of one from a Dockerfile, what its FROM lines name, and what it got."""

    id: str
    user: str
    provides: frozenset[str]
    digest: str = ""
    folder: str = "/"
    bases: str = ""


class Images:
    """Those that a run needs, by the names that specs use. A recipe's or a Dockerfile's is built where it is
    missing; others come from the supply, if there is one, for as long as they are used."""

    def __init__(
        self,
        calls: Calls,
        recipes: Sequence[Recipe],
        supply: Supply | None = None,
        contexts: Contexts | None = None,
        image_map: Mapping[str, str] | None = None,
    ) -> None:
        self._calls = calls
        self._supply = supply
        self._supplied = {r.name: r for r in recipes if supply is not None and supply.maps(r.name)}
        self._recipes = {r.name: r for r in recipes if r.name not in self._supplied}
        supplied = supply.maps if supply is not None else lambda name: False
        self._contexts = {name: make for name, make in (contexts or {}).items() if not supplied(name)}
        self._image_map = image_map or {}
        self._building = asyncio.Semaphore(BUILDS_AT_ONCE)
        self._failed: dict[str, BuildFailed] = {}  # another try would take as long, to the same end
        self._known: dict[str, Image] = {}
        self._turns: dict[str, asyncio.Lock] = {}

    async def take(self, name: str) -> Image:
        """The image, until it is given back. SandboxError where it is not to be had."""
        if self._supply is None or self._built(name):
            return await self._get(name)
        image_id = await self._supply.take(name)
        try:
            known = self._known.get(name)
            if known is None or known.id != image_id:
                known = self._known[name] = await self._inspect(image_id) or _gone(name)
            return known
        except BaseException:
            self._supply.give(name)
            raise

    def give(self, name: str) -> None:
        if self._supply is not None and not self._built(name):
            self._supply.give(name)

    def _built(self, name: str) -> bool:
        return name in self._recipes or name in self._contexts

    async def prepare(self, name: str) -> None:
        """Before the first is asked for: build it, or know it if the engine has it already."""
        if name in self._recipes:
            await self._get(name)
        elif name in self._contexts:
            await self._look(name)
        elif found := await self._inspect(self._supply.called(name) if self._supply else name):
            self._known[name] = found

    def provides(self, name: str) -> frozenset[str]:
        """From its label, as far as it has been seen. Who supplies an image instead of a suite's own, without
        the label, vouches for all that it is to hold."""
        known = self._known.get(name)
        if known is not None and not known.provides and (recipe := self._supplied.get(name)):
            return frozenset(word for part in recipe.parts for word in part.gives)
        return known.provides if known else frozenset()

    def identity(self, name: str) -> str:
        """The digest by which a registry knows it, also before it is pulled; else the engine's id."""
        known = self._known.get(name)
        if known is None:
            return self._supply.digest(name) if self._supply else ""
        return known.digest.rpartition("@")[2] or known.id

    def describe(self) -> dict[str, str]:
        """Name -> digest, or the engine's id where no registry has it; after the name of what is supplied."""
        return {name: self._said(name, image) for name, image in sorted(self._known.items())}

    def _said(self, name: str, image: Image) -> str:
        if self._supply is not None and self._supply.maps(name):
            return f"{self._supply.called(name)} {image.id}"
        return image.digest or (f"{image.id} from {image.bases}" if image.bases else image.id)

    async def close(self) -> None:
        if self._supply is not None:
            await self._supply.close()

    async def _get(self, name: str) -> Image:
        async with self._turns.setdefault(name, asyncio.Lock()):
            if name in self._contexts:
                await self._from_dockerfile(name)
            elif name not in self._known:
                recipe = self._recipes.get(name)
                found = await self._inspect(recipe.tag if recipe else name)
                if found is None and recipe:
                    from evalkit import sandbox

                    await asyncio.to_thread(sandbox.build_recipe, recipe, _say)
                    found = await self._inspect(recipe.tag)
                self._known[name] = found or _gone(name)
            return self._known[name]

    async def _look(self, name: str) -> None:
        """Know it, where the engine has it as it is wanted."""
        from evalkit.sandbox.contexts import look_context

        if await self._inspect(name) is not None:
            context = await asyncio.to_thread(self._contexts[name])
            if await self._calls(look_context, self._calls.client, context, self._image_map):
                self._known[name] = await self._inspect(name) or _gone(name)

    async def _from_dockerfile(self, name: str) -> None:
        """Build it, once. BuildFailed, also later on."""
        if name in self._known:
            return
        if name in self._failed:
            raise self._failed[name]
        from evalkit import sandbox

        context = await asyncio.to_thread(self._contexts[name])
        async with self._building:
            try:
                await _built_apart(lambda: sandbox.build_context(context, self._image_map, _say))
            except BuildFailed as e:
                self._failed[name] = e
                raise
        self._known[name] = await self._inspect(name) or _gone(name)

    async def _inspect(self, reference: str) -> Image | None:
        found: Image | None = await self._calls(_inspect, self._calls.client, reference)
        return found


async def _built_apart(build: Callable[[], object]) -> None:
    """In a thread that nobody waits for where the run is stopped: the engine gives up what nobody hears."""
    await asyncio.wrap_future(own_thread.start(build, "evalkit-build"))


def _gone(name: str) -> NoReturn:
    raise SandboxError(f"the engine does not have the image {name}", _WAY_OUT)


_WAY_OUT = "docker pull it, name another with --image-map, or build it (docs/images.md)"


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
    marks = config.get("Labels") or {}
    words = frozenset(marks.get(PROVIDES, "").split())
    digests = facts.get("RepoDigests") or [""]
    folder = config.get("WorkingDir") or "/"
    bases = _bases(marks.get(BASES, ""))
    return Image(facts["Id"], config.get("User", ""), words, digests[0], folder, bases)


def _bases(mark: str) -> str:
    """For people: each name in a FROM line, and what was taken for it."""
    found = json.loads(mark or "{}")
    return ", ".join(f"{name} = {taken}" for name, taken in found.items())
