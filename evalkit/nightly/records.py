"""All nights of a plan, read from their records.

RESULTS/NAME/2026-11-26/SERIES.record.json     docs/nightly.md

A record follows its run: where that was judged again since, or went on, the record is made anew. Where the
run is gone, the record stands for itself. One that cannot be read costs its own night, and is named.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from evalkit.errors import DataError, StoreError
from evalkit.nightly.disk import Damaged, named
from evalkit.nightly.history import Night, Series
from evalkit.nightly.ledger import read_ledger
from evalkit.nightly.measure import measure, stamp_of
from evalkit.nightly.plan import Cell, Plan
from evalkit.nightly.record import ENDING, Names, Record, read_record, write_record

NO_RECORD = "its record cannot be read"
SO = "that night counts for nothing"


@dataclass(frozen=True)
class History:
    """A series for each cell of the plan, in its order, also those without a night; then, by id, series that
    have records and are no longer in the plan. `damaged`: what cannot be read of it."""

    series: tuple[Series, ...]
    damaged: tuple[Damaged, ...] = ()


def read_history(plan: Plan) -> History:
    cells = {cell.series: cell for cell in plan.cells}
    found: dict[str, list[Record]] = {series: [] for series in cells}
    damaged: list[Damaged] = []
    names = Names()
    for folder, day in nights_of(plan):
        records, unread = read_night(folder, day, cells, names)
        damaged += unread
        for record in records:
            found.setdefault(record.series, []).append(record)
    ended = sorted(found.keys() - cells.keys())
    series = tuple(_series(one, found[one], cells.get(one)) for one in (*cells, *ended))
    return History(series, tuple(damaged))


def nights_of(plan: Plan) -> list[tuple[Path, date]]:
    """The folders of a plan's nights and their days, oldest first."""
    found = []
    for folder in plan.folder.iterdir() if plan.folder.is_dir() else ():
        try:
            day = date.fromisoformat(folder.name)
        except ValueError:
            continue
        if folder.name == day.isoformat() and folder.is_dir():
            found.append((folder, day))
    return sorted(found, key=lambda night: night[1])


def read_night(
    folder: Path, day: date, cells: Mapping[str, Cell], names: Names | None = None
) -> tuple[list[Record], list[Damaged]]:
    """A night's records, as its runs are now, and those that cannot be read."""
    found: dict[str, Record] = {}
    damaged: dict[str, Damaged] = {}
    try:
        paths = named(folder, ENDING)
    except OSError as e:
        return [], [Damaged(folder, f"{folder} cannot be looked into: {e.strerror}", SO)]
    for path in paths:
        try:
            record = read_record(path, day, names)
            found[record.series] = _as_it_is(record, folder)
        except DataError as e:
            damaged[path.name.removesuffix(ENDING)] = Damaged(path, e.message, SO)
    # a night may have died before it made a record; and a damaged one is made again, where its run is there
    for series, entry in read_ledger(folder).entries.items():
        if series in cells and series not in found and _is_there(folder, entry.run):
            found[series] = made = _measured(_unread(cells[series], day, entry.run), folder)
            if not made.night.unread:
                damaged.pop(series, None)
    for series in damaged.keys() & cells.keys() - found.keys():
        found[series] = _unread(cells[series], day)
    return list(found.values()), list(damaged.values())


def _unread(cell: Cell, day: date, run: str = "") -> Record:
    """Stands for a record that there is not."""
    return Record(Night(day, run, {}, 0, unread=NO_RECORD), cell.series, cell.suite, cell.model)


def _is_there(folder: Path, run: str) -> bool:
    return bool(run and "/" not in run and stamp_of(folder / run))


def _as_it_is(record: Record, folder: Path) -> Record:
    """The record, made anew where its run has changed, and without its run where that is gone."""
    night = record.night
    if not night.run or night.simulated:
        return record
    stamp = stamp_of(folder / night.run)
    if not stamp:
        return replace(record, night=replace(night, run=""))
    return record if stamp == record.stamp else _measured(record, folder)


def _measured(record: Record, folder: Path) -> Record:
    """Of a record's run; the record that was, where the run cannot be read."""
    night = record.night
    try:
        found = measure(folder / night.run, record.series, record.suite, record.model)
    except (StoreError, DataError) as e:
        why = night.unread and f"its run cannot be read: {e.message}"
        return replace(record, night=replace(night, unread=why))
    with contextlib.suppress(OSError):  # full or read-only: it is measured again the next time
        write_record(found, folder)
    return found


def _series(series: str, records: list[Record], cell: Cell | None) -> Series:
    last = records[-1] if records else None
    nights = tuple(record.night for record in records)
    suite, model = (cell.suite, cell.model) if cell else (last.suite, last.model) if last else ("", "")
    title, samples = (last.title, last.samples) if last else ("", 1)
    return Series(suite, model, nights, samples, title, series)
