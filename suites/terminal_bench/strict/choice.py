"""Which of an agent's changes a strict run takes: what may solve the task, nothing that steers who verifies.

Not taken, and as the image has them: its own programs, libraries and what shells read at their start, and new
files that would stand before these. What is new beside them (an installed package) is taken. Paths are
absolute. docs/security.md says what that leaves.
"""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

WHITEOUT = ".wh."
HARNESS = re.compile(r"/(tests|logs|oracle|solution|evalkit)(/|$)")
STARTS = re.compile(
    r"/etc/(profile|profile\.d(/.*)?|bash\.bashrc|bashrc|environment|inputrc|ld\.so\.preload|ld\.so\.conf"
    r"|ld\.so\.conf\.d(/.*)?|tmux\.conf|zsh(/.*)?|pip\.conf|xdg/(pip|uv)(/.*)?|security/pam_env\.conf)$"
    r"|/(root|home/[^/]+)/\.(bashrc|bash_\w+|profile|zshrc|zshenv|zprofile|zlogin|inputrc|tmux\.conf|curlrc"
    r"|wgetrc|netrc|pam_environment|config/(uv|pip|tmux|curlrc)(/.*)?|pip(/.*)?|local/bin/env(\..*)?)$"
)
CACHE = "/etc/ld.so.cache"
PROGRAMS = (
    "/bin",
    "/sbin",
    "/usr/bin",
    "/usr/sbin",
    "/usr/local/bin",
    "/usr/local/sbin",
    "/etc/alternatives",
)
LIBRARIES = (
    *("/lib", "/lib32", "/lib64", "/libx32", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libx32"),
    *("/usr/local/lib", "/usr/libexec"),
)
PACKAGES = re.compile(r"/(site-packages|dist-packages|node_modules)/")  # a task's own business
KEPT = ("/etc", "/home", "/opt", "/root", "/tmp", "/usr", "/var")  # folders that stay folders


@dataclass(frozen=True)
class Image:
    """What is known of an image: which of the changed paths it has, and the names of its programs and
    libraries."""

    there: frozenset[str]
    programs: frozenset[str]
    libraries: frozenset[str]
    path: tuple[str, ...] = ()  # its PATH


@dataclass(frozen=True)
class Change:
    """`gone`: it was removed. `folder`: it is one now."""

    path: str
    gone: bool = False
    folder: bool = False


def listed(changes: bytes) -> list[Change]:
    """What an archive of changes holds (evalkit.workspace.Workspace.changes)."""
    found = []
    with tarfile.open(fileobj=io.BytesIO(changes), errors="surrogateescape") as archive:
        for member in archive:
            found.append(_change(member))
    return found


def _change(member: tarfile.TarInfo) -> Change:
    folder, _, name = ("/" + member.name.strip("/")).rpartition("/")
    if name.startswith(WHITEOUT):
        return Change(f"{folder}/{name.removeprefix(WHITEOUT)}", gone=True)
    return Change(f"{folder}/{name}", folder=member.isdir())


def left_out(changes: Iterable[Change], image: Image) -> frozenset[str]:
    """Paths of changes that are not taken. Removed folders of the image stay with all that they had."""
    known = list(changes)
    left = {change.path for change in known if steers(change, image)}
    if any(is_new_library(change.path, image) for change in known):
        left.add(CACHE)
    return frozenset(left)


def steers(change: Change, image: Image) -> bool:
    path = change.path
    name = PurePosixPath(path).name
    programs = (*PROGRAMS, *image.path)
    if HARNESS.match(path) or STARTS.match(path):
        return True
    if not change.folder and (
        path in KEPT or any(f"{place}/".startswith(f"{path}/") for place in _all(image))
    ):
        return True  # a folder that the image looks in is no folder any more
    if change.folder:
        return False
    if lies(path, programs) and not PACKAGES.search(path):
        return path in image.there or name in image.programs
    if lies(path, LIBRARIES) and not PACKAGES.search(path):
        return path in image.there or name in image.libraries
    return False


def is_new_library(path: str, image: Image) -> bool:
    """One that the loader's list would name instead of the image's own."""
    return PurePosixPath(path).name in image.libraries and path not in image.there


def _all(image: Image) -> Sequence[str]:
    return (*PROGRAMS, *LIBRARIES, *image.path)


def lies(path: str, folders: Iterable[str]) -> bool:
    return any(path.startswith(f"{folder}/") for folder in folders)


def without(changes: bytes, left: frozenset[str]) -> bytes:
    """An archive of what is taken."""
    out = io.BytesIO()
    form: Any = {"encoding": "utf-8", "errors": "surrogateescape"}
    with (
        tarfile.open(fileobj=io.BytesIO(changes), **form) as source,
        tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT, **form) as archive,
    ):
        for member in source:
            if not _out(_change(member).path, left) and not (
                member.islnk() and _out("/" + member.linkname.strip("/"), left)
            ):
                archive.addfile(member, source.extractfile(member) if member.isreg() else None)
    return out.getvalue()


def _out(path: str, left: frozenset[str]) -> bool:
    return path in left or any(str(above) in left for above in PurePosixPath(path).parents)
