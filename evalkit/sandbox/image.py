"""The judge image: Debian 12 with its Python 3.11 and numpy, and nothing else, not even a shell.

Three ways to it, tried in this order: the copy that an earlier build left in the cache; the
registry's `debian:bookworm-slim` plus two packages, where a registry answers; and the same packages
fetched with this host's own apt configuration and unpacked into an image (`evalkit/debs.py`). Both builds
give the same interpreter, since verdicts may depend on it.
"""

from __future__ import annotations

import hashlib
import io
import json
import time
from typing import IO, Any

from evalkit import debs
from evalkit.errors import SandboxError
from evalkit.sandbox import image_cache
from evalkit.sandbox.engine import docker_client, labels
from evalkit.sandbox.image_cache import Progress

BASE = "debian:bookworm-slim"
REGISTRY_PATIENCE_S = 20.0
PACKAGES = ("python3", "python3-numpy", "tzdata")
# dependencies that only serve installation or an interactive terminal
SKIPPED = ("dpkg", "tar", "debconf", "gcc-12-base", "readline-common", "libacl1", "libmd0", "libpcre2-8-0")
UNWANTED = (*debs.UNWANTED, "./usr/lib/python3/dist-packages/numpy/core/include/")
COMPILE = (
    "-m",
    "compileall",
    "-q",
    "-j",
    "0",
    "-x",
    "lib2to3/tests|/tests?/",
    "/usr/lib/python3.11",
    "/usr/lib/python3",
)
# what maintainer scripts would have done, where it matters here
EXTRA: tuple[debs.Extra, ...] = (
    ("usr/lib/{arch}/libblas.so.3", "-> blas/libblas.so.3"),
    ("usr/lib/{arch}/liblapack.so.3", "-> lapack/liblapack.so.3"),
    ("etc/passwd", "root:x:0:0:root:/:/bin/false\nnobody:x:65534:65534:nobody:/:/bin/false\n"),
    ("etc/group", "root:x:0:\nnogroup:x:65534:\n"),
    ("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n"),
)

DOCKERFILE = f"""FROM {BASE}
RUN apt-get update -qq \\
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends {" ".join(PACKAGES)} \\
 && rm -rf /var/lib/apt/lists/* /usr/share/doc /usr/share/man /usr/share/locale
"""


def recipe() -> str:
    """sha256 of everything that decides the image's contents."""
    facts = [DOCKERFILE, *PACKAGES, *COMPILE, *SKIPPED, *UNWANTED, repr(EXTRA)]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()


def image_tag() -> str:
    return f"evalkit/judge:{recipe()[:12]}"


def find_image(client: Any) -> str | None:
    """The id of the judge image that this version of evalkit wants, if the engine has it."""
    return image_cache.find(client, image_tag())


def build_image(*, force: bool = False, progress: Progress | None = None) -> str:
    """Make sure that the engine holds the judge image; returns its id. `force` builds anew.

    `progress` gets a line for each step that took time. SandboxError says why no way worked.
    """
    say = progress or (lambda line: None)
    client = docker_client(timeout=600)
    if not force:
        if found := find_image(client):
            return found
        if loaded := image_cache.load(client, image_tag(), say):
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
        image_cache.save(client, image_tag(), say)
        return find_image(client) or ""
    raise SandboxError(f"the judge image cannot be built ({'; '.join(reasons)})", "see docs/judge.md, Images")


# -- two ways to build -------------------------------------------------------------------------
def pull_base(say: Progress) -> None:
    """The registry's Debian. SandboxError soon where no registry answers."""
    import docker
    import docker.errors
    import requests

    started = time.monotonic()
    try:
        impatient = docker.from_env(timeout=int(REGISTRY_PATIENCE_S), version="auto")
        impatient.images.pull(BASE)
    except (docker.errors.DockerException, requests.RequestException) as e:
        raise SandboxError(f"no {BASE} ({first_line(e)})") from None
    say(f"pulled {BASE} in {time.monotonic() - started:.1f} s")


def build_on_base(client: Any, text: str, **how: Any) -> str:
    """The id of an image from a Dockerfile without a context; no container of a step stays."""
    image, _log = client.images.build(fileobj=io.BytesIO(text.encode()), rm=True, forcerm=True, **how)
    return str(image.id)


def _from_registry(client: Any, say: Progress) -> None:
    import docker.errors
    import requests

    pull_base(say)
    started = time.monotonic()
    try:
        build_on_base(client, DOCKERFILE, tag=image_tag(), labels=_image_labels())
    except (docker.errors.DockerException, requests.RequestException) as e:
        raise SandboxError(f"installing the packages failed ({first_line(e)})") from None
    say(f"installed {', '.join(PACKAGES)} in {time.monotonic() - started:.1f} s")


def _from_packages(client: Any, say: Progress) -> None:
    started = time.monotonic()
    how = debs.Unpacking(SKIPPED, UNWANTED, EXTRA, merged=False)
    with debs.debian() as debian:
        files = debian.fetch(PACKAGES)
        say(f"{len(files)} packages, {sum(deb.stat().st_size for deb in files) >> 20} MB")
        with debian.rootfs(files, how) as archive:
            say(f"packages fetched and unpacked in {time.monotonic() - started:.1f} s")
            started = time.monotonic()
            imported = import_image(client, archive, "ENV LANG=C.UTF-8", "CMD python3")
    say(f"imported in {time.monotonic() - started:.1f} s")
    started = time.monotonic()
    _compile(client, imported)
    say(f"byte-compiled the library in {time.monotonic() - started:.1f} s")


def import_image(client: Any, archive: IO[bytes], *changes: str) -> str:
    """The id of an image whose file system is that archive."""
    import docker.errors

    try:
        reply = client.api.import_image_from_data(archive, changes=list(changes))
        return str(json.loads(reply.strip().splitlines()[-1])["status"])
    except (docker.errors.APIError, KeyError, ValueError) as e:
        raise SandboxError(f"the engine does not import the image ({first_line(e)})") from None


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
        raise SandboxError(f"the engine does not keep the image ({first_line(e)})") from None
    finally:
        box.remove(force=True)


def _image_labels() -> dict[str, str]:
    return {"evalkit": "image", "evalkit.recipe": recipe()}


def first_line(e: BaseException) -> str:
    return (str(e).splitlines() or [type(e).__name__])[0][:200]
