"""The patch that is a git repository's work: everything that differs from the commit that it started from.

By the workspace's own git, so that what it ignores (builds, caches) is left out, commits of the agent's are
in, and the result is what other agents' harnesses take (git add -A, then git diff --cached, as in SWE-agent;
against the first commit, as in OpenHands; read 2026-08). It is text of a hostile workspace: a patch to be
applied elsewhere, no more.

Where that git works no more, the repository or the program removed or broken, the files that stand there are
read from outside and put into a fresh workspace, whose git says what the work is.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from evalkit.errors import SandboxError
from evalkit.task import Answer
from evalkit.workspace import Executed, NotAFile, Tree, Workspace

PATIENCE_S = 120.0
PATCH_BYTES = 64 << 20
TREE_BYTES = 512 << 20  # of files that are compared
AT_ONCE = 500  # paths that are removed by one command
# no settings of the user's or the system's, and no doubt about whose repository it is
ALONE: Mapping[str, str] = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "safe.directory",
    "GIT_CONFIG_VALUE_0": "*",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_PAGER": "cat",
}
NO_WARNINGS = ("/bin/sh", "-c", 'exec 2>/dev/null; exec "$@"', "sh")  # they would stand in the patch
ADD = "rm -f .git/index.lock; git -c core.hooksPath=/dev/null -c core.fsmonitor=false add -A"
DIFF = (
    *("git", "-c", "core.quotePath=true", "-c", "diff.noprefix=false", "diff", "--cached", "--binary"),
    *("--full-index", "-U3", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames"),
    *("--src-prefix=a/", "--dst-prefix=b/"),
)


@dataclass(frozen=True)
class GitWork:
    """`start`: the commit that was checked out before anybody worked (`GitWork.of`), or a tree. `again` makes
    a fresh workspace stand as this one did then, and gives its own `GitWork`; without it nothing is compared
    but by the workspace's git.
    """

    start: str
    again: Callable[[Workspace], Awaitable[GitWork]] | None = None

    @classmethod
    async def of(
        cls, workspace: Workspace, again: Callable[[Workspace], Awaitable[GitWork]] | None = None
    ) -> GitWork:
        """SandboxError where its root is no repository with a commit: that is the image's fault."""
        done = await _git(workspace, ("git", "rev-parse", "--verify", "HEAD^{commit}"))
        commit = done.text.strip()
        if done.status != 0 or not commit.isalnum():
            raise SandboxError(
                f"{workspace.spec.root} in {workspace.spec.image} is no git repository with a commit"
            )
        return cls(commit, again)

    async def __call__(self, workspace: Workspace) -> Answer:
        """The patch, as text with lone surrogates for bytes that are no UTF-8; "" where there is none to be
        had.

        One that is larger than PATCH_BYTES comes with a hole, and will not apply.
        """
        patch = await self._patch(workspace)
        if patch is None and self.again is not None:
            with contextlib.suppress(NotAFile):  # too much, or what no file can be
                patch = await self._compared(workspace, self.again)
        return Answer((patch or b"").decode("utf-8", "surrogateescape"), "patch")

    async def _patch(self, workspace: Workspace) -> bytes | None:
        """By the workspace's own git; None where that does not work."""
        added = await _git(workspace, ("/bin/sh", "-c", ADD))
        if added.status != 0:
            return None
        made = await _git(workspace, (*DIFF, self.start))
        return made.output if made.status == 0 else None

    async def _compared(
        self, workspace: Workspace, again: Callable[[Workspace], Awaitable[GitWork]]
    ) -> bytes | None:
        """By a fresh workspace's git, of the files that are there. NotAFile."""
        left = await workspace.tree(limit=TREE_BYTES)
        fresh = await workspace.another()
        try:
            work = await again(fresh)
            await _make_equal(fresh, left)
            return await work._patch(fresh)
        finally:
            await fresh.close()


async def _make_equal(fresh: Workspace, left: Tree) -> None:
    """Give a workspace the files of a tree, and no others."""
    here = (await fresh.tree(limit=TREE_BYTES)).files
    folders = {path[:at] for path in here for at, c in enumerate(path) if c == "/"}
    gone = [path for path in here if path not in left.files]
    gone += [path for path in left.files if path in folders]  # a folder that became a file
    for at in range(0, len(gone), AT_ONCE):
        await fresh.remove(gone[at : at + AT_ONCE])
    await fresh.write({path: file for path, file in left.files.items() if here.get(path) != file})


async def _git(workspace: Workspace, command: tuple[str, ...]) -> Executed:
    words = (*NO_WARNINGS, *command)
    return await workspace.run(words, timeout_s=PATIENCE_S, env=ALONE, output_bytes=PATCH_BYTES)
