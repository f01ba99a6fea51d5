"""The system of a recipe's image: Debian packages, on a registry's base or unpacked by themselves."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import Any

from evalkit import debs
from evalkit.errors import SandboxError
from evalkit.recipe import Recipe
from evalkit.sandbox.engine import labels
from evalkit.sandbox.image import BASE, build_on_base, first_line, import_image, pull_base
from evalkit.sandbox.image_cache import Progress

LINKS = (
    ("usr/bin/sh", "-> dash"),
    ("usr/bin/awk", "-> mawk"),
    ("etc/localtime", "-> /usr/share/zoneinfo/Etc/UTC"),
)


def system(client: Any, recipe: Recipe, lacks: dict[str, str], say: Progress) -> str:
    """The id of an image with the packages of all parts that can be had."""
    reasons = []
    for name, build in (("registry", _from_registry), ("Debian packages", _from_packages)):
        tried = dict(lacks)
        try:
            image = build(client, recipe, tried, say)
        except SandboxError as e:
            reasons.append(f"{name}: {e.message}")
            say(f"not from the {name}: {e.message}")
            continue
        lacks |= tried
        return image
    raise SandboxError(
        f"the {recipe.name} image cannot be built ({'; '.join(reasons)})", "see docs/images.md"
    )


def _from_registry(client: Any, recipe: Recipe, lacks: dict[str, str], say: Progress) -> str:
    import docker.errors
    import requests

    pull_base(say)
    started = time.monotonic()
    install = "apt-get install -y -qq --no-install-recommends"
    steps = [f"FROM {BASE}", "ENV DEBIAN_FRONTEND=noninteractive"]
    steps.append(f"RUN apt-get update -qq && {install} {' '.join(recipe.tools)}")
    steps += [
        # one that fails leaves a note, and the others come all the same
        f"RUN {install} {' '.join(part.debs)} || touch /evalkit-lacks-{number}"
        for number, part in enumerate(recipe.parts)
        if part.debs and part.name not in lacks
    ]
    steps.append("RUN rm -rf /var/lib/apt/lists/* /usr/share/doc /usr/share/man /usr/share/locale")
    text = "\n".join(steps) + "\n"
    try:
        image = build_on_base(client, text, labels=labels("build"))
        noted = client.containers.run(
            image, ["sh", "-c", "ls -d /evalkit-lacks-* || true"], remove=True, labels=labels("build")
        )
    except (docker.errors.DockerException, requests.RequestException) as e:
        raise SandboxError(f"installing the packages failed ({first_line(e)})") from None
    for word in noted.decode().split():
        lacks[recipe.parts[int(word.rpartition("-")[2])].name] = (
            "apt-get install failed in the registry's image"
        )
    say(f"packages installed in {time.monotonic() - started:.1f} s")
    return image


def _from_packages(client: Any, recipe: Recipe, lacks: dict[str, str], say: Progress) -> str:
    started = time.monotonic()
    with debs.debian() as debian:
        files = debian.fetch(_packages(debian, recipe, lacks))
        size = sum(deb.stat().st_size for deb in files)
        say(f"{len(files)} packages, {size >> 20} MB, fetched in {time.monotonic() - started:.1f} s")
        started = time.monotonic()
        how = debs.Unpacking(skipped=recipe.unused, extra=LINKS)
        with debian.rootfs(files, how) as archive:
            marks = [f"LABEL {json.dumps(k)}={json.dumps(v)}" for k, v in labels("build").items()]
            image = import_image(client, archive, *marks)
    say(f"unpacked and imported in {time.monotonic() - started:.1f} s")
    return image


def _packages(debian: debs.Debian, recipe: Recipe, lacks: dict[str, str]) -> list[str]:
    """Those of the tools and of all parts that can be had; the parts that cannot go into `lacks`."""
    parts = [part for part in recipe.parts if part.debs and part.name not in lacks]
    everything = [*recipe.tools, *(name for part in parts for name in part.debs)]
    with suppress(SandboxError):
        debian.resolve(everything)
        return everything
    wanted = list(recipe.tools)
    debian.resolve(wanted)
    for part in parts:
        try:
            debian.resolve([*wanted, *part.debs])
        except SandboxError as e:
            lacks[part.name] = e.message
        else:
            wanted += part.debs
    return wanted
