"""Mini: 40 small problems of our own, the suite that needs nothing from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit import suite
from evalkit.program import Job, Limits, ProgramSandbox
from evalkit.protocol import Protocol
from evalkit.suite import MIB, SECONDS, CommonOptions, Scorer, option
from evalkit.task import Answer, Task, Verdict

from .protocol import CHAT

JUDGE = Path(__file__).with_name("judge.py").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Options(CommonOptions):
    timeout: float = option(
        10.0, "seconds of wall clock for one program with its tests", part="verdict", within=SECONDS
    )
    memory: int = option(1024, "MiB of memory for one program", part="verdict", within=MIB)


class Suite(suite.Suite):
    Options = Options
    required_fields = ("task_id", "prompt", "entry_point", "canonical_solution", "test")

    def tasks(self, records: Sequence[Mapping[str, Any]]) -> list[Task]:
        return [
            Task(
                r["task_id"],
                r,
                gold=Answer(r["canonical_solution"], "completion"),
                tags={"difficulty": r["difficulty"]} if "difficulty" in r else {},
            )
            for r in records
        ]

    def protocol(self) -> Protocol:
        return CHAT

    def scorer(self) -> Scorer:
        return Scorer("mini", "1")

    async def score(self, task: Task, answer: Answer, sandbox: ProgramSandbox) -> Verdict:
        program = CHAT.assemble(task, answer)
        gold = CHAT.assemble(task, task.gold) if task.gold else ""
        known = {key: task.data[key] for key in ("test", "entry_point", "prompt")}
        limits = Limits(wall_s=self.options.timeout, memory_bytes=self.options.memory << 20)
        return (await sandbox.judge(Job(program, JUDGE, known, limits, gold=gold))).verdict()
