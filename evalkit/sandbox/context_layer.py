"""Parts laid over an image that is not ours, which keeps its user, folder and command: one more build.

    files     what the parts take from PyPI and npm, a Python of this host's, their files and links
    commands  apt, wheels with what they depend on, `make`: in one step, with the network

A part whose commands fail is left out, and said: the others are there all the same.
"""

from __future__ import annotations

import io
import json
import shlex
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.debs import write
from evalkit.errors import SandboxError
from evalkit.recipe import Part
from evalkit.sandbox import payload
from evalkit.sandbox.build_python import moved, pack_python, pyenv
from evalkit.sandbox.engine_build import build
from evalkit.sandbox.package_index import QUIET, certificates, proxies, settings
from evalkit.sandbox.system_image import TRUSTING

FOLDER = "/tmp/evalkit-layer"
CERTIFICATES = "/tmp/evalkit-certificates.pem"
TIMEOUT_S = 1800.0
AFTER = f"rm -rf {FOLDER} /root/.cache\n"  # whatever became of the parts
LACKS = "evalkit-lacks "  # a line of the build's log
RELEASE = "{release}"  # in Part.python_into: the Python's exact release


@dataclass(frozen=True)
class Laid:
    """An image; the parts that it was made without, and why."""

    id: str
    lacks: Mapping[str, str]


def lay(client: Any, image: str, parts: Sequence[Part], env: Mapping[str, str] | None = None) -> Laid:
    """The image with the parts over it. BuildFailed."""
    lacks: dict[str, str] = {}
    user = _user(client, image)
    with tempfile.TemporaryDirectory(prefix="evalkit-layer-") as scratch:
        places, usable = _fetch(parts, Path(scratch), lacks)
        with tempfile.TemporaryFile() as context:
            _pack(context, image, user, usable, places, env or {})
            made = build(client, context, "Dockerfile", timeout_s=TIMEOUT_S, args=_settings())
    for line in made.log.splitlines():
        if line.startswith(LACKS):
            number, _, why = line.removeprefix(LACKS).partition(" ")
            lacks[usable[int(number)].name] = why[:300]
    return Laid(made.id, lacks)


def certified(client: Any, images: Mapping[str, str]) -> dict[str, str]:
    """The same images with the certificates that this host's settings name, where they name any: a step of a
    Dockerfile may need them to reach the network. `bare` takes them out again."""
    if not settings_of_certificates():
        return dict(images)
    found = {}
    for name, image in images.items():
        with tempfile.TemporaryFile() as context:
            text = f"FROM {image}\nCOPY certificates.pem {CERTIFICATES}\n"
            _archive(context, {"Dockerfile": text, "certificates.pem": certificates()})
            found[name] = build(client, context, "Dockerfile", timeout_s=300, args={}).id
    return found


def settings_of_certificates() -> dict[str, str]:
    """Build arguments by which the usual programs find them; those that an image sets itself hold there."""
    return dict.fromkeys(TRUSTING, CERTIFICATES) if certificates(told=True) else {}


def bare(client: Any, image: str) -> str:
    """The image without what `certified` put in."""
    if not settings_of_certificates():
        return image
    user = _user(client, image)
    lines = [f"FROM {image}", "USER 0", f'RUN ["rm", "-f", "{CERTIFICATES}"]']
    lines += [f"USER {user}"] if user else []
    with tempfile.TemporaryFile() as context:
        _archive(context, {"Dockerfile": "\n".join(lines) + "\n"})
        return build(client, context, "Dockerfile", timeout_s=300, args={}).id


def mark(client: Any, image: str, marks: Mapping[str, str], env: Mapping[str, str] | None = None) -> str:
    """The same image with labels: what is ours, and what it is made of."""
    lines = [
        f"LABEL {_quoted(k)}={_quoted(v)}"
        for k, v in {"evalkit": "image", "evalkit.owner": "", **marks}.items()
    ]
    lines += [f"ENV {key}={_quoted(value)}" for key, value in (env or {}).items()]
    with tempfile.TemporaryFile() as context:
        _archive(context, {"Dockerfile": "\n".join([f"FROM {image}", *lines]) + "\n"})
        return build(client, context, "Dockerfile", timeout_s=300, args={}).id


def _user(client: Any, image: str) -> str:
    return str((client.api.inspect_image(image).get("Config") or {}).get("User") or "")


@dataclass(frozen=True)
class _Place:
    """Of one part: what was fetched for it, where its Python lies here, and where it goes in the image."""

    folder: Path
    python: str = ""
    into: str = ""


def _fetch(parts: Sequence[Part], scratch: Path, lacks: dict[str, str]) -> tuple[list[_Place], list[Part]]:
    places, usable = [], []
    for number, part in enumerate(parts):
        folder = scratch / str(number)
        try:
            payload.fetch(part, folder)
            python = pyenv(part.python) if part.python else ""
        except (SandboxError, OSError) as e:
            lacks[part.name] = str(e)
            continue
        into = part.python_into.replace(RELEASE, Path(python).name) if python else part.python_into
        places.append(_Place(folder, python, into))
        usable.append(part)
    return places, usable


def _pack(
    context: Any,
    image: str,
    user: str,
    parts: Sequence[Part],
    places: Sequence[_Place],
    env: Mapping[str, str],
) -> None:
    """The archive of the build: a Dockerfile, and an archive of the root that it unpacks."""
    with tempfile.TemporaryFile() as root:
        with tarfile.open(fileobj=root, mode="w") as out:
            write(out, f"{FOLDER}/", "")
            write(
                out,
                f"{FOLDER}/make.sh",
                "".join(["#!/bin/sh\n", *map(_script, range(len(parts)), parts, places), AFTER]),
            )
            if trusted := certificates():
                write(out, f"{FOLDER}/certificates.pem", trusted)
            for part, place in zip(parts, places, strict=True):
                if place.python:
                    pack_python(Path(place.python), place.into, out)
                payload.pack(part, place.folder, out)
        size = root.tell()
        root.seek(0)
        lines = [f"FROM {image}", "USER 0", *(f"ARG {name}" for name in _settings())]
        lines += [f"ENV {key}={_quoted(value)}" for key, value in env.items()]
        lines += ["ADD root.tar /", f'RUN ["/bin/sh", "{FOLDER}/make.sh"]']
        lines += [f"USER {user}"] if user else []
        with tarfile.open(fileobj=context, mode="w") as out:
            write(out, "Dockerfile", "\n".join(lines) + "\n")
            info = tarfile.TarInfo("root.tar")
            info.size = size
            out.addfile(info, root)
    context.seek(0)


def _script(number: int, part: Part, place: _Place) -> str:
    """A part's commands, as a block that may fail."""
    lines = ["set -e", "exec 2>&1", "export DEBIAN_FRONTEND=noninteractive HOME=/root"]
    if place.python:
        lines.append(moved(place.python, place.into).replace("rm -rf /tmp/*", "rm -f /tmp/ensurepip"))
    if part.apt:
        lines.append("/usr/bin/apt-get update -qq")
        lines.append(f"/usr/bin/apt-get install -y -qq --no-install-recommends {shlex.join(part.apt)}")
    if part.wheels:
        lines.append(_wheels(part, place))
    lines += part.make
    body = "\n".join(lines)
    return f"""if ! ( {body}
) >{FOLDER}/log 2>&1; then
  cat {FOLDER}/log
  echo "{LACKS}{number} $(tail -n 1 {FOLDER}/log)"
fi
"""


def _wheels(part: Part, place: _Place) -> str:
    """The wheels, and a page for each package of theirs: an index for pip and uv."""
    python = f"{place.into}/bin/python3" if place.into else "python3"
    into = part.wheels_into
    return f"""mkdir -p {into}/simple
{python} -m pip wheel -q -w {into} {shlex.join(part.wheels)}
{python} - {into} <<'EOF'
{INDEX}EOF"""


INDEX = """import html, os, re, sys
folder = sys.argv[1]
pages = {}
for name in sorted(os.listdir(folder)):
    if name.endswith(".whl"):
        package = re.sub("[-_.]+", "-", name.split("-")[0]).lower()
        pages.setdefault(package, []).append(name)
for package, names in pages.items():
    place = os.path.join(folder, "simple", package)
    os.makedirs(place, exist_ok=True)
    with open(os.path.join(place, "index.html"), "w") as page:
        page.write("<!DOCTYPE html><html><body>\\n")
        for name in names:
            page.write(f'<a href="../../{html.escape(name)}">{html.escape(name)}</a>\\n')
        page.write("</body></html>\\n")
"""


def _settings() -> dict[str, str]:
    """How its commands reach the network's packages, as this host does."""
    found = {**QUIET, **proxies(), **settings()}
    if certificates():
        path = f"{FOLDER}/certificates.pem"
        found |= {"PIP_CERT": path, "SSL_CERT_FILE": path, "REQUESTS_CA_BUNDLE": path}
    return found


def _archive(context: Any, files: Mapping[str, str]) -> None:
    with tarfile.open(fileobj=context, mode="w") as out:
        for path, text in files.items():
            info = tarfile.TarInfo(path)
            info.size = len(text.encode())
            out.addfile(info, io.BytesIO(text.encode()))
    context.seek(0)


def _quoted(text: str) -> str:
    """As a Dockerfile has it, where $ would name a variable."""
    return json.dumps(text).replace("$", "\\$")
