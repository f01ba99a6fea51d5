"""Runs of old nights make room: what history is read from stays.

Of nights older than the plan keeps, run folders go that the night itself made and of which there is a record.
Records, the ledger, and whatever else lies there stay: links, other folders, runs that somebody is writing.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from evalkit.errors import StoreError
from evalkit.nightly.ledger import read_ledger, running
from evalkit.nightly.plan import Plan

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
    for night in sorted(nights_in(plan.folder), reverse=True)[plan.keep :]:
        folder = plan.folder / night.isoformat()
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


def nights_in(folder: Path) -> Iterator[date]:
    """The days that have a folder of their own; links are somebody's, and none."""
    if not folder.is_dir():
        return
    for entry in folder.iterdir():
        with contextlib.suppress(ValueError):
            found = date.fromisoformat(entry.name)
            if found.isoformat() == entry.name and entry.is_dir() and not entry.is_symlink():
                yield found


def runs_of(folder: Path) -> list[Path]:
    """Run folders of one night that may go, and what an earlier removal left half done."""
    from evalkit.store import holds_run

    ledger = read_ledger(folder)
    recorded = {record.name.removesuffix(".record.json") for record in folder.glob("*.record.json")}
    kept = {entry.run for entry in ledger.entries.values() if entry.cell not in recorded}
    named = set(ledger.folders) | set(_recorded_runs(folder))
    found = [folder / name for name in sorted(named - kept) if name and Path(name).name == name]
    left = [path for path in folder.glob(f"{GONE}*") if path.is_dir() and not path.is_symlink()]
    return [run for run in found if not run.is_symlink() and run.is_dir() and holds_run(run)] + left


def _recorded_runs(folder: Path) -> Iterator[str]:
    for record in folder.glob("*.record.json"):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            yield str(json.loads(record.read_text()).get("run", ""))


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
