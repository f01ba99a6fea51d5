"""Tasks whose work is the machine as it stands: a file, and a program that goes on running.

A record says how evalkit's own agent works (`mode`). The answer is what the file holds and whether the
program whose number is in the file `number` runs, asked in the live container when the agent is gone.
"""

from __future__ import annotations

import json
from typing import Any

from evalkit import Answer, Extractor, Message, Prompt, Protocol, Scorer, Task
from evalkit.assignment import Assignment
from evalkit.interaction import Budget, Encounter
from evalkit.scaffolds.shell import BASH, SUBMIT, ShellWorld, ToolShell
from evalkit.scaffolds.terminal import TerminalWorld, terminal_bundle
from evalkit.scaffolds.terminus import Terminus1, Terminus2
from evalkit.suite import Suite as Base
from evalkit.task import Verdict, failed, passed
from evalkit.workspace import Workspace, WorkspaceLimits, WorkspaceSandbox, WorkspaceSpec

IMAGE = "standing"
WANTED = "one\nTWO\n"
LOOK = 'cat wanted.txt; kill -0 "$(cat number)" 2>/dev/null && echo runs'
LIMITS = WorkspaceLimits(memory_bytes=512 << 20, disk_bytes=64 << 20, processes=200)
TERMINUS: dict[str, type[Terminus1 | Terminus2]] = {"terminus-1": Terminus1, "terminus-2": Terminus2}


class Suite(Base):
    required_fields = ("task_id",)
    scaffold = "interactive"
    workspaces = True

    def tasks(self, records: Any) -> list[Task]:
        return [Task(r["task_id"], r) for r in records]

    def protocol(self) -> Protocol:
        whole = Extractor("whole", "1", "the state as it is", lambda reply, task: None)
        ask = lambda task: Prompt((Message("user", asked(task)),))  # noqa: E731
        return Protocol("standing", "1", ask, whole, lambda task, answer: answer.text, form="state")

    def image(self, task: Task) -> str:
        return IMAGE

    def assignment(self, task: Task) -> Assignment:
        spec = WorkspaceSpec(IMAGE, limits=LIMITS, bundles=(terminal_bundle(),))
        return Assignment(
            asked(task), spec, begun, Budget(**task.data.get("budget", {"turns": 20})), form="state"
        )

    async def meet(self, task: Task, sandbox: WorkspaceSandbox) -> Encounter:
        given = self.assignment(task)
        workspace = await sandbox.open(given.spec)
        try:
            take = await given.ready(workspace)
            if terminus := TERMINUS.get(task.data["mode"]):
                typed = await TerminalWorld.open(workspace, take)
                return Encounter(typed, terminus(asked(task)), given.budget)
        except BaseException:
            await workspace.close()
            raise
        world = ShellWorld(workspace, take, tools=(BASH, SUBMIT), quiet=False)
        return Encounter(world, ToolShell(asked(task), workspace.root), given.budget)

    def lost(self, why: str) -> Answer:
        return Answer("", "state")

    def scorer(self) -> Scorer:
        return Scorer("standing", "1")

    async def score(self, task: Task, answer: Answer, sandbox: WorkspaceSandbox) -> Verdict:
        wants = {"text": f"{WANTED}runs\n"}
        return passed() if json.loads(answer.text or "{}") == wants else failed("wrong", answer.text)


def asked(task: Task) -> str:
    return f"This is task {task.id}."


async def begun(workspace: Workspace) -> Any:
    await workspace.write({"wanted.txt": b"one\ntwo\n"})
    return taken


async def taken(workspace: Workspace) -> Answer:
    done = await workspace.run(["sh", "-c", LOOK], timeout_s=60)
    return Answer(json.dumps({"text": done.text}), "state")
