"""From a run's folder to its record."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from statistics import median

from evalkit.errors import DataError
from evalkit.nightly.comparable import key_of
from evalkit.nightly.facts import TESTED, facts_of
from evalkit.nightly.history import Night
from evalkit.nightly.plan import Cell
from evalkit.nightly.record import Record, write_record
from evalkit.outcome import EXCLUDED, SCORED, Outcome
from evalkit.run.result import ended_sessions, explain_missing
from evalkit.store import Reader, read_run


def record_run(folder: Path, cell: Cell) -> Record:
    """Measure a run of a night and write its record beside it. `folder` is the run's.

    StoreError, DataError where the run cannot be read; OSError where the record cannot be written.
    """
    record = measure(folder, cell.series, cell.suite, cell.model)
    write_record(record, folder.parent)
    return record


def measure(folder: Path, series: str, suite: str, model: str) -> Record:
    """The record of a run in a night's folder, which is called by the day."""
    stamp = stamp_of(folder)  # before it is read: what is written meanwhile is seen the next time
    with read_run(folder) as store:
        try:
            night = _night(store, folder, date.fromisoformat(folder.parent.name))
            manifest = store.manifest
            samples = int(manifest["identity"].get("samples", 1))
            return Record(night, series, suite, model, str(manifest["suite"]["title"]), samples, stamp)
        except (KeyError, TypeError, AttributeError, IndexError, ValueError) as e:
            what = f"{type(e).__name__}: {e}"
            raise DataError(f"{folder} is not as this evalkit writes runs ({what})") from None


def stamp_of(folder: Path) -> str:
    """What changes when a run does; "" where there is no run."""
    parts = []
    for name in ("run.sqlite", "run.sqlite-wal"):
        try:
            found = (folder / name).stat()
        except OSError:
            continue
        # an empty log comes and goes with who reads it
        if found.st_size:
            parts.append(f"{found.st_size}-{found.st_mtime_ns}")
    return " ".join(parts)


def _night(store: Reader, folder: Path, day: date) -> Night:
    end = ended_sessions(store)[-1]["end"]
    tasks: dict[str, tuple[int, int]] = {}
    reasons: dict[str, str] = {}
    ends: Counter[str] = Counter()
    planned = errors = 0
    for row in (explain_missing(row, end) for row in store.samples()):
        if row["reason"] == EXCLUDED:
            continue
        planned += 1
        outcome, task = row["outcome"], row["task_id"]
        how = f"{outcome}/{row['reason']}" if row["reason"] else str(outcome)
        ends[how] += 1
        errors += outcome == Outcome.ERROR
        if outcome != Outcome.PASSED:
            reasons.setdefault(task, how)
        if outcome in SCORED:
            passed, scored = tasks.get(task, (0, 0))
            tasks[task] = passed + (outcome == Outcome.PASSED), scored + 1
    judged = store.verdict_sets().get(store.default_set or 0, {})
    return Night(
        day,
        folder.name,
        tasks,
        planned,
        errors,
        key_of(store.manifest, judged),
        facts_of(store, judged),
        _used(store),
        dict(sorted(ends.items())),
        reasons,
    )


def _used(store: Reader) -> dict[str, float | None]:
    totals = store.totals()
    calls = [wall_s for _, role, _, wall_s in store.calls() if role == TESTED]
    return {
        "cost": None if totals.unpriced or not totals.calls else totals.cost,
        "input_tokens": totals.prompt_tokens,
        "output_tokens": totals.completion_tokens,
        "seconds": round(sum(float(session["wall_s"]) for session in ended_sessions(store)), 3),
        "latency": round(median(calls), 4) if calls else None,
    }
