"""A record: what one run of one night gave, as a small JSON file beside the runs: docs/nightly.md.

History is read from records: a run of each of a thousand nights need not be opened again for every page, and
runs may be thrown away while their records stay. People may write them by hand, too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from operator import itemgetter
from pathlib import Path
from typing import Any

from evalkit.errors import DataError
from evalkit.nightly.disk import read_whole, write_whole
from evalkit.nightly.fields import CHECKS, FORMAT, NEEDED, count_of
from evalkit.nightly.history import Night
from evalkit.registry import did_you_mean

ENDING = ".record.json"
FIELDS = "see docs/nightly.md for the fields of a record"
# every count of a task that has few samples, once: a history has millions of them
FEW = {(passed, scored): (passed, scored) for scored in range(17) for passed in range(scored + 1)}


@dataclass(frozen=True)
class Record:
    """A night of the series `series`, with what the series is called. `stamp` tells whether the run has
    changed since; "" where nobody knows."""

    night: Night
    series: str
    suite: str
    model: str
    title: str = ""
    samples: int = 1
    stamp: str = ""


def path_of(folder: Path, series: str) -> Path:
    """Where a night's record of a series is, in the night's folder."""
    return folder / f"{series}{ENDING}"


def write_record(record: Record, folder: Path) -> None:
    """Whole or not at all. OSError where the disk is full or read-only."""
    write_whole(path_of(folder, record.series), text_of(record))


def text_of(record: Record) -> str:
    """JSON with a line for each field and each task."""

    def lines(fields: Mapping[str, Any], deep: int) -> str:
        pad = " " * deep
        rows = (
            f"{pad}{json.dumps(name)}: "
            + (lines(value, deep + 1) if isinstance(value, dict) and value else json.dumps(value))
            for name, value in fields.items()
        )
        return "{\n" + ",\n".join(rows) + f"\n{pad[1:]}}}"

    return lines(to_json(record), 1) + "\n"


def to_json(record: Record) -> dict[str, Any]:
    night = record.night
    return {
        "format": FORMAT,
        "series": record.series,
        "suite": record.suite,
        "model": record.model,
        "title": record.title,
        "samples": record.samples,
        "run": night.run,
        "stamp": record.stamp,
        "key": night.key,
        "planned": night.planned,
        "errors": night.errors,
        "tasks": {task: list(counts) for task, counts in night.tasks.items()},
        "ends": dict(night.ends),
        "reasons": dict(night.reasons),
        "facts": dict(night.facts),
        "used": dict(night.used),
        "simulated": night.simulated,
    }


def read_record(path: Path, day: date, names: Names | None = None) -> Record:
    """DataError names the file and the field. `names` are those of the records that were read before."""
    try:
        raw = read_whole(path)
    except OSError as e:
        raise DataError(f"cannot read the record {path}: {e.strerror}") from None
    try:
        found = json.loads(raw, parse_constant=_no_number)
        if rb"\u" in raw:
            json.dumps(found, ensure_ascii=False).encode()  # half a character could be shown nowhere
        return _record(found, path, day, names or Names())
    except (ValueError, RecursionError) as e:
        what = f"it is no JSON: {e}" if isinstance(e, json.JSONDecodeError) else str(e)
        raise DataError(f"{path}: {what}", FIELDS) from None


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number")


# -- its fields ------------------------------------------------------------------------------------


def _record(raw: Any, path: Path, day: date, names: Names) -> Record:
    if not isinstance(raw, dict):
        raise ValueError("it is no JSON object")
    if lacking := [name for name in NEEDED if name not in raw]:
        raise ValueError(f"{lacking[0]} is missing")
    found: dict[str, Any] = {}
    for name, value in raw.items():
        if name not in CHECKS:
            raise ValueError(f"it has a field {name!r}: {did_you_mean(name, CHECKS)}")
        try:
            found[name] = CHECKS[name](value)
        except ValueError as e:
            raise ValueError(f"{name} {e}") from None
    if path.name != f"{found['series']}{ENDING}":
        raise ValueError(f"series is {found['series']!r}, not what the file is called")
    run = found.get("run", "")
    if run in (".", "..") or re.search(r"[/\0]", run):
        raise ValueError(f"run is {run!r}, which is no folder in the night's")
    tasks = _tasks(found["tasks"], names)
    planned = found["planned"]
    if (scored := sum(map(itemgetter(1), tasks.values()))) > planned:
        raise ValueError(f"planned is {planned}, but {scored} samples have a verdict")
    night = Night(
        day,
        run,
        tasks,
        planned,
        *(found.get("errors", 0), found.get("key", "")),
        facts=found.get("facts", {}),
        used=found.get("used", {}),
        ends=found.get("ends", {}),
        reasons=found.get("reasons", {}),
        simulated=found.get("simulated", False),
    )
    rest = {name: found[name] for name in ("title", "samples", "stamp") if name in found}
    return Record(night, found["series"], found["suite"], found["model"], **rest)


def _tasks(raw: Mapping[str, Any], names: Names) -> dict[str, tuple[int, int]]:
    own = names.of(raw)
    try:
        few = list(map(FEW.get, map(tuple, raw.values())))
    except TypeError:
        few = [None]
    if None not in few:
        return dict(zip(own, few, strict=True))  # type: ignore[arg-type]  # none of them is None
    return {task: _counts(task, counts) for task, counts in zip(own, raw.values(), strict=True)}


def _counts(task: str, counts: Any) -> tuple[int, int]:
    try:
        passed, scored = counts
        if count_of(passed) <= count_of(scored):
            return passed, scored
    except (TypeError, ValueError):
        pass
    raise ValueError(f"tasks of {task!r} is {str(counts)[:60]}, not [passed, scored] with passed <= scored")


class Names:
    """Task ids of the records that were read so far, each kept once: they are the same night after night."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._last: list[str] = []

    def of(self, raw: Mapping[str, Any]) -> list[str]:
        own = list(raw)
        if own != self._last:
            self._last = [self._known.setdefault(name, name) for name in own]
        return self._last
