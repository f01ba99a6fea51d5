"""`replay:FILE`: answers from a samples file or folder, in any format that the suite reads."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

from evalkit.data import fingerprint
from evalkit.errors import DataError, NoSample, UsageError
from evalkit.model import OnAttempt, Reply, Request, Sampling
from evalkit.models.gold import immediate
from evalkit.samples import SampleRecord, folder_rows
from evalkit.suite import Suite


class Replay:
    """Sample k of a task is the k-th of the task's answers in the file, in file order."""

    def __init__(
        self,
        name: str,
        path: Path,
        answers: dict[str, tuple[SampleRecord, ...]],
        digest: str,
        known_only: bool = False,
    ) -> None:
        self.name = name
        self.sampling = Sampling()
        self._path = path
        self._answers = answers
        self._digest = digest
        self._known_only = known_only

    def samples_per_task(self) -> dict[str, int]:
        """How many answers the file holds for each task."""
        return {task: len(answers) for task, answers in self._answers.items()}

    def check_tasks(self, task_ids: Iterable[str]) -> None:
        """DataError unless the file holds an answer for one of these tasks at least, and, where the suite
        wants it so, for no others."""
        known = set(task_ids)
        strangers = [name for name in self._answers if name not in known] if self._known_only else []
        if strangers:
            more = f" and {len(strangers) - 3} more" if len(strangers) > 3 else ""
            raise DataError(
                f"{self._path}: no tasks of this data: {', '.join(strangers[:3])}{more}",
                "is it the data that the answers were made for?",
            )
        if self._answers.keys().isdisjoint(known):
            raise DataError(
                f"{self._path} holds answers for none of this suite's tasks",
                f"its first task is {next(iter(self._answers))!r}: is it another suite's file?",
            )

    async def complete(self, request: Request, on_attempt: OnAttempt | None = None) -> Reply:
        answers = self._answers.get(request.task.id, ())
        if request.sample >= len(answers):
            raise NoSample(
                f"{self._path.name} holds {len(answers)} answers of {request.task.id}, "
                f"not one for sample {request.sample}"
            )
        found = answers[request.sample]
        if found.answer is None:
            raise NoSample(f"sample {request.sample} of {request.task.id} has no answer in {self._path.name}")
        return immediate(found.answer, found.model or self.name, on_attempt, found.finish_reason)

    def describe(self) -> dict[str, Any]:
        names = (record.model for records in self._answers.values() for record in records)
        by = next(filter(None, names), "")
        told = {"answers_of": by} if by else {}
        return {"backend": "replay", "file": self._path.name, "sha256": self._digest, **told}

    async def close(self) -> None:
        pass


def open_replay(spec: str, suite: Suite | None) -> Replay:
    """A model from `replay:FILE`. DataError where the file cannot be read or holds no answer."""
    path = Path(spec.partition(":")[2]).expanduser()
    if not path.name:
        raise UsageError("replay needs a file of answers", "--model replay:FILE")
    if suite is None:
        raise UsageError("replay needs a suite: it knows how the file is to be read")
    answers = by_task(suite.read_answers(path))
    if all(record.answer is None for records in answers.values() for record in records):
        raise DataError(f"{path} holds no answers")
    whole = fingerprint(list(folder_rows(path))) if path.is_dir() else sha256(path.read_bytes()).hexdigest()
    return Replay(spec, path, answers, whole, suite.known_tasks_only)


def by_task(records: Iterable[SampleRecord]) -> dict[str, tuple[SampleRecord, ...]]:
    answers: dict[str, list[SampleRecord]] = {}
    for record in records:
        answers.setdefault(record.task_id, []).append(record)
    return {task: tuple(found) for task, found in answers.items()}
