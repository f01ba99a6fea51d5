"""Images from recipes: Debian's packages, wheels and npm packages, without a registry where there is none.

    system    the recipe's packages: on the registry's `debian:bookworm-slim`, else fetched by this host's apt
              and unpacked (`recipe_system.py`, `evalkit/debs.py`)
    payload   what the parts take from PyPI and npm, their files and links (`payload.py`)
    made      each part's commands, run in the image without a network
    checked   each part's check, in a container of the finished image

A part that cannot be had is left out; which, and why, stands in the image's labels. Every later use
sees the same image, so that is said when it is built: `--force` tries again.
"""

from __future__ import annotations

import json
import tarfile
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from evalkit.errors import SandboxError
from evalkit.recipe import Part, Recipe
from evalkit.sandbox import image_cache, payload
from evalkit.sandbox.build_box import container, end, must, put
from evalkit.sandbox.engine import docker_client, labels
from evalkit.sandbox.image_cache import Progress
from evalkit.sandbox.recipe_system import system
from evalkit.sandbox.system_image import build_system

PROVIDES, LACKS = "evalkit.provides", "evalkit.lacks"
PATH = "/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin"
# What the packages' scripts would have done and any program may count on, and the image's user.
SETTLE = """
set -e
cd /
[ -e /etc/passwd ] || cp /usr/share/base-passwd/passwd.master /etc/passwd
[ -e /etc/group ] || cp /usr/share/base-passwd/group.master /etc/group
[ -e /etc/nsswitch.conf ] || printf 'passwd: files\\ngroup: files\\nhosts: files dns\\n' > /etc/nsswitch.conf
grep -q '^work:' /etc/group || echo 'work:x:1000:' >> /etc/group
grep -q '^work:' /etc/passwd || echo 'work:x:1000:1000:work:/home/work:/bin/bash' >> /etc/passwd
mkdir -p /home/work /root /tmp /var/tmp
chown 1000:1000 /home/work
chmod 1777 /tmp /var/tmp
ldconfig
"""


def build_recipe(recipe: Recipe, progress: Progress | None = None, *, force: bool = False) -> str:
    """Make sure that the engine holds the recipe's image; returns its id. `force` builds anew.

    `progress` gets a line for each step that took time, and for each part that is left out. SandboxError
    says why no way worked.
    """
    say = progress or (lambda line: None)
    client = docker_client(timeout=1800)
    try:
        if not force and (found := image_cache.find(client, recipe.tag)):
            return found
        with image_cache.turn(recipe.tag, say):
            return _get(client, recipe, say, force=force)
    finally:
        client.close()


def _get(client: Any, recipe: Recipe, say: Progress, *, force: bool) -> str:
    found = (
        None if force else image_cache.find(client, recipe.tag) or image_cache.load(client, recipe.tag, say)
    )
    if found is None and recipe.system:
        below = build_recipe(recipe.below, say) if recipe.below else ""
        return build_system(client, recipe, below, say)
    if found:
        _tell(recipe, client.images.get(found).labels, say)
        return found
    started = time.monotonic()
    built = _build(client, recipe, say)
    _tell(recipe, client.images.get(built).labels, say)
    say(f"{recipe.name} image built in {time.monotonic() - started:.1f} s")
    image_cache.save(client, recipe.tag, say)
    return built


def look(recipe: Recipe) -> tuple[bool, str] | None:
    """Whether the engine holds its image with all parts, and what there is to say; None where it has none."""
    client = docker_client(timeout=30)
    try:
        image = image_cache.find(client, recipe.tag)
        if image is None:
            kept = image_cache.cached(recipe.tag).is_file()
            return (False, f"{recipe.tag} is in the cache, not in the engine") if kept else None
        lacks = lacking(client.images.get(image).labels)
    finally:
        client.close()
    without = f", without {', '.join(lacks)}: {next(iter(lacks.values()))}" if lacks else ""
    return not lacks, f"{recipe.tag} ({image[7:19]}){without}"


def provided(marks: Mapping[str, str]) -> frozenset[str]:
    """What an image's labels say that it gives."""
    return frozenset(marks.get(PROVIDES, "").split())


def lacking(marks: Mapping[str, str]) -> dict[str, str]:
    """The parts that an image was made without, and why."""
    try:
        found = json.loads(marks.get(LACKS) or "{}")
    except ValueError:
        return {}
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def _tell(recipe: Recipe, marks: Mapping[str, str], say: Progress) -> None:
    for name, why in lacking(marks).items():
        say(f"without {name}: {why}")


# -- building ----------------------------------------------------------------------------------
def _build(client: Any, recipe: Recipe, say: Progress) -> str:
    lacks: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="evalkit-image-") as scratch:
        folders = _fetch(recipe, Path(scratch), lacks, say)
        base = system(client, recipe, lacks, say)
        try:
            raw = _make(client, recipe, base, folders, lacks, say)
        except BaseException:
            _discard(client, base)
            raise
    try:
        _check(client, recipe, raw, lacks, say)
        return _mark(client, recipe, raw, lacks)
    except BaseException:
        _discard(client, raw)
        raise


def _fetch(recipe: Recipe, scratch: Path, lacks: dict[str, str], say: Progress) -> dict[str, Path]:
    """A folder a part, with what it takes from PyPI and npm."""
    folders = {}
    for number, part in enumerate(recipe.parts):
        folders[part.name] = scratch / str(number)
        if not (part.pip or part.npm):
            continue
        started = time.monotonic()
        try:
            payload.fetch(part, folders[part.name])
        except (SandboxError, OSError) as e:
            lacks[part.name] = str(e)
            continue
        say(f"{part.name}: fetched in {time.monotonic() - started:.1f} s")
    return folders


# -- in the image ------------------------------------------------------------------------------
def _make(
    client: Any, recipe: Recipe, base: str, folders: Mapping[str, Path], lacks: dict[str, str], say: Progress
) -> str:
    """The id of an image with the payload in it and the parts' commands run."""
    parts = [part for part in recipe.parts if part.name not in lacks]
    with container(client, base, {"PATH": PATH, "LANG": "C.UTF-8", **dict(recipe.env)}, "0") as box:
        must(box, SETTLE)
        started = time.monotonic()
        put(box, lambda out: _pack(parts, folders, out))
        say(f"wheels, npm packages and files put in within {time.monotonic() - started:.1f} s")
        for part in parts:
            started = time.monotonic()
            try:
                for command in part.make:
                    must(box, command)
            except SandboxError as e:
                lacks[part.name] = e.message
                continue
            if part.make:
                say(f"{part.name}: made ready in {time.monotonic() - started:.1f} s")
        must(box, f"chown -R {payload.OWNER}:{payload.OWNER} /home/work")
        started = time.monotonic()
        env = {"PATH": PATH, "LANG": "C.UTF-8", "HOME": "/home/work", **dict(recipe.env)}
        changes = [f"ENV {key}={json.dumps(value)}" for key, value in env.items()]
        changes += ["USER work", "WORKDIR /home/work", 'CMD ["/bin/sh"]']
        image = str(box.commit(changes=changes).id)
        say(f"kept in the engine in {time.monotonic() - started:.1f} s")
        return image


def _pack(parts: Sequence[Part], folders: Mapping[str, Path], out: tarfile.TarFile) -> None:
    for part in parts:
        payload.pack(part, folders[part.name], out)


def _check(client: Any, recipe: Recipe, image: str, lacks: dict[str, str], say: Progress) -> None:
    """Try each part as its user would; what fails is lacking."""
    started = time.monotonic()
    with container(client, image, {}, "") as box:
        for part in recipe.parts:
            if part.name in lacks or not part.check:
                continue
            status, output = box.exec_run(list(part.check))
            if status:
                lacks[part.name] = f"its check fails with status {status}: {end(output)}"
    say(f"checked in {time.monotonic() - started:.1f} s")


def _mark(client: Any, recipe: Recipe, image: str, lacks: Mapping[str, str]) -> str:
    """Give the image its name and labels, which say what it is good for."""
    gives = sorted({word for part in recipe.parts if part.name not in lacks for word in part.gives})
    marks = {
        "evalkit": "image",
        "evalkit.recipe": recipe.tag,
        "evalkit.owner": "",
        PROVIDES: " ".join(gives),
        LACKS: json.dumps(dict(lacks)),
    }
    box = client.containers.create(image, labels=labels("build"))
    try:
        repository, tag = recipe.tag.split(":")
        changes = [f"LABEL {json.dumps(key)}={json.dumps(value)}" for key, value in marks.items()]
        return str(box.commit(repository, tag, changes=changes).id)
    finally:
        box.remove(force=True)


def _discard(client: Any, image: str) -> None:
    import docker.errors

    with suppress(docker.errors.APIError):
        client.images.remove(image, force=True)
