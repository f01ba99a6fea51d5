"""A Python of Debian's with pytest, and shells, that a container's root cannot lead astray (own_loader.py).

    bin/python3.13  bin/bash  bin/sh  bin/busybox, its programs    packages/  pytest
    lib/  libraries, python3.13/    ld.so

bash and busybox are static. Of wheels only those are taken that pip finds for that Python, none is built.
"""

from __future__ import annotations

import fnmatch
import posixpath
import shutil
import subprocess
import tarfile
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from evalkit import debs
from evalkit.errors import EvalkitError
from evalkit.tools import own_loader
from evalkit.tools.bundle import for_everybody
from evalkit.tools.known import ToolPackage
from evalkit.tools.wheels import put_wheels

PYTHON = "python3.13"
UNWANTED = ("test", "idlelib", "turtledemo", "tkinter", "ensurepip", "lib2to3", "pydoc_data")
LOADER = "usr/lib/*-linux-gnu/ld-linux*.so.*"


def unpack(package: ToolPackage, folder: Path, say: Callable[[str], None]) -> None:
    """Make the folder. EvalkitError where apt or pip fail, or the packages lack what is wanted of them."""
    wanted = tomllib.loads(package.pins.read_text(encoding="utf-8"))
    say(f"{package.requirement}: fetching {', '.join(wanted['packages'])} and what they need")
    with debs.debian(wanted["release"]) as debian:
        files = debian.fetch(wanted["packages"])
        with debian.rootfs(files, debs.Unpacking()) as archive, tarfile.open(fileobj=archive) as tar:
            for member in tar:
                _take(tar, member, folder, wanted["libraries"])
    _bind(folder, wanted)
    say(f"{package.requirement}: fetching {', '.join(wanted['wheels'])}")
    put_wheels(wanted["wheels"], folder / "packages")
    (folder / "packages.txt").write_text("".join(f"{deb.stem}\n" for deb in files))
    _compile(folder)
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            for_everybody(path)


def _take(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path, libraries: list[str]) -> None:
    where = _where(posixpath.normpath(member.name), libraries)
    if not where:
        return
    path = folder / where
    path.parent.mkdir(parents=True, exist_ok=True)
    content = tar.extractfile(member) if member.isreg() else None
    if content is not None:
        with path.open("wb") as file:
            shutil.copyfileobj(content, file)
    elif member.issym() and "/" not in member.linkname:
        path.symlink_to(member.linkname)


def _where(name: str, libraries: list[str]) -> str:
    """Where a package's file lies in the bundle; "" is nowhere."""
    base = posixpath.basename(name)
    if name in (f"usr/bin/{PYTHON}", "usr/bin/busybox"):
        return f"bin/{base}"
    if name == "usr/bin/bash-static":
        return "bin/bash"
    if fnmatch.fnmatchcase(name, LOADER):
        return "ld.so"
    if name.startswith(f"usr/lib/{PYTHON}/"):
        inside = name.removeprefix(f"usr/lib/{PYTHON}/")
        return "" if inside.split("/")[0] in (*UNWANTED, "sitecustomize.py") else f"lib/{PYTHON}/{inside}"
    if fnmatch.fnmatchcase(name, "usr/lib/*-linux-gnu/lib*.so.*") and base.split(".so.")[0] in libraries:
        return f"lib/{base}"
    return ""


def _bind(folder: Path, wanted: Mapping[str, Any]) -> None:
    python, loader, bash = folder / "bin" / PYTHON, folder / "ld.so", folder / "bin" / "bash"
    for path in (python, loader, bash, folder / "bin" / "busybox"):
        if not path.is_file():
            raise EvalkitError(f"Debian's packages hold no {path.name}")
    python.write_bytes(own_loader.started_by(python.read_bytes(), wanted["place"]))
    loader.write_bytes(own_loader.bound(loader.read_bytes(), wanted["place"]))
    (folder / "bin" / "sh").symlink_to("bash")
    for name in wanted["busybox"]:
        (folder / "bin" / name).symlink_to("busybox")


def _compile(folder: Path) -> None:
    """Its modules, by itself: nobody else can, and in containers its folder cannot be written to."""
    for path in (folder / "ld.so", folder / "bin" / PYTHON):
        for_everybody(path)
    command = [
        *(str(folder / "ld.so"), "--library-path", str(folder / "lib"), str(folder / "bin" / PYTHON)),
        *("-I", "-S", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"),
        *(str(folder / "lib" / PYTHON), str(folder / "packages")),
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        said = done.stdout.decode("utf-8", "replace").strip()
        raise EvalkitError("the verifier's Python does not run on this machine", said[-300:])
