"""LiveCodeBench, code generation: contest problems with tests on standard input or on a method."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from evalkit import suite
from evalkit.errors import DataError
from evalkit.program import Job, Limits, ProgramSandbox
from evalkit.protocol import Protocol
from evalkit.suite import CommonOptions, Scorer, option
from evalkit.task import Answer, Task, Verdict, error

from .protocols import DEFAULT, PROTOCOLS
from .records import check, has_private, tests_of
from .stand_in import REAL_PREAMBLE

FOLDER = Path(__file__).parent
SCORERS = ("lcb-2025-05", "real")
OUTPUT_BYTES = 16 << 20
FILE_BYTES = 16 << 20
TAGS = ("difficulty", "platform")


@dataclass(frozen=True)
class Options(CommonOptions):
    protocol: str = option(DEFAULT, "how the model is asked and its reply read", choices=tuple(PROTOCOLS))
    scorer: str = option(
        "lcb-2025-05",
        "the official checker's rules of that date, or a true process with a true standard input",
        part="verdict",
        choices=SCORERS,
    )
    timeout: float = option(6.0, "seconds of wall clock for one test", part="verdict")
    memory: int = option(4096, "MiB of memory for one program", part="verdict")


class Suite(suite.Suite):
    Options = Options
    tests_are_data = True
    required_fields = ("question_id", "question_content", "public_test_cases")

    def tasks(self, records: Sequence[Mapping[str, Any]]) -> list[Task]:
        """In order of question_id as a text, which is the official one. Tests stay packed until they run."""
        for record in records:
            check(record)
        made = [
            Task(str(r["question_id"]), r, gold(r), {tag: str(r[tag]) for tag in TAGS if r.get(tag)})
            for r in records
        ]
        return sorted(made, key=lambda task: task.id)

    def remarks(self, tasks: Sequence[Task]) -> tuple[str, ...]:
        without = sum(not has_private(task.data) for task in tasks)
        if not without:
            return ()
        some = "" if without == len(tasks) else f" for {without} of {len(tasks)} problems"
        return (f"public tests only{some}: not comparable with published scores",)

    def protocol(self) -> Protocol:
        return PROTOCOLS[self.options.protocol]

    def scorer(self) -> Scorer:
        return Scorer(self.options.scorer, "1")

    async def score(self, task: Task, answer: Answer, sandbox: ProgramSandbox) -> Verdict:
        try:
            tests = await asyncio.to_thread(tests_of, task.data)  # megabytes, for some
        except DataError as e:
            return error("grader", str(e))
        real = self.options.scorer == "real"
        known = {
            "inputs": tests.inputs,
            "outputs": tests.outputs,
            "function": tests.function,
            "scorer": self.options.scorer,
            "timeout": self.options.timeout,
            "output": OUTPUT_BYTES,
            "before": REAL_PREAMBLE,
            "stand_in": text("stand_in.py"),
        }
        limits = Limits(
            # the authors' global limit; a whole-second alarm there, and so much longer for all of it
            wall_s=(self.options.timeout + 1) * len(tests.inputs) + 5,
            memory_bytes=self.options.memory << 20,
            output_bytes=OUTPUT_BYTES,
            file_bytes=max(FILE_BYTES, *(4 * len(given) for given in tests.inputs)),
        )
        program = self.protocol().assemble(task, answer)
        guard = "none" if real else "livecodebench"
        judgement = await sandbox.judge(Job(program, text("judge.py"), known, limits, guard))
        return judgement.verdict(official="" if real else str(judgement.data.get("official", "")))


def gold(record: Mapping[str, Any]) -> Answer | None:
    """The official data has no solutions; problems of one's own may have one under "solution"."""
    solution = record.get("solution")
    return Answer(solution, "solution") if isinstance(solution, str) else None


@cache
def text(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")
