"""The repository of a task's image: what its commit can reach, and nothing that came later.

Git fetches that one commit, with its history and the tags on the way, into an empty repository: no later
commit, branch, tag, remote or loose object is ever there. Nothing is checked out on this host.
"""

from __future__ import annotations

import os
import subprocess
import tarfile
from pathlib import Path

from evalkit.errors import SandboxError, UsageError
from evalkit.recipe import Build

# no configuration of machine or user, no hooks, no templates, no question to a terminal
ALONE = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0"}
# a mirror of somebody else's gives out any commit that it has
SERVE = "git -c safe.directory=* -c uploadpack.allowAnySHA1InWant=true upload-pack"
BRANCH = "master"
PATIENCE_S = 1800
LEFT_BEHIND = ("FETCH_HEAD", "logs", "branches", "description")  # the first names the mirror's path


def fetch(build: Build, mirror: str, folder: Path) -> None:
    """Make `folder`/.git of the commit's history. `mirror`: a folder or an address, "" for the build's own.

    UsageError where the mirror is no repository, SandboxError where the commit is not to be had."""
    serve: tuple[str, ...] = ()
    source, env = mirror or build.git, {"GIT_TERMINAL_PROMPT": "0"}  # the user's configuration: a proxy, say
    if mirror and "://" not in mirror:
        if not Path(mirror).is_dir():
            raise UsageError(f"no such folder: {mirror}", f"--mirror {build.repository}=PATH ")
        serve, source, env = ("--upload-pack", SERVE), f"file://{Path(mirror).resolve()}", ALONE
    _git(None, "init", "-q", "--template=", "-b", BRANCH, str(folder), env=ALONE)
    wanted = f"{build.commit}:refs/heads/{BRANCH}"
    try:
        _git(folder, "fetch", "-q", "--update-head-ok", *serve, source, wanted, env=env)
    except SandboxError as e:
        place = mirror or build.git
        raise SandboxError(
            f"{build.repository} at {build.commit[:12]} is not to be had from {place}: {e.message}",
            f"--mirror {build.repository}=PATH: a clone that has the commit",
        ) from None
    for name in LEFT_BEHIND:
        path = folder / ".git" / name
        if path.is_dir():
            subprocess.run(["rm", "-rf", str(path)], check=True)
        else:
            path.unlink(missing_ok=True)


def pack(folder: Path, root: str, out: tarfile.TarFile) -> None:
    """Add the repository to an archive of the image's root, as `root`/.git, root's own."""

    def owned(info: tarfile.TarInfo) -> tarfile.TarInfo:
        info.uid = info.gid = 0
        info.uname = info.gname = ""
        info.mode |= 0o200 | (0o755 if info.isdir() else 0o444)
        return info

    out.add(folder / ".git", f"{root.strip('/')}/.git", filter=owned)


def _git(folder: Path | None, *words: str, env: dict[str, str]) -> None:
    here = ["-C", str(folder)] if folder else []
    clean = {
        key: value for key, value in os.environ.items() if not key.startswith("GIT_") or env is not ALONE
    }
    try:
        done = subprocess.run(
            ["git", "-c", f"core.hooksPath={os.devnull}", *here, *words],
            env={**clean, **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE_S,
            check=False,
        )
    except FileNotFoundError:
        raise SandboxError("this host has no git") from None
    except subprocess.TimeoutExpired:
        raise SandboxError(f"git is not done after {PATIENCE_S} s") from None
    if done.returncode:
        told = done.stderr.decode(errors="replace").strip().splitlines() or [f"status {done.returncode}"]
        raise SandboxError(told[-1][:300])
