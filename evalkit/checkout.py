"""Data that is a git repository: a checkout at hand, or one commit of it cloned into the cache.

Each folder that the suite's pattern matches is a record: `task_id` (the parts of its path that a `*` stood
for, joined by `/`) and `files`, by path below the folder: `{"text": ...}`, or `{"base64": ...}` where the
bytes are no UTF-8, with `"executable": true` where that is set. A fingerprint covers every byte. Which commit
they are is told by checkout_commit.py.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import stat
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from evalkit.cache import cache_folder
from evalkit.errors import DataError
from evalkit.suite import Checkout, Record, SuiteInfo

FILE_BYTES = 16 << 20
ALL_BYTES = 512 << 20
CLONE_S = 900.0

# no configuration of machine, user or repository; no hooks, no templates, no question to a terminal
ALONE = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0"}
NO_HOOKS = (
    "-c",
    f"core.hooksPath={os.devnull}",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "protocol.ext.allow=never",
)


# -- where it is -----------------------------------------------------------------------------------


def local_checkout(info: SuiteInfo, checkout: Checkout, path: Path | None) -> Path | None:
    """`path`, which must hold it, else a folder of the suite's or the repository's name in EVALKIT_DATA."""
    if path is not None:
        if not path.is_dir():
            raise DataError(f"no such folder: {path}", f"{info.name} reads {_wanted(checkout)}")
        if not _holds(path, checkout):
            where = " or ".join((checkout.tasks, *checkout.elsewhere))
            marked = f" with {' or '.join(checkout.marks)}" if checkout.marks else ""
            raise DataError(
                f"{path} holds no data of {info.name}: nothing matches {where}{marked}",
                f"give {_wanted(checkout)}",
            )
        return path
    if env := os.environ.get("EVALKIT_DATA"):
        if not Path(env).is_dir():
            raise DataError(
                f"EVALKIT_DATA is not a folder: {env}", "set it to a folder of data files, or unset it"
            )
        for folder in _places(Path(env), info.name, checkout.git):
            if _holds(folder, checkout):
                return folder
    cached = cached_at(checkout)
    return cached if checkout.git and cached.is_dir() else None


def laid_out(root: Path, checkout: Checkout) -> Checkout:
    """The checkout with the pattern by which this folder holds its records."""
    patterns = (checkout.tasks, *checkout.elsewhere)
    fits = (each for each in patterns if folders_of(root, replace(checkout, tasks=each)))
    return replace(checkout, tasks=next(fits, checkout.tasks))


def _holds(root: Path, checkout: Checkout) -> bool:
    return bool(folders_of(root, laid_out(root, checkout)))


def _wanted(checkout: Checkout) -> str:
    root = f"the root of a checkout of {checkout.git}" if checkout.git else ""
    folder = f"a folder of folders with {' or '.join(checkout.marks)}" if checkout.marks else ""
    return " or ".join(filter(None, (root, folder)))


def _places(data: Path, suite: str, git: str) -> tuple[Path, ...]:
    repository = git.rstrip("/").removesuffix(".git").rpartition("/")[2]
    return (data / suite / repository, data / suite, *([data / repository] if repository else []))


def cached_at(checkout: Checkout) -> Path:
    """Where the clone of this commit lies, or would."""
    name = checkout.git.rstrip("/").removesuffix(".git").rpartition("/")[2]
    digest = hashlib.sha256(checkout.git.encode()).hexdigest()[:8]
    return cache_folder() / "checkouts" / f"{name}-{digest}-{checkout.commit[:12]}"


def clone(checkout: Checkout) -> Path:
    """The pinned commit, fetched into the cache. DataError where it cannot be had."""
    if not (checkout.git and checkout.commit):
        where = f"which commit of {checkout.git} it is, is not known" if checkout.git else "it is one's own"
        raise DataError(f"there is no data at hand, and {where}", "give it: --data PATH")
    goal = cached_at(checkout)
    if goal.is_dir():
        return goal
    goal.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".clone-", dir=goal.parent) as new:
        folder = Path(new) / "checkout"
        try:
            git("init", "-q", "--template=", str(folder))
            _fetch(folder, checkout)
            git("-C", str(folder), "-c", "core.symlinks=false", "checkout", "-q", "--detach", checkout.commit)
        except (OSError, subprocess.SubprocessError) as e:
            raise DataError(
                f"cannot clone {checkout.git} at {checkout.commit[:12]}: {_said(e)}",
                "clone it where there is a network, and give the checkout: --data PATH",
            ) from None
        with contextlib.suppress(OSError):  # another process was first
            folder.rename(goal)
    return goal


def _fetch(folder: Path, checkout: Checkout) -> None:
    """That commit alone, or, from a server that gives out tips only, all that its branches hold.

    The user's own configuration holds here: a proxy may stand in it.
    """
    here = ("-C", str(folder))
    try:
        git(*here, "fetch", "-q", "--depth=1", "--no-tags", checkout.git, checkout.commit, env={})
    except subprocess.CalledProcessError:
        git(*here, "fetch", "-q", "--no-tags", checkout.git, "+refs/heads/*:refs/from/*", env={})


def git(*words: str, env: Mapping[str, str] = ALONE) -> bytes:
    return subprocess.run(
        ["git", *NO_HOOKS, *words],
        check=True,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=CLONE_S,
        env={**_outer(), "GIT_TERMINAL_PROMPT": "0", **env},
    ).stdout


def _outer() -> dict[str, str]:
    """The environment without what would point git elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


def _said(e: Exception) -> str:
    if isinstance(e, FileNotFoundError):
        return "git is not installed"
    if isinstance(e, subprocess.CalledProcessError):
        lines = e.stderr.decode("utf-8", "replace").strip().splitlines()
        return str((lines or [f"git ended with {e.returncode}"])[-1])[:300]
    return f"{type(e).__name__}: {e}"[:300]


# -- what it holds ---------------------------------------------------------------------------------


def read_checkout(root: Path, checkout: Checkout) -> list[Record]:
    """The records of all folders that match, sorted by path. DataError names what cannot be read."""
    left, records = ALL_BYTES, list[Record]()
    for name, folder in folders_of(root, checkout):
        files = {}
        for path, (data, executable) in _files(folder, left).items():
            left -= len(data)
            files[path] = _packed(data, executable)
        records.append({"task_id": name, "files": files})
    return records


def folders_of(root: Path, checkout: Checkout) -> list[tuple[str, Path]]:
    """Folders below the root that match, sorted, with what the stars stood for. Links are no folders."""
    found = _matching(root, checkout.tasks)
    return [(name, folder) for name, folder in found if _marked(folder, checkout.marks)]


def _marked(folder: Path, marks: Sequence[str]) -> bool:
    return not marks or any((folder / mark).is_file() for mark in marks)


def _matching(root: Path, pattern: str) -> list[tuple[str, Path]]:
    found: list[tuple[tuple[str, ...], Path]] = [((), root)] if root.is_dir() else []
    for part in pattern.split("/"):
        found = [
            ((*stars, inner.name) if part == "*" else stars, inner)
            for stars, folder in found
            for inner in (_inner(folder) if part == "*" else [folder / part])
            if not inner.name.startswith(".") and inner.is_dir() and not inner.is_symlink()
        ]
    return sorted((("/".join(stars), folder) for stars, folder in found), key=lambda item: str(item[1]))


def _inner(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as e:
        _unreadable(e)


def _files(folder: Path, left: int) -> dict[str, tuple[bytes, bool]]:
    found = dict[str, tuple[bytes, bool]]()
    for place, folders, names in os.walk(folder, onerror=_unreadable):
        folders.sort()
        links = [name for name in folders if Path(place, name).is_symlink()]  # not followed, and refused
        for path in (Path(place, name) for name in sorted([*names, *links])):
            data = _read(path, min(left, FILE_BYTES))
            left -= len(data)
            executable = bool(path.stat().st_mode & stat.S_IXUSR)
            found[path.relative_to(folder).as_posix()] = data, executable
    return dict(sorted(found.items()))


def _unreadable(e: OSError) -> NoReturn:
    raise DataError(f"cannot read {e.filename}: {e.strerror}") from None


def _read(path: Path, limit: int) -> bytes:
    """A regular file's bytes; a link, a pipe or a device is not opened."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(file, "rb") as reader:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise DataError(f"{path} is no regular file", "links and special files are not read")
            data = reader.read(limit + 1)
    except OSError as e:
        raise DataError(f"cannot read {path}: {e.strerror}", "links and special files are not read") from None
    if len(data) > limit:
        raise DataError(
            f"{path} is too large",
            f"files of up to {FILE_BYTES >> 20} MiB, {ALL_BYTES >> 20} in all, are read",
        )
    return data


def _packed(data: bytes, executable: bool) -> dict[str, Any]:
    try:
        content: dict[str, Any] = {"text": data.decode()}
    except UnicodeDecodeError:
        content = {"base64": base64.b64encode(data).decode()}
    return content | ({"executable": True} if executable else {})


def unpacked(content: Mapping[str, Any]) -> bytes:
    """The bytes of one of a record's files."""
    return content["text"].encode() if "text" in content else base64.b64decode(content["base64"])
