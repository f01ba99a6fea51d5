"""The images of single tasks (`evalkit.recipe.Build`), in layers that tasks share.

    base         the recipe's: Debian, tools, compilers                       one for all
    python       a Python of the version                                      one a version
    environment  the frozen packages                                          one a list of pins
    the task's   repository, install lines, wheels for building once more     one a task

The last has the name by which the task asks for its image, the others are evalkit/build-*: `evalkit clean
--images` removes them all. Only installing has a network, and the index as this host's pip knows it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shlex
import tarfile
import tempfile
import time
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.debs import write
from evalkit.recipe import Build
from evalkit.sandbox import build_source, image_cache
from evalkit.sandbox.build_box import container, end, keep, must, put, tried
from evalkit.sandbox.build_python import LACKED, make_environment, make_python, origin
from evalkit.sandbox.engine import docker_client
from evalkit.sandbox.image_cache import Progress
from evalkit.sandbox.package_index import package_index
from evalkit.sandbox.recipes import PATH, build_recipe

LAYOUT = 1  # raise it when another image is made of the same Build
KEY, AGAIN = "evalkit.build", "evalkit.again"  # labels: of which Build; how building once more went
PLAIN = ("setuptools>=40.8.0", "wheel")  # what pip asks for where a project says nothing


@dataclass(frozen=True)
class Built:
    """An image that is there. `lacked`: pins that no index has; `again`: why it does not build once more
    without a network, "" where it does; `seconds` that it took, 0.0 where it was there. `foreign`: not made
    here."""

    image: str
    id: str
    size: int
    seconds: float = 0.0
    lacked: tuple[str, ...] = ()
    again: str = ""
    foreign: bool = False


def build_image_of(
    build: Build, mirror: str = "", progress: Progress | None = None, *, force: bool = False
) -> Built:
    """Make sure that the engine holds the image. One of its name that was not made here stays as it is,
    unless by `force`. SandboxError says what could not be done; UsageError that the mirror is none."""
    say = progress or (lambda line: None)
    client = docker_client(timeout=3600)
    try:
        if not force and (found := _found(client, build)):
            return found
        with image_cache.turn(f"evalkit/build-{build.key}:1", say):
            if not force and (found := _found(client, build)):
                return found
            started = time.monotonic()
            before = image_cache.find(client, build.image)
            _build(client, build, mirror, say)
            _forget(client, before)
            return _facts(client, build, time.monotonic() - started)
    finally:
        client.close()


def _found(client: Any, build: Build) -> Built | None:
    if image_cache.find(client, build.image) is None:
        return None
    facts = _facts(client, build, 0.0)
    marks = client.images.get(build.image).labels
    return facts if facts.foreign or marks.get(KEY) == _key(build) else None


def _forget(client: Any, image: str | None) -> None:
    """Remove an image of ours that has lost its name to a newer one; what uses it, keeps it."""
    import docker.errors

    with contextlib.suppress(docker.errors.APIError):
        if image and KEY in client.images.get(image).labels:
            client.images.remove(image)


def _facts(client: Any, build: Build, seconds: float) -> Built:
    image = client.images.get(build.image)
    marks = image.labels
    return Built(
        build.image,
        str(image.id),
        int(image.attrs["Size"]),
        seconds,
        tuple(json.loads(marks.get(LACKED) or "[]")),
        marks.get(AGAIN, ""),
        KEY not in marks,
    )


def _key(build: Build) -> str:
    return f"{build.key}-{LAYOUT}"


def _build(client: Any, build: Build, mirror: str, say: Progress) -> None:
    with tempfile.TemporaryDirectory(prefix="evalkit-build-") as scratch:
        repository = Path(scratch) / "repository"
        started = time.monotonic()
        build_source.fetch(build, mirror, repository)
        say(f"{build.repository} at {build.commit[:12]} fetched in {time.monotonic() - started:.1f} s")
        below = _environment(client, build, say)
        with container(client, below, {}, "0", network=True) as box:
            put(box, lambda out: _pack(build, repository, out))
            started = time.monotonic()
            _install(box, build)
            say(f"installed in {time.monotonic() - started:.1f} s")
            marks = {KEY: _key(build), "evalkit.recipe": build.image, AGAIN: "not tried"}
            raw = keep(box, build.image, marks, *_settled(build))
    if build.again:
        _try_again(client, build, raw, marks, say)


def _settled(build: Build) -> tuple[str, ...]:
    return ("USER root", "ENV HOME=/root", f"WORKDIR {build.root}", 'CMD ["/bin/bash"]')


# -- the layers below --------------------------------------------------------------------------------
def _environment(client: Any, build: Build, say: Progress) -> str:
    """The image with the pins in the build's Python; just the base where it wants no Python."""
    base = build_recipe(build.base, say)
    if not build.python:
        return base
    source = origin(build.python)
    facts = [LAYOUT, base, build.python, source, build.prefix]
    tag = f"evalkit/build-python:{_digest(facts)}"
    python = _layer(client, tag, lambda: make_python(client, base, tag, source, build.prefix, say), say)
    if not build.pins:
        return python
    above = f"evalkit/build-environment:{_digest([python, *build.pins])}"
    return _layer(
        client, above, lambda: make_environment(client, python, above, build.prefix, build.pins, say), say
    )


def _layer(client: Any, tag: str, make: Callable[[], str], say: Progress) -> str:
    if found := image_cache.find(client, tag):
        return found
    with image_cache.turn(tag, say):
        return image_cache.find(client, tag) or make()


def _digest(facts: list[Any]) -> str:
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]


# -- the task's own ----------------------------------------------------------------------------------
def _pack(build: Build, repository: Path, out: tarfile.TarFile) -> None:
    build_source.pack(repository, build.root, out)
    for path, text in build.files:
        write(out, path, text)


def _install(box: Any, build: Build) -> None:
    root = shlex.quote(build.root)
    must(box, f"cd {root} && git reset -q --hard")
    with package_index(box) as index:
        env = {**index, "PATH": PATH, "HOME": "/root"}
        if build.install:
            must(box, _script(build, build.install), env, shell="bash")
        if build.python:
            _wheels(box, build, env)
    # what git noted meanwhile, and what installing left
    must(box, f"cd {root}/.git && rm -rf logs ORIG_HEAD FETCH_HEAD; rm -rf /tmp/* /root/.cache")


def _script(build: Build, lines: tuple[str, ...]) -> str:
    return "\n".join([f"set -eo pipefail\ncd {shlex.quote(build.root)}", *lines])


def _wheels(box: Any, build: Build, env: Mapping[str, str]) -> None:
    """What building the project asks for, as wheels in the image."""
    status, text = tried(box, f"cat {shlex.quote(build.root)}/pyproject.toml")
    wanted = [*PLAIN, *requirements(text if status == 0 else b"")]
    python = f"{shlex.quote(build.prefix)}/bin/python"
    must(
        box,
        f"mkdir -p {build.wheels} && {python} -m pip wheel -q -w {build.wheels} {shlex.join(wanted)}",
        env,
    )


def requirements(pyproject: bytes) -> tuple[str, ...]:
    """What its [build-system] requires; nothing where it says nothing that pip would understand."""
    try:
        found = tomllib.loads(pyproject.decode()).get("build-system", {}).get("requires", [])
    except (ValueError, AttributeError):
        return ()
    return tuple(word for word in found if isinstance(word, str)) if isinstance(found, list) else ()


def _try_again(client: Any, build: Build, image: str, marks: Mapping[str, str], say: Progress) -> None:
    """Run `again` without a network in a container of the image, and write down what came of it."""
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": build.wheels, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    started = time.monotonic()
    with container(client, image, {}, "0") as box:
        status, output = tried(box, _script(build, build.again), offline, shell="bash")
    outcome = f"status {status}: {end(output)}" if status else ""
    say(f"built again without a network in {time.monotonic() - started:.1f} s: {outcome or 'yes'}")
    with container(client, image, {}, "") as box:
        keep(box, build.image, {**marks, AGAIN: outcome}, *_settled(build))
