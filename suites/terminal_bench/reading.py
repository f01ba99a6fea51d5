"""From a record of the data to a Trial, in whichever format its folder is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit.errors import DataError
from evalkit.task import Task

from . import core, harbor
from .state import GOLD
from .trial import Format, Trial

MARKS = (harbor.FILE, core.FILE)  # a folder that holds one of these is a task


def format_of(record: Mapping[str, Any]) -> Format:
    """DataError where the folder is no task."""
    files = record["files"]
    found = [mark for mark in MARKS if mark in files]
    if len(found) != 1:
        said = f"both {' and '.join(MARKS)}" if found else f"neither {' nor '.join(MARKS)}"
        raise DataError(f"{record['task_id']}: {said}: a task's folder has one of them")
    return "harbor" if found == [harbor.FILE] else "core"


def tasks_of(record: Mapping[str, Any]) -> list[Task]:
    """The record's tasks: one, or one for each of its descriptions."""
    if format_of(record) == "harbor":
        return [task_of(record)]
    keys = core.variants(record["files"], str(record["task_id"]))
    return [task_of({**record, "variant": key}) for key in keys] or [task_of(record)]


def task_of(record: Mapping[str, Any]) -> Task:
    trial = trial_of(record)
    tags = {"difficulty": trial.difficulty, "category": trial.category}
    solved = all(step.solution for step in trial.steps)
    return Task(
        trial.id,
        record,
        GOLD if solved else None,
        tags={name: value for name, value in tags.items() if value},
        needs=("compose",) if trial.environment.services else (),
        unavailable=f"needs {', '.join(trial.environment.needs)}" if trial.environment.needs else "",
    )


def trial_of(record: Mapping[str, Any]) -> Trial:
    """The Trial of a task's `data`. DataError names the task and the field."""
    folder, files = str(record["task_id"]), record["files"]
    if format_of(record) == "harbor":
        return harbor.read_harbor(folder, files)
    return core.read_core(folder, files, str(record.get("variant", "")))
