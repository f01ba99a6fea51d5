"""What HumanEval+ and MBPP+ share: one judge that compares an answer with the reference on many inputs."""

from __future__ import annotations

import dataclasses
import functools
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from evalkit import suite
from evalkit.errors import DataError
from evalkit.program import Job, Limits, ProgramSandbox
from evalkit.protocol import Protocol
from evalkit.samples import SampleRecord
from evalkit.suite import Scorer, SuiteInfo
from evalkit.task import Answer, Task, Verdict

from ..humaneval.samples import official_rows
from ..humaneval.scorers import guard_of

JUDGE = Path(__file__).with_name("judge.py")
FIELDS = ("task_id", "prompt", "entry_point", "canonical_solution", "base_input", "plus_input", "atol")

# for each of the two processes, base and plus: officially a minute at most, then a second or two to stop
PROCESS_S = 65.0
# what a program prints is kept to this, and taken for a flood at 64 times as much; a noisy answer is called
# a thousand times
OUTPUT_BYTES = 8 << 20
FUTURE = "from __future__ import annotations\n"  # allowed at the top of a module only


class PlusSuite(suite.Suite):
    """`dataset` is EvalPlus's own name: it chooses the special comparisons and how inputs are restored."""

    required_fields = ("task_id", "prompt")
    dataset: ClassVar[str]
    prefix: ClassVar[str]  # of task ids
    files: ClassVar[Mapping[str, str]]  # data file of each subset, without .gz
    protocols: ClassVar[Mapping[str, Protocol]]
    judges: ClassVar[tuple[Path, ...]] = (JUDGE,)  # their texts one after the other

    def source(self) -> SuiteInfo:
        """The chosen subset's file. The hub holds the full set only."""
        subset = self.options.subset
        if subset == "full":
            return self.info
        name = self.files[subset]
        return dataclasses.replace(self.info, local=(f"{name}.gz", name), hub=None)

    def tasks(self, records: Sequence[Mapping[str, Any]]) -> list[Task]:
        found = [r if "plus_input" in r else self.from_hub(r) for r in records]
        for record in found:
            if missing := [name for name in FIELDS if name not in record]:
                raise DataError(f"{record['task_id']}: missing {', '.join(missing)}")
        return [Task(str(r["task_id"]), r, Answer(r["canonical_solution"], "completion")) for r in found]

    @abstractmethod
    def from_hub(self, record: Mapping[str, Any]) -> Mapping[str, Any]:
        """A record of the release's form from one of the hub's (hub.py)."""

    def protocol(self) -> Protocol:
        return self.protocols[self.options.protocol]

    def scorer(self) -> Scorer:
        return Scorer(self.options.scorer, "1")

    async def score(self, task: Task, answer: Answer, sandbox: ProgramSandbox) -> Verdict:
        known = {key: task.data[key] for key in FIELDS} | {
            "dataset": self.dataset,
            "min_time_limit": self.options.min_time_limit,
            "gt_time_limit_factor": self.options.gt_time_limit_factor,
        }
        program = self.protocol().assemble(task, answer)
        job = Job(
            program,
            judge_text(self.judges),
            known,
            Limits(wall_s=PROCESS_S, output_bytes=OUTPUT_BYTES),
            guard=guard_of(self.options.scorer),
        )
        judgement = await sandbox.judge(job)
        words = {name: judgement.data[name] for name in ("base", "plus") if name in judgement.data}
        if not task.data["base_input"]:  # the hub's data: which inputs are base is not known
            words.pop("base", None)
        parts = {name: word == "pass" for name, word in words.items()}
        if "plus" in parts:
            parts["plus"] = all(parts.values())  # as EvalPlus reports it
        official = ", ".join(f"{name}: {word}" for name, word in words.items())
        return judgement.verdict(parts=parts, official=official if job.guard != "none" else "")

    def read_samples(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[SampleRecord]:
        return official_rows(rows, task_id=self.named, nth=self.nth)

    def nth(self, number: int) -> str:
        """The id of the hub's row, counted from 0: bigcode's files say no more."""
        raise DataError("the rows of a bigcode file cannot be matched to the tasks of this suite")

    def named(self, task_id: Any) -> str:
        text = str(task_id)
        return f"{self.prefix}{text}" if text.isdecimal() else text

    def official_sample(self, task: Task, answer: Answer, verdict: Verdict | None) -> dict[str, Any]:
        code = self.protocol().extract(task, answer)
        solution = self.protocol().assemble(task, code) if code else ""
        return {"task_id": task.id, "solution": solution}


@functools.cache
def judge_text(files: tuple[Path, ...]) -> str:
    """One module out of several: what a later one defines replaces what an earlier one did."""
    first, *later = (path.read_text(encoding="utf-8") for path in files)
    return "\n\n".join([first, *(text.replace(FUTURE, "") for text in later)])
