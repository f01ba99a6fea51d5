"""Answers from predictions files, and a run as the official files that it would have left."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evalkit.errors import DataError
from evalkit.files import read_records
from evalkit.samples import Judged, Ran, SampleRecord, read_rows
from evalkit.task import Answer

from . import predictions
from .grading import Ungradable, grade_log
from .instances import read_instance
from .predictions import Prediction
from .reports import LOGS, Graded, file_name, run_report, write_instance, write_run_report
from .scripts import evaluation_script

REPORTED = ("resolved", "unresolved")  # official words of verdicts that have a report


def read_answers(path: Path) -> Iterator[SampleRecord]:
    """From a predictions file of any official format, or evalkit's own samples file. DataError."""
    if path.is_dir():
        raise DataError(f"{path} is a folder", "predictions are a .json or .jsonl file in it")
    if path.suffix in (".json", ".jsonl"):
        return records((f"{path.name}: {where}", row) for where, row in predictions.rows(path))
    return records((f"{path.name}: row {n}", row) for n, row in enumerate(read_records(path), 1))


def records(placed: Iterable[tuple[str, Any]]) -> Iterator[SampleRecord]:
    """Of (where it stands, row). Of several predictions for one instance the last counts, as officially."""
    found: dict[str, Prediction] = {}
    for number, (where, row) in enumerate(placed, 1):
        if isinstance(row, dict) and "task_id" in row and "instance_id" not in row:
            yield from read_rows([row], number, patches=True)
        else:
            prediction = predictions.one(where, row)
            found[prediction.instance_id] = prediction
    for name, prediction in found.items():
        yield SampleRecord(name, Answer(prediction.patch or "", "patch"), model=prediction.model)


def write_report(run: Ran, split: str, folder: Path) -> None:
    """The official folders and run report, one set for each sample of a task: the first is called as the run
    is, later ones have their number behind the name."""
    by_sample: dict[int, list[Judged]] = {}
    for judged in run.samples:
        by_sample.setdefault(judged.sample, []).append(judged)
    for sample, each in by_sample.items():
        write_sample(run, f"{run.name}-{sample}" if sample else run.name, split, each, folder)


def write_sample(run: Ran, run_id: str, split: str, each: list[Judged], folder: Path) -> None:
    given = {j.task.id: Prediction(j.task.id, run.model, j.answer.text) for j in each if j.answer}
    graded = {}
    for judged in each:
        prediction = given.get(judged.task.id)
        if prediction and not prediction.empty:
            graded[judged.task.id] = write_one(run_id, prediction, judged, folder)
    report = run_report([judged.task.id for judged in each], given, graded)
    write_run_report(folder, run_id, run.model, report)
    about = folder / LOGS / file_name(run_id) / "run.json"
    about.parent.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    told = {"dataset": run.data, "split": split, "task_repo": None, "created_at": now}
    about.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def write_one(run_id: str, prediction: Prediction, judged: Judged, folder: Path) -> Graded:
    log, row = judged.log(), judged.task.data
    text = log.decode("utf-8", "replace")
    detail = judged.verdict.detail if judged.verdict else ""
    graded = Graded(report_of(row, prediction, judged, log), f"{text}\n{detail}")
    write_instance(folder, run_id, prediction, graded, evaluation_script(read_instance(row)), log or None)
    return graded


def report_of(
    row: Mapping[str, Any], prediction: Prediction, judged: Judged, log: bytes
) -> dict[str, Any] | None:
    """None where officially there is none: not applied, late, broken."""
    if judged.verdict is None or judged.verdict.official not in REPORTED:
        return None
    try:
        return grade_log(row, prediction.row(), log)
    except Ungradable:
        return None
