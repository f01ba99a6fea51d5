"""Samples: files of answers (JSON lines, plain or gzip, one JSON array with an answer a row, or a folder a
task), and planned samples as suites' statistics and reports see them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from evalkit.errors import DataError
from evalkit.task import Answer, Form, Task, Verdict


@dataclass(frozen=True)
class SampleRecord:
    """One answer read from a samples file; None holds the place of a sample that has none.

    `model`: who gave it, where the file says so.
    """

    task_id: str
    answer: Answer | None
    finish_reason: str = "stop"
    model: str = ""


@dataclass(frozen=True)
class Sampled:
    """A planned sample as a suite's statistics see it: how it ended and why, and what its rollout left.

    `facts` as the scaffold gave them. Times are seconds, `cost` US dollars, None is unknown.
    """

    task_id: str
    sample: int
    outcome: str
    facts: Mapping[str, Any]
    cost: float | None
    model_s: float | None
    reason: str = ""


@dataclass(frozen=True)
class Judged:
    """A planned sample for the suite's own report. None: no answer, no verdict on it. `log` reads what
    the tests printed; empty where it is not kept."""

    task: Task
    sample: int
    answer: Answer | None
    verdict: Verdict | None
    log: Callable[[], bytes]


@dataclass(frozen=True)
class Ran:
    """A run for the suite's own report. `data`: the file, folder or data set of the hub that it was of."""

    name: str
    model: str
    data: str
    samples: Iterable[Judged]


FORMS: dict[str, Form] = {
    "solution": "solution",
    "completion": "completion",
    "reply": "reply",
    "raw": "reply",
    "answer": "reply",
}


def read_rows(
    rows: Iterable[Mapping[str, Any]], first: int = 1, *, patches: bool = False
) -> Iterator[SampleRecord]:
    """Rows with `task_id` and one of `solution`, `completion`, `reply`: a text or a list. With `patches`
    (suites with workspaces) also `patch`.

    A row of evalkit's own export has `answer` with `form` and `finish_reason`: a cut reply stays one.
    """
    forms: dict[str, Form] = FORMS | ({"patch": "patch"} if patches else {})
    for number, row in enumerate(rows, first):
        task_id = row.get("task_id")
        if task_id is None:
            raise DataError(f"row {number} of the samples file has no task_id")
        key = next((k for k in forms if row.get(k) is not None), None)
        if key is None and "answer" in row and "outcome" in row:
            yield SampleRecord(str(task_id), None)
            continue
        if key is None:
            raise DataError(
                f"row {number} of the samples file ({task_id}) has no answer",
                f"expected one of {', '.join(forms)}",
            )
        form = cast(Form, row.get("form") or forms[key])
        if form not in forms.values():
            raise DataError(f"row {number} of the samples file ({task_id}): {form!r} is no form of an answer")
        texts = row[key] if isinstance(row[key], list) else [row[key]]
        for text in texts:
            if not isinstance(text, str):
                raise DataError(f"row {number} of the samples file ({task_id}): {key} is not a text")
            yield SampleRecord(str(task_id), Answer(text, form), str(row.get("finish_reason") or "stop"))


def folder_rows(folder: Path) -> Iterator[dict[str, Any]]:
    """Rows of a folder of folders, one a task, with a program a sample: `HumanEval_0/0.py`, `1.py`, ...

    EvalPlus writes and reads these; in a folder's name "_" stands for the "/" of the task's id.
    """
    for task in sorted(path for path in folder.iterdir() if path.is_dir()):
        programs = sorted(task.glob("*.py"), key=lambda path: (len(path.stem), path.stem))
        for program in programs:
            try:
                text = program.read_bytes().decode("utf-8")
            except (OSError, UnicodeDecodeError) as e:
                raise DataError(f"cannot read {program}: {e}") from None
            yield {"task_id": task.name.replace("_", "/"), "solution": text}
