"""Tasks whose gold passes, fails, or passes officially only; each verdict leaves a line in a file."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit import suite
from evalkit.model import Message
from evalkit.protocol import Extractor, Prompt, Protocol
from evalkit.samples import Sampled
from evalkit.suite import CommonOptions, Scorer, option
from evalkit.task import Answer, Task, Verdict, error, failed, passed
from evalkit.workspace import WorkspaceSandbox

CHAT = Protocol(
    name="proving",
    version="1",
    prompt=lambda task: Prompt((Message("user", "What is right?"),)),
    extractor=Extractor("all", "1", "The whole reply.", lambda reply, task: reply),
    assemble=lambda task, answer: answer.text,
    form="patch",
)


@dataclass(frozen=True)
class Options(CommonOptions):
    network: str = option("off", "the network", choices=("off", "on"))


class Suite(suite.Suite):
    Options = Options
    required_fields = ("task_id", "kind", "lines")
    workspaces = True

    def tasks(self, records: Sequence[Mapping[str, Any]]) -> list[Task]:
        return [Task(r["task_id"], r, Answer("gold", "patch"), tags={"kind": r["kind"]}) for r in records]

    def protocol(self) -> Protocol:
        return CHAT

    def conditions(self) -> Mapping[str, str]:
        return {"network": self.options.network}

    def scorer(self) -> Scorer:
        return Scorer("proving", "1")

    def image(self, task: Task) -> str:
        return "proving"

    async def score(self, task: Task, answer: Answer, sandbox: WorkspaceSandbox) -> Verdict:
        note(Path(task.data["lines"]), f"{task.id} {answer.text or 'empty'}\n")
        kind, right = task.data["kind"], answer.text in ("gold", "other")
        if kind == "waits":
            await asyncio.to_thread(there, Path(task.data["lines"] + ".go"))
        if kind == "breaks":
            return error("sandbox", "no disk")
        if kind == "fails" or not right:
            return failed("wrong", "not what was wanted", log=b"what was wanted")
        if kind == "officially":
            return passed(strict=failed("wrong", suspect="nobody saw it"))
        return passed(strict=passed())

    def statistics(self, samples: Iterable[Sampled]) -> Mapping[str, float | None]:
        return {"counted": float(sum(1 for _ in samples))}


def note(path: Path, line: str) -> None:
    with path.open("a") as lines:
        lines.write(line)


def there(path: Path) -> None:
    while not path.exists():
        time.sleep(0.05)
