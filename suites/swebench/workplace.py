"""An instance as work in a workspace: the issue's words, the repository as it stood, the patch in the end.

Nothing of a row but `problem_statement`, `image` and `base_commit` gets near the workspace: hints, tests and
the solution stay outside.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit.assignment import Assignment
from evalkit.interaction import Budget, Encounter
from evalkit.scaffolds.shell import BASH, EDITOR, SUBMIT, GitWork, ShellWorld, TextShell, ToolShell
from evalkit.workspace import Workspace, WorkspaceLimits, WorkspaceSandbox, WorkspaceSpec

from .start import make_fit

ROOT = "/testbed"
# bash reads it at its start, and the images' own activates the conda environment that the tests run in
ENV = (("BASH_ENV", "/root/.bashrc"),)
LIMITS = WorkspaceLimits(memory_bytes=8 << 30, disk_bytes=8 << 30, processes=4096)
BUDGET = Budget(turns=100)
TOOLS = {"tools": (BASH, EDITOR, SUBMIT), "bash-only": (BASH, SUBMIT), "text": ()}


def assignment_of(row: Mapping[str, Any], *, image: str, network: bool) -> Assignment:
    base = str(row["base_commit"])

    async def ready(workspace: Workspace) -> GitWork:
        return GitWork(await make_fit(workspace, base), again=ready)

    spec = WorkspaceSpec(image, root=ROOT, user="root", env=ENV, network=network, limits=LIMITS)
    return Assignment(str(row["problem_statement"]), spec, ready, BUDGET)


async def meet(assignment: Assignment, sandbox: WorkspaceSandbox, tools: str) -> Encounter:
    """evalkit's own shell over it. `tools`: a key of TOOLS."""
    workspace = await sandbox.open(assignment.spec)
    try:
        take = await assignment.ready(workspace)
    except BaseException:
        await workspace.close()
        raise
    world = ShellWorld(workspace, take, tools=TOOLS[tools])
    return Encounter(world, partner(assignment.problem, tools), assignment.budget)


def partner(problem: str, tools: str) -> ToolShell:
    return TextShell(problem, ROOT) if tools == "text" else ToolShell(problem, ROOT)
