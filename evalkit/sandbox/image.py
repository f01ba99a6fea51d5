"""The judge image: Debian 12 with its Python 3.11 and numpy, and nothing else, not even a shell.

Three ways to it, tried in this order: the copy that an earlier build left in the cache; the
registry's `debian:bookworm-slim` plus two packages, where a registry answers; and the same packages
fetched with this host's own apt configuration and unpacked into an image (`debs.py`). Both builds
give the same interpreter, since verdicts may depend on it.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from evalkit.cache import cache_folder
from evalkit.errors import SandboxError
from evalkit.sandbox.debs import COMPILE, PACKAGES, rootfs
from evalkit.sandbox.engine import docker_client, labels

Progress = Callable[[str], None]
BASE = "debian:bookworm-slim"
REGISTRY_PATIENCE_S = 20.0

DOCKERFILE = f"""FROM {BASE}
RUN apt-get update -qq \\
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends {" ".join(PACKAGES)} \\
 && rm -rf /var/lib/apt/lists/* /usr/share/doc /usr/share/man /usr/share/locale
"""


def recipe() -> str:
    """sha256 of everything that decides the image's contents."""
    from evalkit.sandbox import debs

    facts = [DOCKERFILE, *PACKAGES, *COMPILE, *debs.SKIPPED, *debs.UNWANTED, repr(debs.EXTRA)]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()


def image_tag() -> str:
    return f"evalkit/judge:{recipe()[:12]}"


def find_image(client: Any) -> str | None:
    """The id of the judge image that this version of evalkit wants, if the engine has it."""
    import docker.errors

    try:
        return str(client.images.get(image_tag()).id)
    except docker.errors.ImageNotFound:
        return None


def build_image(*, force: bool = False, progress: Progress | None = None) -> str:
    """Make sure that the engine holds the judge image; returns its id. `force` builds anew.

    `progress` gets a line for each step that took time. SandboxError says why no way worked.
    """
    say = progress or (lambda line: None)
    client = docker_client(timeout=600)
    if not force:
        if found := find_image(client):
            return found
        if loaded := _load(client, say):
            return loaded
    started = time.monotonic()
    reasons = []
    for name, build in (("registry", _from_registry), ("Debian packages", _from_packages)):
        try:
            build(client, say)
        except SandboxError as e:
            reasons.append(f"{name}: {e.message}")
            say(f"not from the {name}: {e.message}")
            continue
        say(f"judge image built from the {name} in {time.monotonic() - started:.1f} s")
        _save(client, say)
        return find_image(client) or ""
    raise SandboxError(f"the judge image cannot be built ({'; '.join(reasons)})", "see docs/judge.md, Images")


# -- the cache ---------------------------------------------------------------------------------
def _cached() -> Path:
    return cache_folder() / "images" / f"judge-{recipe()[:12]}.tar"


def _load(client: Any, say: Progress) -> str | None:
    path = _cached()
    if not path.is_file():
        return None
    import docker.errors

    started = time.monotonic()
    try:
        with path.open("rb") as file:
            client.images.load(file)
    except (docker.errors.APIError, docker.errors.ImageLoadError, OSError) as e:
        say(f"the cached image {path.name} is damaged ({e}): building anew")
        path.unlink(missing_ok=True)
        return None
    say(f"judge image loaded from the cache in {time.monotonic() - started:.1f} s")
    return find_image(client)


def _save(client: Any, say: Progress) -> None:
    path = _cached()
    partial = path.with_suffix(f".{os.getpid()}")
    started = time.monotonic()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            for chunk in client.images.get(image_tag()).save(named=True):
                file.write(chunk)
        partial.replace(path)
    except OSError as e:
        partial.unlink(missing_ok=True)
        say(f"the image works, but cannot be kept in the cache: {e}")
        return
    say(f"kept in the cache ({path.stat().st_size >> 20} MB) in {time.monotonic() - started:.1f} s")


# -- two ways to build -------------------------------------------------------------------------
def _from_registry(client: Any, say: Progress) -> None:
    import docker
    import docker.errors
    import requests

    started = time.monotonic()
    try:
        impatient = docker.from_env(timeout=int(REGISTRY_PATIENCE_S), version="auto")
        impatient.images.pull(BASE)
    except (docker.errors.DockerException, requests.RequestException) as e:
        raise SandboxError(f"no {BASE} ({_first_line(e)})") from None
    say(f"pulled {BASE} in {time.monotonic() - started:.1f} s")
    started = time.monotonic()
    try:
        client.images.build(fileobj=io.BytesIO(DOCKERFILE.encode()), tag=image_tag(), labels=_image_labels())
    except (docker.errors.DockerException, requests.RequestException) as e:
        raise SandboxError(f"installing the packages failed ({_first_line(e)})") from None
    say(f"installed {', '.join(PACKAGES)} in {time.monotonic() - started:.1f} s")


def _from_packages(client: Any, say: Progress) -> None:
    import docker.errors

    started = time.monotonic()
    with rootfs(say) as archive:
        say(f"packages fetched and unpacked in {time.monotonic() - started:.1f} s")
        started = time.monotonic()
        try:
            reply = client.api.import_image_from_data(archive, changes=["ENV LANG=C.UTF-8", "CMD python3"])
            imported = json.loads(reply.strip().splitlines()[-1])["status"]
        except (docker.errors.APIError, KeyError, ValueError) as e:
            raise SandboxError(f"the engine does not import the image ({_first_line(e)})") from None
    say(f"imported in {time.monotonic() - started:.1f} s")
    started = time.monotonic()
    _compile(client, imported)
    say(f"byte-compiled the library in {time.monotonic() - started:.1f} s")


def _compile(client: Any, imported: str) -> None:
    """Packages compile their modules when they are installed; these were only unpacked."""
    import docker.errors

    box = client.containers.create(
        imported, ["python3", *COMPILE], network_mode="none", labels=labels("build")
    )
    try:
        box.start()
        status = box.wait()["StatusCode"]
        if status:
            raise SandboxError(f"byte-compiling failed with status {status}: {box.logs()[-300:]!r}")
        changes = [f"LABEL {key}={json.dumps(value)}" for key, value in _image_labels().items()]
        repository, tag = image_tag().split(":")
        box.commit(repository, tag, changes=[*changes, 'CMD ["python3"]'])
    except docker.errors.APIError as e:
        raise SandboxError(f"the engine does not keep the image ({_first_line(e)})") from None
    finally:
        box.remove(force=True)


def _image_labels() -> dict[str, str]:
    return {"evalkit": "image", "evalkit.recipe": recipe()}


def _first_line(e: BaseException) -> str:
    return (str(e).splitlines() or [type(e).__name__])[0][:200]
