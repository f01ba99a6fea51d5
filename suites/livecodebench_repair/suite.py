"""LiveCodeBench, self-repair: a program that failed, and where it did; the model writes it anew."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from evalkit.errors import DataError
from evalkit.protocol import Protocol
from evalkit.samples import SampleRecord
from evalkit.suite import Record, SuiteInfo, option
from evalkit.task import Answer, Task

from ..livecodebench import suite as codegen
from .attempts import Attempt, Attempts, read_attempts
from .protocols import DEFAULT, PROTOCOLS


@dataclass(frozen=True)
class Options(codegen.Options):
    protocol: str = option(DEFAULT, "how the model is asked and its reply read", choices=tuple(PROTOCOLS))
    attempts: str = option(
        "",
        "first attempts with the checker's words: a file of the authors' runner, _eval_all.json",
        part="none",
    )


class Suite(codegen.Suite):
    Options = Options
    official_array = False

    def source(self) -> SuiteInfo:
        """Code generation's data, also by the name of its folder."""
        return dataclasses.replace(super().source(), name="livecodebench")

    def other_data(self) -> Mapping[str, str]:
        return {"attempts": self.attempts().fingerprint}

    def attempts(self) -> Attempts:
        path = Path(self.options.attempts)
        return _read(self.options.attempts, path.stat().st_mtime_ns if path.is_file() else 0)

    def tasks(self, records: Sequence[Record]) -> list[Task]:
        """A task an attempt: question_id/0, question_id/1, ... What passed is kept, and not asked again."""
        problems, known = super().tasks(records), self.attempts().by_question
        if missing := [task.id for task in problems if task.id not in known]:
            raise DataError(
                f"{Path(self.options.attempts).name} has no attempts at {len(missing)} of {len(problems)} "
                f"problems: {', '.join(missing[:3])}, ...",
                "choose the release and the dates that it was made with: --release, --from, --to",
            )
        return [
            with_attempt(task, number, attempt)
            for task in problems
            for number, attempt in enumerate(known[task.id])
        ]

    def protocol(self) -> Protocol:
        return PROTOCOLS[self.options.protocol]

    def settled(self, task: Task) -> Answer | None:
        attempt: Attempt = task.data["attempt"]
        return Answer(attempt.code, "solution") if attempt.kept else None

    def remarks(self, tasks: Sequence[Task]) -> tuple[str, ...]:
        kept = sum(task.data["attempt"].kept for task in tasks)
        return (*super().remarks(tasks), f"{kept} of {len(tasks)} first attempts are kept as they are")

    def read_samples(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[SampleRecord]:
        """The k-th answer of a problem is that to its k-th attempt."""
        count = Counter[str]()
        held = list(rows)
        for sample in super().read_samples(held):
            if "/" in sample.task_id:
                yield sample
            else:
                yield dataclasses.replace(sample, task_id=f"{sample.task_id}/{count[sample.task_id]}")
                count[sample.task_id] += 1


def with_attempt(task: Task, number: int, attempt: Attempt) -> Task:
    """What passed has to pass here, too: it is the task's gold answer."""
    return dataclasses.replace(
        task,
        id=f"{task.id}/{number}",
        gold=Answer(attempt.code, "solution") if attempt.passed else task.gold,
        data={**task.data, "attempt": attempt},
        tags={**task.tags, "first try": attempt.word},
    )


@lru_cache(maxsize=2)
def _read(name: str, as_it_is: int) -> Attempts:
    return read_attempts(name)
