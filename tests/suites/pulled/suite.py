"""A suite whose tasks have images of their own, by reference: what is in them is what the model is to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evalkit import suite
from evalkit.model import Message
from evalkit.protocol import Extractor, Prompt, Protocol
from evalkit.suite import Scorer
from evalkit.task import Answer, Task, Verdict, failed, passed
from evalkit.workspace import WorkspaceSandbox, WorkspaceSpec

CHAT = Protocol(
    name="pulled",
    version="1",
    prompt=lambda task: Prompt((Message("user", "What does it say?"),)),
    extractor=Extractor("all", "1", "The whole reply.", lambda reply, task: reply),
    assemble=lambda task, answer: answer.text,
)


class Suite(suite.Suite):
    required_fields = ("task_id", "image", "file", "says")
    workspaces = True

    def tasks(self, records: Sequence[Mapping[str, Any]]) -> list[Task]:
        return [Task(r["task_id"], r, gold=Answer(r["says"], "solution")) for r in records]

    def protocol(self) -> Protocol:
        return CHAT

    def scorer(self) -> Scorer:
        return Scorer("pulled", "1")

    def image(self, task: Task) -> str:
        return str(task.data["image"])

    async def score(self, task: Task, answer: Answer, sandbox: WorkspaceSandbox) -> Verdict:
        workspace = await sandbox.open(WorkspaceSpec(self.image(task), root="/"))
        try:
            done = await workspace.run(["/bin/sh", "-c", f"cat {task.data['file']}"], timeout_s=60)
        finally:
            await workspace.close()
        return passed() if done.text.strip() == answer.text else failed("wrong", done.text[:100])
