"""A bundle of programs from Debian's packages that run in any image: with their own loader and libraries.

Of the packages, and all that they depend on, only the files that the pins name are kept, where Debian has
them (usr/bin, usr/lib). At the bundle's top stands a starter for each program, for a `/bin/sh`. Nothing of it
runs on this machine, and apt has checked the packages' signatures.
"""

from __future__ import annotations

import fnmatch
import posixpath
import shutil
import tarfile
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from evalkit import debs
from evalkit.errors import EvalkitError
from evalkit.tools.bundle import for_everybody
from evalkit.tools.known import ToolPackage

LOADER = "usr/lib/*-linux-gnu/ld-linux*.so.*"
# LD_LIBRARY_PATH would reach what the program starts, a loader's own word does not
STARTER = """\
#!/bin/sh
here=${{0%/*}}
{env}exec "$here/{loader}" --library-path "$here/{libraries}" "$here/{program}" "$@"
"""


def unpack(package: ToolPackage, folder: Path, say: Callable[[str], None]) -> None:
    """Make the folder. EvalkitError where apt fails, or the packages lack what is wanted of them."""
    wanted = tomllib.loads(package.pins.read_text(encoding="utf-8"))
    say(f"{package.requirement}: fetching {', '.join(wanted['packages'])} and what they need")
    with debs.debian() as debian:
        files = debian.fetch(wanted["packages"])
        with debian.rootfs(files, debs.Unpacking()) as archive, tarfile.open(fileobj=archive) as tar:
            extract(tar, folder, (LOADER, *wanted["keep"]))
    for program in wanted["program"]:
        starter(folder, program)
    (folder / "packages.txt").write_text("".join(f"{deb.stem}\n" for deb in files))
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            for_everybody(path)


def extract(tar: tarfile.TarFile, folder: Path, keep: Sequence[str]) -> None:
    """Files and links that any of the patterns names; links only beside what they point to."""
    for member in tar:
        name = posixpath.normpath(member.name)
        if name.startswith(("/", "..")) or not any(fnmatch.fnmatchcase(name, each) for each in keep):
            continue
        path = folder / name
        content = tar.extractfile(member) if member.isreg() else None
        if content is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                shutil.copyfileobj(content, file)
        elif member.issym() and posixpath.dirname(_target(name, member.linkname)) == posixpath.dirname(name):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(posixpath.basename(member.linkname))


def _target(name: str, link: str) -> str:
    """Where a link leads: /lib is a link to /usr/lib, as Debian installs it."""
    if not link.startswith("/"):
        return posixpath.normpath(posixpath.join(posixpath.dirname(name), link))
    inside = link.lstrip("/")
    return inside if inside.startswith("usr/") else f"usr/{inside}"


def starter(folder: Path, program: Mapping[str, Any]) -> None:
    """A program of the bundle by its name at the top. `folders`: variables that name the bundle's folders."""
    loaders = sorted(path for path in folder.glob(LOADER) if not path.is_symlink())
    if not loaders or not (folder / program["path"]).is_file():
        raise EvalkitError(f"Debian's packages hold no {program['path']}, or no loader for it")
    loader = loaders[0].relative_to(folder)
    env = "".join(f'{name}="$here/{path}" ' for name, path in program.get("folders", {}).items())
    text = STARTER.format(env=env, loader=loader, libraries=loader.parent, program=program["path"])
    (folder / program["name"]).write_text(text)
