"""Runs of old nights make room: what history is read from stays.

Of nights older than the plan keeps, run folders go that the night itself made and of which there is a record.
Records, the ledger, and whatever else lies there stay: links, other folders, runs that somebody is writing.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from evalkit.errors import DataError, StoreError
from evalkit.nightly.disk import named
from evalkit.nightly.ledger import read_ledger, running
from evalkit.nightly.plan import Plan
from evalkit.nightly.record import ENDING, read_record
from evalkit.nightly.records import nights_of

GONE = ".gone-"  # before the name of a run that is being removed: half of one is no run


@dataclass(frozen=True)
class Freed:
    runs: int = 0
    nights: int = 0
    bytes: int = 0
    troubles: tuple[str, ...] = ()


def trim(plan: Plan, day: date) -> Freed:
    """Keep the runs of the plan's last `keep` nights, the one of `day` and whatever is newer among them."""
    if plan.keep is None:
        return Freed()
    runs = nights = total = 0
    troubles: list[str] = []
    ours = [night for night in nights_of(plan) if not night[0].is_symlink()]  # a link is somebody's
    for folder, night in ours[: -plan.keep]:
        if night >= day or running(folder):
            continue
        gone = 0
        for run in runs_of(folder):
            try:
                total += remove(run)
                gone += 1
            except StoreError as e:
                troubles.append(f"{run} stays: {e.message}")
            except OSError as e:
                troubles.append(f"{run} could not be removed: {e.strerror or e}")
        runs, nights = runs + gone, nights + bool(gone)
    return Freed(runs, nights, total, tuple(troubles))


def runs_of(folder: Path) -> list[Path]:
    """Run folders of one night that may go, and what an earlier removal left half done."""
    from evalkit.store import holds_run

    if not any(path.is_dir() for path in folder.iterdir()):
        return []  # most nights have none left, and their records need not be read
    ledger, recorded = read_ledger(folder), dict(_recorded(folder))
    kept = {entry.run for entry in ledger.entries.values() if entry.cell not in recorded}
    made = {*ledger.folders, *recorded.values()}
    found = [folder / name for name in sorted(made - kept) if name and Path(name).name == name]
    left = [path for path in folder.glob(f"{GONE}*") if path.is_dir() and not path.is_symlink()]
    return [run for run in found if not run.is_symlink() and run.is_dir() and holds_run(run)] + left


def _recorded(folder: Path) -> Iterator[tuple[str, str]]:
    """Series and runs of the night's records; one that is damaged is none."""
    for path in named(folder, ENDING):
        with contextlib.suppress(DataError):
            record = read_record(path, date.fromisoformat(folder.name))
            yield record.series, record.night.run


def remove(run: Path) -> int:
    """The bytes that were freed. StoreError where somebody writes in it."""
    from evalkit.store.lock import drop_lock, take_lock

    freed = sum(path.lstat().st_blocks * 512 for path in run.rglob("*") if path.is_file())
    if not run.name.startswith(GONE):
        lock = take_lock(run)
        try:
            run = run.rename(run.with_name(GONE + run.name))
        finally:
            drop_lock(lock)
    shutil.rmtree(run)
    return freed
