"""The images of single tasks from Dockerfiles of theirs (`evalkit.recipe.Context`), by the engine's builder.

    base    for each name in a FROM line: what --image-map says, what the engine has by that name, what a
            registry gives out, else the recipe that stands for it
    tools   the Context's parts `below`, over the base of the last stage      one for all tasks of a base
    built   the Dockerfile, with these bases in its FROM lines and nothing else changed
    extra   the parts `extra`, its environment, and labels that say of what it was made

The last has the name by which the task asks for its image; where a base is another than was named, the label
`evalkit.from` says so, and a run's manifest with it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import tarfile
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evalkit.cache import cache_folder
from evalkit.errors import BuildFailed, SandboxError
from evalkit.recipe import Context, Part
from evalkit.sandbox import dockerfile, image_cache
from evalkit.sandbox.context_bases import base, mapped, text_of
from evalkit.sandbox.context_layer import bare, certified, lay, mark, settings_of_certificates
from evalkit.sandbox.engine import docker_client
from evalkit.sandbox.engine_build import build
from evalkit.sandbox.image_cache import Progress
from evalkit.sandbox.package_index import proxies, settings
from evalkit.sandbox.recipes import LACKS, lacking

LAYOUT = 2  # raise it when another image is made of the same Context
FORGETTING_S = 20
SUPPLIED = " (--image-map)"
KEY, FROM = "evalkit.context", "evalkit.from"  # labels: of which Context; what stands for which base


@dataclass(frozen=True)
class BuiltContext:
    """An image that is there. `bases`: for each name in a FROM line, what was taken; `lacks`: parts that it
    was made without, and why; `seconds` that it took, 0.0 where it was there. `foreign`: not made here."""

    image: str
    id: str
    size: int
    seconds: float = 0.0
    bases: Mapping[str, str] = field(default_factory=dict)
    lacks: Mapping[str, str] = field(default_factory=dict)
    foreign: bool = False


def build_context(
    context: Context,
    image_map: Mapping[str, str] | None = None,
    progress: Progress | None = None,
    *,
    force: bool = False,
) -> BuiltContext:
    """Make sure that the engine holds the image. `image_map`: local images for names in FROM lines.

    One of its name that was not made here stays as it is, unless by `force`. SandboxError says which step
    failed, with the end of the log.
    """
    say = progress or (lambda line: None)
    client = docker_client(timeout=1800)
    try:
        with image_cache.turn(f"evalkit/context-{context.key}:1", say):
            if not force and (found := look_context(client, context, image_map or {})):
                return found
            started = time.monotonic()
            before = image_cache.find(client, context.image)
            try:
                _build(client, context, image_map or {}, say)
            except BuildFailed as e:
                raise BuildFailed(
                    f"{context.image} was not built: {e.message}", _kept(context, e), e.log
                ) from None
            _forget(before)
            return _facts(client, context.image, time.monotonic() - started)
    finally:
        client.close()


def look_context(client: Any, context: Context, image_map: Mapping[str, str]) -> BuiltContext | None:
    """The image, if the engine has it as it is wanted."""
    if image_cache.find(client, context.image) is None:
        return None
    found = _facts(client, context.image, 0.0)
    marks = client.images.get(context.image).labels
    if found.foreign:
        return found
    same = all(_as_supplied(client, image_map, name, taken) for name, taken in found.bases.items())
    return found if same and marks.get(KEY) == _key(context) else None


def _as_supplied(client: Any, image_map: Mapping[str, str], name: str, taken: str) -> bool:
    """Whether a base is the one that the user supplies now, or was not supplied, if none is."""
    target = mapped(image_map, name)
    if target is None:
        return not taken.endswith(SUPPLIED)
    return taken == f"{target} {image_cache.find(client, target)}{SUPPLIED}"


def _key(context: Context) -> str:
    return f"{context.key}-{LAYOUT}"


def _facts(client: Any, image: str, seconds: float) -> BuiltContext:
    found = client.images.get(image)
    marks = found.labels
    bases = json.loads(marks.get(FROM) or "{}")
    return BuiltContext(
        image, str(found.id), int(found.attrs["Size"]), seconds, bases, lacking(marks), KEY not in marks
    )


def _build(client: Any, context: Context, image_map: Mapping[str, str], say: Progress) -> None:
    text = text_of(context)
    bases = {name: base(client, context, image_map, name, say) for name in dockerfile.outside(text)}
    last = dockerfile.base(text)
    froms = dict(bases)
    lacks: dict[str, str] = {}
    if context.below and last in bases:
        froms[last], lacks = _with_tools(client, froms[last], context.below, say)
    froms = certified(client, froms)
    started = time.monotonic()
    known = {**settings(), **settings_of_certificates()}
    written = dockerfile.rewritten(text, froms, [*known])
    args = {**dict(context.args), **proxies(), **known}
    with tempfile.TemporaryFile() as archive:
        _pack(context, written, archive)
        made = build(client, archive, context.dockerfile, timeout_s=context.timeout_s, args=args).id
    say(f"Dockerfile built in {time.monotonic() - started:.1f} s")
    if context.extra:
        started = time.monotonic()
        laid = lay(client, made, context.extra)
        made, lacks = laid.id, {**lacks, **laid.lacks}
        names = ", ".join(part.name for part in context.extra)
        say(f"{names} put in within {time.monotonic() - started:.1f} s")
    made = bare(client, made)
    for name, why in lacks.items():
        say(f"without {name}: {why}")
    said = {name: _said(client, name, image, image_map) for name, image in bases.items()}
    marks = {
        KEY: _key(context),
        "evalkit.recipe": context.image,
        FROM: json.dumps(said),
        LACKS: json.dumps(lacks),
    }
    _tag(client, mark(client, made, marks, dict(context.env)), context.image)


# -- what goes below it -------------------------------------------------------------------------------
def _said(client: Any, name: str, image: str, image_map: Mapping[str, str]) -> str:
    """What was taken for a name: its own name here, its id, and whether the user said so."""
    if (target := mapped(image_map, name)) is not None:
        return f"{target} {image}{SUPPLIED}"
    tags = [str(tag) for tag in client.images.get(image).tags]
    return f"{name if name in tags or not tags else tags[0]} {image}"


def _with_tools(
    client: Any, image: str, parts: tuple[Part, ...], say: Progress
) -> tuple[str, dict[str, str]]:
    """The base with the parts over it; and those that are lacking."""
    digest = hashlib.sha256(json.dumps([LAYOUT, image, repr(parts)]).encode()).hexdigest()[:12]
    tag = f"evalkit/build-tools:{digest}"
    with image_cache.turn(tag, say):
        if (found := image_cache.find(client, tag)) is None:
            started = time.monotonic()
            laid = lay(client, image, parts)
            marks = {"evalkit.recipe": tag, LACKS: json.dumps(dict(laid.lacks))}
            _tag(client, mark(client, laid.id, marks), tag)
            found = str(client.images.get(tag).id)
            say(f"{', '.join(part.name for part in parts)} put in within {time.monotonic() - started:.1f} s")
        return found, lacking(client.images.get(found).labels)


# -- the build's archive -----------------------------------------------------------------------------
def _pack(context: Context, written: str, archive: Any) -> None:
    import io

    from docker.utils.build import PatternMatcher

    files = dict(context.files)
    listed = files.get(".dockerignore", b"").decode("utf-8", "replace").splitlines()
    rules = [line.strip() for line in listed if line.strip() and not line.lstrip().startswith("#")]
    ignored = PatternMatcher(rules)
    folders: set[str] = set()
    with tarfile.open(fileobj=archive, mode="w") as out:
        for path, data in [*files.items()]:
            if path == context.dockerfile:
                data = written.encode()
            elif rules and ignored.matches(path):  # type: ignore[arg-type]  # its types are wrong
                continue
            for parent in _parents(path):
                if parent not in folders:
                    folders.add(parent)
                    info = tarfile.TarInfo(parent)
                    info.type, info.mode = tarfile.DIRTYPE, 0o755
                    out.addfile(info)
            info = tarfile.TarInfo(path)
            info.size, info.mode = len(data), 0o755 if path in context.executable else 0o644
            out.addfile(info, io.BytesIO(data))
    archive.seek(0)


def _parents(path: str) -> list[str]:
    words = path.split("/")[:-1]
    return ["/".join(words[: n + 1]) for n in range(len(words))]


# -- afterwards --------------------------------------------------------------------------------------
def _tag(client: Any, image: str, name: str) -> None:
    repository, _, tag = name.rpartition(":")
    client.api.tag(image, repository, tag)


def _forget(image: str | None) -> None:
    """Remove an image of ours that has lost its name to a newer one. What uses it keeps it; an engine that
    cannot do it now is not waited for: `evalkit clean --images` finds it by its labels."""
    import docker.errors
    import requests

    if image is None:
        return
    with contextlib.suppress(docker.errors.DockerException, requests.RequestException, SandboxError):
        client = docker_client(timeout=FORGETTING_S)
        with contextlib.closing(client):
            found = client.images.get(image)
            if KEY in found.labels and not found.tags:
                client.images.remove(image)


def _kept(context: Context, e: BuildFailed) -> str:
    """Keep the log of a build that failed; where it is."""
    path = cache_folder() / "builds" / f"{context.image.rpartition('/')[2].replace(':', '-')}.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(e.log, encoding="utf-8")
    except OSError:
        return ""
    return f"the whole log: {path}"
