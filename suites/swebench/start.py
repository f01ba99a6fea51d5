"""The integrity of the start: a repository that holds the base commit, what led to it, and nothing else.

What came later is the answer: it may lie in commits, branches, tags, remotes, reflogs, stashes, notes, other
work trees, borrowed object stores, or as an object that nothing names. All of it is taken away before a model
sees the workspace; where that cannot be done, the workspace is not fit. (The leaks: SWE-bench#465, #471,
#578; read 2026-08.)
"""

from __future__ import annotations

from importlib.resources import files

from evalkit.errors import SandboxError
from evalkit.scaffolds.shell.git_work import ALONE
from evalkit.workspace import Workspace

PATIENCE_S = 900.0  # to pack a large repository anew
FIT, UNFIT = "fit ", "unfit "
# what history is: no commits that are shown as others, none whose parents are named elsewhere
PLAIN = {**ALONE, "GIT_NO_REPLACE_OBJECTS": "1", "GIT_GRAFT_FILE": "/dev/null", "LC_ALL": "C"}


async def make_fit(workspace: Workspace, base: str) -> str:
    """What the work is compared with in the end: the commit that stands there, or the tree of what stands
    there where that is another. SandboxError where the workspace is not fit."""
    script = files(__package__).joinpath("inside", "start.sh").read_text(encoding="utf-8")
    done = await workspace.run(["/bin/sh", "-c", script, "sh", base], timeout_s=PATIENCE_S, env=PLAIN)
    last = done.text.strip().rpartition("\n")[2]
    if done.status == 0 and last.startswith(FIT) and last[len(FIT) :].isalnum():
        return last[len(FIT) :]
    why = last[len(UNFIT) :] if last.startswith(UNFIT) else _broken(done.timed_out, done.text)
    raise SandboxError(
        f"{workspace.spec.root} in {workspace.spec.image} is no fit start: {why}",
        "the image must hold the base commit and what led to it only",
    )


def _broken(late: bool, text: str) -> str:
    return f"not looked through in {PATIENCE_S:g} s" if late else f"git fails: {text.strip()[-300:]}"
