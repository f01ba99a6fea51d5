"""The patch that is a git repository's work: everything that differs from the commit that it started from.

By the workspace's own git, so that what it ignores (builds, caches) is left out, commits of the agent's are
in, and the result is what other agents' harnesses take (git add -A, then git diff --cached, as in SWE-agent;
against the first commit, as in OpenHands; read 2026-08). It is text of a hostile workspace: a patch to be
applied elsewhere, no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evalkit.errors import SandboxError
from evalkit.task import Answer
from evalkit.workspace import Executed, Workspace

PATIENCE_S = 120.0
PATCH_BYTES = 64 << 20
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
    """`start`: the commit that was checked out before anybody worked (`GitWork.of`)."""

    start: str

    @classmethod
    async def of(cls, workspace: Workspace) -> GitWork:
        """SandboxError where its root is no repository with a commit: that is the image's fault."""
        done = await _git(workspace, ("git", "rev-parse", "--verify", "HEAD^{commit}"))
        commit = done.text.strip()
        if done.status != 0 or not commit.isalnum():
            raise SandboxError(
                f"{workspace.spec.root} in {workspace.spec.image} is no git repository with a commit"
            )
        return cls(commit)

    async def __call__(self, workspace: Workspace) -> Answer:
        """The patch, as text with lone surrogates for bytes that are no UTF-8; "" where git works no more.

        One that is larger than PATCH_BYTES comes with a hole, and will not apply.
        """
        added = await _git(workspace, ("/bin/sh", "-c", ADD))
        if added.status != 0:
            return Answer("", "patch")
        made = await _git(workspace, (*DIFF, self.start))
        text = made.output.decode("utf-8", "surrogateescape") if made.status == 0 else ""
        return Answer(text, "patch")


async def _git(workspace: Workspace, command: tuple[str, ...]) -> Executed:
    words = (*NO_WARNINGS, *command)
    return await workspace.run(words, timeout_s=PATIENCE_S, env=ALONE, output_bytes=PATCH_BYTES)
