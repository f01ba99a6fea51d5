"""HumanEval: 164 functions to complete, judged as openai/human-eval (commit 6d43fb98) does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit import suite
from evalkit.program import Job, Judgement, Limits, ProgramSandbox
from evalkit.protocol import Protocol
from evalkit.samples import SampleRecord
from evalkit.suite import MIB, SECONDS, CommonOptions, Scorer, option
from evalkit.task import Answer, Task, Verdict

from .protocols import DEFAULT, NAMES, code_before, protocols
from .samples import as_completion, official_rows
from .scorers import guard_of, scorer_option

JUDGE = Path(__file__).with_name("judge.py").read_text(encoding="utf-8")
PROTOCOLS = protocols(redefine=True)


@dataclass(frozen=True)
class Options(CommonOptions):
    protocol: str = option(DEFAULT, "how the model is asked and its reply read", choices=NAMES)
    scorer: str = scorer_option("human-eval")
    timeout: float = option(
        3.0, "seconds of wall clock for one program with its tests", part="verdict", within=SECONDS
    )
    memory: int = option(1024, "MiB of memory for one program", part="verdict", within=MIB)


class Suite(suite.Suite):
    Options = Options
    required_fields = ("task_id", "prompt", "entry_point", "test")

    def tasks(self, records: Sequence[Mapping[str, Any]]) -> list[Task]:
        return [Task(str(r["task_id"]), r, gold(r)) for r in records]

    def protocol(self) -> Protocol:
        return PROTOCOLS[self.options.protocol]

    def scorer(self) -> Scorer:
        return Scorer(self.options.scorer, "1")

    async def score(self, task: Task, answer: Answer, sandbox: ProgramSandbox) -> Verdict:
        known = {key: task.data[key] for key in self.required_fields}
        known["canonical_solution"] = str(task.data.get("canonical_solution", ""))
        limits = Limits(wall_s=self.options.timeout, memory_bytes=self.options.memory << 20)
        gold = self.program(task, task.gold) if task.gold else ""
        guard = guard_of(self.options.scorer)
        judgement = await sandbox.judge(Job(self.program(task, answer), JUDGE, known, limits, guard, gold))
        return judgement.verdict(official=official_word(judgement) if guard != "none" else "")

    def program(self, task: Task, answer: Answer) -> str:
        return self.protocol().assemble(task, answer) + followed_by(task.data["test"])

    def read_samples(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[SampleRecord]:
        return official_rows(rows, task_id=named, nth=lambda n: f"HumanEval/{n}")

    def official_sample(self, task: Task, answer: Answer, verdict: Verdict | None) -> dict[str, Any]:
        protocol = self.protocol()
        code = protocol.extract(task, answer)
        if code is None or not code.text.strip():
            return {"task_id": task.id, "completion": ""}
        program = protocol.assemble(task, code)
        return {"task_id": task.id, "completion": as_completion(program, code_before(task, code.text))}


def followed_by(test: str) -> str:
    """What stands for the test's text, which officially follows the program in one namespace: a helper
    of the answer's own that is called check (or METADATA) is lost there, and so it is here."""
    space = test[: len(test) - len(test.lstrip())]
    metadata = "METADATA = None\n" if "METADATA" in test else ""
    return f"{space}{metadata}def check(candidate):\n    raise TypeError('this is the check of the test')\n"


def gold(record: Mapping[str, Any]) -> Answer | None:
    """The reference body; problems of one's own need not have one."""
    body = record.get("canonical_solution")
    return Answer(body, "completion") if isinstance(body, str) else None


def named(task_id: Any) -> str:
    return f"HumanEval/{task_id}" if isinstance(task_id, int) else str(task_id)


def official_word(judgement: Judgement) -> str:
    """What human-eval writes into its results file: passed, timed out, or failed: MESSAGE.

    A process that dies without a word leaves no result there, and counts as timed out.
    """
    if "official" in judgement.data:
        return str(judgement.data["official"])
    words = {"passed": "passed", "timeout": "timed out", "grader": ""}
    return words.get(judgement.status, f"failed: {judgement.detail}")
