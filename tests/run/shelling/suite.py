"""Tasks in a git repository that a shell is to change: by function calls, or in text.

A record says which, and what the file `wanted.txt` must hold in the end. A fresh workspace is asked that,
with the patch applied by git.
"""

from __future__ import annotations

from typing import Any

from evalkit import Answer, Extractor, Message, Prompt, Protocol, Scorer, Task
from evalkit.assignment import Assignment
from evalkit.interaction import Budget, Encounter
from evalkit.scaffolds.shell import GitWork, Rules, ShellWorld, TextShell, ToolShell
from evalkit.suite import Suite as Base
from evalkit.task import Verdict, failed, passed
from evalkit.workspace import Workspace, WorkspaceLimits, WorkspaceSandbox, WorkspaceSpec

IMAGE = "shelling"
START = """
set -e
git init -q --template= -b main .
git config user.name A && git config user.email a@b.c
printf '*.log\\n' >.gitignore
printf 'one\\ntwo\\n' >wanted.txt
git add . && git commit -q -m start
"""
LIMITS = WorkspaceLimits(memory_bytes=256 << 20, disk_bytes=32 << 20, processes=200)


class Suite(Base):
    required_fields = ("task_id", "mode", "wants")
    scaffold = "interactive"
    workspaces = True

    def tasks(self, records: Any) -> list[Task]:
        return [Task(r["task_id"], r) for r in records]

    def protocol(self) -> Protocol:
        whole = Extractor("whole", "1", "the patch as it is", lambda reply, task: None)
        ask = lambda task: Prompt((Message("user", f"task {task.id}."),))  # noqa: E731
        return Protocol("shelling", "1", ask, whole, lambda task, answer: answer.text, form="patch")

    def image(self, task: Task) -> str:
        return IMAGE

    async def meet(self, task: Task, sandbox: WorkspaceSandbox) -> Encounter:
        workspace = await started(sandbox)
        rules = Rules(**{"command_s": 20.0, **task.data.get("rules", {})})
        asked = f"This is task {task.id}."
        try:
            take = await GitWork.of(workspace, again=begun)
        except BaseException:
            await workspace.close()
            raise
        budget = Budget(**task.data.get("budget", {"turns": 40}))
        if task.data["mode"] == "text":
            world = ShellWorld(workspace, take, tools=(), rules=rules)
            return Encounter(world, TextShell(asked, workspace.spec.root, rules), budget)
        return Encounter(
            ShellWorld(workspace, take, rules=rules), ToolShell(asked, workspace.spec.root, rules), budget
        )

    def assignment(self, task: Task) -> Assignment:
        spec = WorkspaceSpec(IMAGE, limits=LIMITS)
        return Assignment(f"This is task {task.id}.", spec, begun, Budget(**task.data.get("budget", {})))

    def scorer(self) -> Scorer:
        return Scorer("shelling", "1")

    async def score(self, task: Task, answer: Answer, sandbox: WorkspaceSandbox) -> Verdict:
        if not answer.text:
            return failed("empty_patch")
        workspace = await started(sandbox)
        try:
            patch = answer.text.encode("utf-8", "surrogateescape")
            done = await workspace.run(["git", "apply", "-"], timeout_s=60, stdin=patch)
            if done.status != 0:
                return failed("patch_apply", done.text[:200])
            found = (await workspace.read("wanted.txt")).decode()
        finally:
            await workspace.close()
        return passed() if found == task.data["wants"] else failed("wrong", found[:200])


async def started(sandbox: WorkspaceSandbox) -> Workspace:
    """A fresh workspace with the repository in it."""
    workspace = await sandbox.open(WorkspaceSpec(IMAGE, limits=LIMITS))
    await begin(workspace)
    return workspace


async def begun(workspace: Workspace) -> GitWork:
    await begin(workspace)
    return await GitWork.of(workspace, again=begun)


async def begin(workspace: Workspace) -> None:
    done = await workspace.run(["sh", "-c", START], timeout_s=60)
    assert done.status == 0, done.text
