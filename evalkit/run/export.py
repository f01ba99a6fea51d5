"""One record a sample, for other programs: docs/machine-interface.md documents every key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from evalkit.data import load_data, tasks_of
from evalkit.errors import DataError, UsageError
from evalkit.registry import open_suite
from evalkit.run.result import ended_sessions, explain_missing, scorer_of
from evalkit.run.session import stored_settings
from evalkit.run.telling import RECORDING
from evalkit.samples import Judged, Ran
from evalkit.store import Reader, Record
from evalkit.suite import Suite
from evalkit.task import Task, TestResult, Verdict

USAGE = ("prompt_tokens", "completion_tokens", "reasoning_tokens", "cost", "calls", "attempts")


def records(store: Reader) -> Iterator[dict[str, Any]]:
    """A run's samples in planned order, one at a time."""
    scorer, end, tags = scorer_of(store), ended_sessions(store)[-1]["end"], store.manifest.get("tags", {})
    for record in store.records():
        yield as_record(record, scorer, end, tags)


def as_record(
    record: Record, scorer: str | None, end: str, tags: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    """`end` is how the run's last session ended: the reason of what was never begun; `tags` by task."""
    row, answer = explain_missing(record.row, end), record.answer
    verdict = record.verdicts.get("official")
    return {
        "task_id": row["task_id"],
        "sample": row["sample"],
        "tags": dict(tags.get(row["task_id"], {})),
        "outcome": row["outcome"],
        "reason": row["reason"] or None,
        "official": row["official"],
        "strict": row["strict"],
        "suspect": row["suspect"] or None,
        "scorer": scorer if verdict else None,
        "answer": answer.text if answer else None,
        "form": answer.form if answer else None,
        "finish_reason": record.info.get("finish_reason"),
        "facts": record.info.get("facts") or {},
        "extracted": verdict.extracted if verdict else None,
        "detail": _detail(record, verdict),
        "says": (verdict.official or None) if verdict else None,
        "parts": dict(verdict.parts) if verdict else {},
        "tests": [test_record(test) for test in verdict.tests] if verdict else [],
        "usage": {name: row[name] for name in USAGE},
        "times": {
            "model_s": row["model_s"],
            "rollout_s": row["rollout_s"],
            "judge_s": verdict.measured.get("wall_s") if verdict else None,
            "judge_first_s": verdict.measured.get("first_wall_s") if verdict else None,
        },
    }


def _detail(record: Record, verdict: Verdict | None) -> str | None:
    return (verdict.detail if verdict else str(record.info.get("detail", ""))) or None


def test_record(test: TestResult) -> dict[str, Any]:
    return {"name": test.name, "status": test.status, "detail": test.detail or None, "wall_s": test.wall_s}


def logs(store: Reader) -> Iterator[tuple[str, bytes]]:
    """What the tests printed, by a file name: the task's id, a sample after the first, a verdict but the
    official one (`django__django-1.log`, `a_b.sample-1.strict.log`)."""
    taken: set[str] = set()
    for task_id, sample in store.plan:
        for policy, log in store.logs(task_id, sample).items():
            more = f".{policy}" * (policy != "official")
            yield f"{_file_name(task_id, sample, more, taken)}.log", log


def recordings(store: Reader) -> Iterator[tuple[str, bytes]]:
    """The recorded sessions of terminals (asciicast v2), by a file name as a log's (`a_b.sample-1.cast`)."""
    taken: set[str] = set()
    for task_id, sample in store.plan:
        if (cast := store.file_of(task_id, sample, RECORDING)) is not None:
            yield f"{_file_name(task_id, sample, '', taken)}.cast", cast


def _file_name(task_id: str, sample: int, more: str, taken: set[str]) -> str:
    """One that no other has: it joins those that are taken."""
    name = re.sub(r"[^\w.+=@-]", "_", task_id, flags=re.ASCII)[:150].lstrip(".") or "task"
    name += f".sample-{sample}" * bool(sample) + more
    while name.lower() in taken:  # ids that differ in what no file name may hold
        name += "_"
    taken.add(name.lower())
    return name


def official_samples(store: Reader, data: Path | None = None) -> tuple[bool, Iterator[dict[str, Any] | None]]:
    """The suite's own samples format: whether it is one array, and its rows. None: an answer is missing.

    `data` says where the run's data is, if it moved. Raises DataError where it is not the same.
    """
    suite, tasks = suite_of(store, data)
    rows = task_rows if suite.official_array else sample_rows
    return suite.official_array, rows(store, suite, tasks)


def official_report(store: Reader, folder: Path, data: Path | None = None) -> None:
    """The report files of the suite's authors, in the folder. UsageError where the suite writes none."""
    suite, tasks = suite_of(store, data)
    if type(suite).official_report is Suite.official_report:
        raise UsageError(
            f"{suite.info.name} has no report files of its authors'",
            "evalkit export RUN writes its samples, evalkit report its score",
        )
    source = store.manifest["data"]["source"].partition(":")[2]
    suite.official_report(Ran(store.folder.name, model_of(store), source, judged(store, tasks)), folder)


def judged(store: Reader, tasks: Mapping[str, Task]) -> Iterator[Judged]:
    for record in store.records():
        name, sample = record.row["task_id"], record.row["sample"]
        log = partial(_log, store, name, sample)
        yield Judged(tasks[name], sample, record.answer, record.verdicts.get("official"), log)


def _log(store: Reader, task_id: str, sample: int) -> bytes:
    return store.logs(task_id, sample).get("official", b"")


def suite_of(store: Reader, data: Path | None) -> tuple[Suite, dict[str, Task]]:
    """A run's suite and its tasks, by id. DataError where the data is not the run's."""
    settings = stored_settings(store.manifest)
    suite = open_suite(settings.suite, settings.options)
    path = data or (Path(settings.data) if settings.data else None)
    loaded = load_data(suite, path)
    if loaded.fingerprint != store.manifest["data"]["fingerprint"]:
        raise DataError(
            f"{loaded.source} is not the data that {store.folder} was made with",
            f"that was {store.manifest['data']['source']}: say where it is now with --data PATH",
        )
    return suite, {task.id: task for task in tasks_of(suite, loaded)}


def model_of(store: Reader) -> str:
    """The model's name; of answers that were replayed, whose they are."""
    return str(store.manifest["model"].get("answers_of") or stored_settings(store.manifest).model)


def sample_rows(store: Reader, suite: Suite, tasks: Mapping[str, Task]) -> Iterator[dict[str, Any] | None]:
    model = model_of(store)
    for record in store.records():
        task = tasks.get(record.row["task_id"])
        if record.answer is None or task is None:
            yield None
        else:
            row = suite.official_sample(task, record.answer, record.verdicts.get("official"))
            yield suite.signed(row, model)


def task_rows(store: Reader, suite: Suite, tasks: Mapping[str, Task]) -> Iterator[dict[str, Any] | None]:
    """A row a task, in the suite's order; after it a None for each answer that it lacks."""
    planned: dict[str, list[int]] = {}
    for name, sample in store.plan:
        planned.setdefault(name, []).append(sample)
    for name, task in tasks.items():
        if name in planned:
            answers = [store.answer_of(name, sample)[0] for sample in planned[name]]
            yield suite.official_row(task, answers)
            yield from (None for answer in answers if answer is None)
