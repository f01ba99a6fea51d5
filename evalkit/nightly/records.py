"""All nights of a plan, read from their records.

RESULTS/NAME/2026-11-26/SERIES.record.json     docs/nightly.md

A record follows its run: where that was judged again since, or went on, the record is made anew. Where the
run is gone, the record stands for itself.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

from evalkit.errors import DataError, StoreError
from evalkit.nightly.history import Night, Series
from evalkit.nightly.ledger import read_ledger
from evalkit.nightly.measure import measure, stamp_of
from evalkit.nightly.plan import Cell, Plan
from evalkit.nightly.record import ENDING, Names, Record, read_record, write_record


def read_history(plan: Plan) -> tuple[Series, ...]:
    """A series for each cell of the plan, in its order, also those without a night; then, by id, series that
    have records and are no longer in the plan. DataError names a record that is malformed, and its field."""
    cells = {cell.series: cell for cell in plan.cells}
    found: dict[str, list[Record]] = {series: [] for series in cells}
    names = Names()
    for folder, day in nights_of(plan):
        for record in _night(folder, day, cells, names):
            found.setdefault(record.series, []).append(record)
    ended = sorted(found.keys() - cells.keys())
    return tuple(_series(series, found[series], cells.get(series)) for series in (*cells, *ended))


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


def _night(folder: Path, day: date, cells: dict[str, Cell], names: Names) -> Iterator[Record]:
    known = set()
    for path in sorted(folder.glob(f"*{ENDING}")):
        record = read_record(path, day, names)
        known.add(record.series)
        yield _as_it_is(record, folder)
    # a night may have died before it made a record
    for series, entry in read_ledger(folder).entries.items():
        run = entry.run
        if series in cells and series not in known and run and "/" not in run and stamp_of(folder / run):
            cell = cells[series]
            unread = Night(day, run, {}, 0, unread="it has no record")
            yield _measured(Record(unread, series, cell.suite, cell.model), folder)


def _as_it_is(record: Record, folder: Path) -> Record:
    """The record, made anew where its run has changed."""
    run = record.night.run
    stamp = stamp_of(folder / run) if run and not record.night.simulated else ""
    return record if stamp in ("", record.stamp) else _measured(record, folder)


def _measured(record: Record, folder: Path) -> Record:
    """Of a record's run; the record that was, where the run cannot be read."""
    try:
        found = measure(folder / record.night.run, record.series, record.suite, record.model)
    except (StoreError, DataError) as e:
        return replace(record, night=replace(record.night, unread=record.night.unread and e.message))
    with contextlib.suppress(OSError):  # full or read-only: it is measured again the next time
        write_record(found, folder)
    return found


def _series(series: str, records: list[Record], cell: Cell | None) -> Series:
    last = records[-1] if records else None
    nights = tuple(record.night for record in records)
    suite, model = (cell.suite, cell.model) if cell else (last.suite, last.model) if last else ("", "")
    title, samples = (last.title, last.samples) if last else ("", 1)
    return Series(suite, model, nights, samples, title, series)
