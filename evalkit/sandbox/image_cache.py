"""Images that were built once, kept as files: loading one is quicker than building, and needs no network."""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from evalkit.cache import cache_folder

Progress = Callable[[str], None]
ABANDONED_S = 3600.0
_FORM = re.compile(r"-[0-9a-f]{12}$")


def cached(tag: str) -> Path:
    """Where an image is kept: evalkit/judge:123 in images/judge-123.tar."""
    return cache_folder() / "images" / f"{tag.rpartition('/')[2].replace(':', '-')}.tar"


@contextmanager
def turn(tag: str, say: Progress) -> Iterator[None]:
    """One process at a time makes an image: others wait, and find it made."""
    path = cached(tag).with_suffix(".lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.open("w")
    except OSError:  # nothing can be kept here: each makes its own
        yield
        return
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another evalkit is at the {name_of(tag)} image: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def find(client: Any, tag: str) -> str | None:
    """The id of an image that the engine has."""
    import docker.errors

    try:
        return str(client.images.get(tag).id)
    except docker.errors.ImageNotFound:
        return None


def load(client: Any, tag: str, say: Progress) -> str | None:
    """Its id, if the cache has it; a damaged file is removed."""
    path = cached(tag)
    if not path.is_file():
        return None
    import docker.errors

    started = time.monotonic()
    try:
        with path.open("rb") as file:
            client.images.load(file)
        path.touch()
    except (docker.errors.APIError, docker.errors.ImageLoadError, OSError) as e:
        say(f"the cached image {path.name} is damaged ({e}): building anew")
        path.unlink(missing_ok=True)
        return None
    say(f"{name_of(tag)} image loaded from the cache in {time.monotonic() - started:.1f} s")
    return find(client, tag)


def save(client: Any, tag: str, say: Progress) -> None:
    """Keep it. Where there is no space, say so: the image works all the same."""
    path = cached(tag)
    partial = path.with_suffix(f".{os.getpid()}")
    started = time.monotonic()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            for chunk in client.images.get(tag).save(named=True):
                file.write(chunk)
        partial.replace(path)
        _forget(path, name_of(tag))
    except OSError as e:
        partial.unlink(missing_ok=True)
        say(f"the image works, but cannot be kept in the cache: {e}")
        return
    say(f"kept in the cache ({path.stat().st_size >> 20} MB) in {time.monotonic() - started:.1f} s")


def _forget(newest: Path, name: str) -> None:
    """Keep two recipes' images of a name: gigabytes each, and who compares two versions has both."""
    others = [
        p for p in newest.parent.glob(f"{name}-*.tar") if p != newest and _FORM.match(p.stem[len(name) :])
    ]
    for path in sorted(others, key=lambda p: p.stat().st_mtime)[:-1]:
        path.unlink(missing_ok=True)
    for path in newest.parent.glob(f"{name}-*.[0-9]*"):  # what a killed one left of its writing
        if time.time() - path.stat().st_mtime > ABANDONED_S:
            path.unlink(missing_ok=True)


def name_of(tag: str) -> str:
    return tag.rpartition("/")[2].partition(":")[0]
