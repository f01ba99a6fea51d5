"""What becomes of a run's Dockerfiles, before it begins: which images are there, which are built on what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from evalkit.recipe import Context
from evalkit.sandbox import image_cache
from evalkit.sandbox.context_bases import bases_of, mapped, standing_for
from evalkit.sandbox.contexts import look_context
from evalkit.sandbox.engine import docker_client, engine_failures


def plan_builds(
    contexts: Mapping[str, Callable[[], Context]], image_map: Mapping[str, str]
) -> dict[str, Any]:
    """`summary` for people, `images`, of them `here`, `to_build`: names; `bases`: for each name in the FROM
    lines of these, what will be taken. Builds and pulls nothing. SandboxError."""
    client = docker_client()
    missing: list[str] = []
    bases: dict[str, str] = {}
    with engine_failures():
        for name, make in contexts.items():
            context = make()
            if look_context(client, context, image_map):
                continue
            missing.append(name)
            for base in bases_of(context):
                bases.setdefault(base, _meant(client, context, image_map, base))
    client.close()
    told = f"{len(missing)} of {len(contexts)} to build from Dockerfiles"
    said = [f"{base}: {meant}" for base, meant in bases.items()]
    return {
        "summary": "; ".join([told, *said]),
        "images": len(contexts),
        "here": len(contexts) - len(missing),
        "to_build": missing,
        "bases": bases,
    }


def _meant(client: Any, context: Context, image_map: Mapping[str, str], base: str) -> str:
    if (target := mapped(image_map, base)) is not None:
        return f"supplied, {target}"
    if image_cache.find(client, base):
        return "in the engine"
    recipe = standing_for(context, base)
    return f"from a registry, else {recipe.tag}" if recipe else "from a registry"
