"""What is done inside a task's container before and after the agent, as root.

The container is the agent's: what is said here is believed of a fresh one only. Afterwards nothing of it
counts but what is seen from outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from evalkit.checkout import unpacked
from evalkit.errors import SandboxError
from evalkit.workspace import File, NotAFile, Workspace

ROOT = "0"
PATIENCE_S = 120.0
LOGS = ("/logs/agent", "/logs/verifier", "/logs/artifacts")
AGENT_LOGS = ("/agent-logs",)  # of core's
TESTS = "/tests"

FOLDERS = 'mkdir -p -- "$@" && chmod 777 -- "$@"'
# what is a link where a folder is to be is nobody's but the agent's
GONE = 'for p; do [ ! -L "$p" ] || rm -f -- "$p"; done; rm -rf -- "$@"'
EMPTY = 'for p; do rm -rf -- "$p"; mkdir -p -- "$p"; chmod 777 -- "$p"; done'
# the number of who runs it, by the shell's own words
NUMBER = 'while read -r key number rest; do [ "$key" != Uid: ] || echo "$number"; done </proc/self/status'


async def as_root(workspace: Workspace, script: str, *words: str) -> int | None:
    """The status of a few lines of shell."""
    command = ["/bin/sh", "-c", script, "sh", *words]
    done = await workspace.run(command, timeout_s=PATIENCE_S, folder="/", user=ROOT)
    return done.status


async def make_folders(workspace: Workspace, folders: Iterable[str]) -> None:
    """In a fresh container. SandboxError where its image has no way to."""
    if await as_root(workspace, FOLDERS, *folders) != 0:
        raise SandboxError(f"cannot make /logs in {workspace.spec.image}", "the image needs mkdir and chmod")


async def number_of(workspace: Workspace, user: str | None) -> int:
    """Of a user, in a fresh container. SandboxError where the image has none of that name."""
    done = await workspace.run(["/bin/sh", "-c", NUMBER], timeout_s=PATIENCE_S, folder="/", user=user)
    if done.status != 0 or not done.text.strip().isdigit():
        raise SandboxError(f"{workspace.spec.image} has no user {user!r}: {done.text.strip()[-200:]}")
    return int(done.text)


def files_below(files: Mapping[str, Any], folders: Iterable[str]) -> dict[str, File]:
    """A task's files below folders of it, by their paths there; those of a later folder replace others."""
    found = {}
    for folder in folders:
        prefix = f"{folder}/" if folder else ""
        for path, content in files.items():
            if path.startswith(prefix):
                found[path[len(prefix) :]] = File(unpacked(content), bool(content.get("executable")))
    return found


async def put(workspace: Workspace, files: Mapping[str, File], folder: str) -> None:
    """Root's files into a folder, whatever stands in the way there. NotAFile where it cannot be done."""
    if not files:
        return
    try:
        await workspace.write(files, folder=folder, as_root=True)
    except NotAFile:
        await as_root(workspace, GONE, folder)
        await workspace.write(files, folder=folder, as_root=True)
