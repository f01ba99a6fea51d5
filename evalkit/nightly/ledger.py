"""What has been done of a night, as its folder says: `night.json`, and who works on it: `.lock`.

    {"format": 1, "plan": "coding", "planned": ["mini--oracle"], "seconds": 12.5, "done": true,
     "runs": [{"cell": "mini--oracle", "suite": "mini", "model": "oracle", "words": ["mini", ...],
               "run": "mini--oracle--1a2b3c4d", "code": 0, "complete": true, "why": ""}],
     "folders": ["mini--oracle--1a2b3c4d"]}

`folders`: all runs that the night made, those too that another took the place of, after a flag had changed.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import IO, Any

from evalkit.errors import UsageError
from evalkit.nightly.disk import read_whole, write_whole
from evalkit.nightly.plan import Cell

LEDGER, LOCK = "night.json", ".lock"
FORMAT = 1
PATIENCE_S = 60.0  # for a run whose night was killed: it has been told, and stops


@dataclass(frozen=True)
class Entry:
    """How a cell's run ended last. `words` as it was told, `code` its exit code; `why` in words where it is
    not complete."""

    cell: str
    suite: str
    model: str
    words: tuple[str, ...]
    run: str
    code: int
    complete: bool
    why: str = ""


@dataclass(frozen=True)
class Ledger:
    """`planned`: series. `seconds` that the night has taken so far, all its sessions together."""

    plan: str = ""
    planned: tuple[str, ...] = ()
    entries: Mapping[str, Entry] = field(default_factory=dict)  # by series
    folders: tuple[str, ...] = ()
    seconds: float = 0.0
    done: bool = False

    def with_entry(self, entry: Entry) -> Ledger:
        folders = dict.fromkeys([*self.folders, *([entry.run] if entry.run else [])])
        return replace(self, entries={**self.entries, entry.cell: entry}, folders=tuple(folders))

    def has(self, cell: Cell, folder: Path) -> bool:
        """Whether this cell's run, with these very flags, is whole and there."""
        known = self.entries.get(cell.series)
        return (
            known is not None
            and known.complete
            and known.words == cell.words
            and (folder / known.run).is_dir()
        )


def read_ledger(folder: Path) -> Ledger:
    """An empty one where there is none, or none that can be read: the runs themselves know how they stand."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return _ledger(json.loads(read_whole(folder / LEDGER)))
    return Ledger()


def _ledger(raw: Mapping[str, Any]) -> Ledger:
    entries = [
        Entry(
            str(one["cell"]),
            str(one["suite"]),
            str(one["model"]),
            tuple(str(word) for word in one.get("words", ())),
            str(one.get("run", "")),
            int(one.get("code", 0)),
            bool(one.get("complete")),
            str(one.get("why", "")),
        )
        for one in raw.get("runs", ())
    ]
    return Ledger(
        str(raw.get("plan", "")),
        tuple(str(one) for one in raw.get("planned", ())),
        {one.cell: one for one in entries},
        tuple(str(one) for one in raw.get("folders", ())),
        float(raw.get("seconds", 0.0)),
        bool(raw.get("done")),
    )


def write_ledger(folder: Path, ledger: Ledger) -> str:
    """Whole or not at all. Why it could not be written, "" where it was: a full disk must not end the night,
    whose runs say themselves what they could not store."""
    facts = {
        "format": FORMAT,
        "plan": ledger.plan,
        "planned": ledger.planned,
        "runs": [
            {**vars(entry), "words": list(entry.words)}
            for entry in sorted(ledger.entries.values(), key=lambda one: _place(one, ledger.planned))
        ],
        "folders": ledger.folders,
        "seconds": round(ledger.seconds, 1),
        "done": ledger.done,
    }
    try:
        write_whole(folder / LEDGER, json.dumps(facts, indent=1))
    except OSError as e:
        return e.strerror or str(e)
    return ""


def _place(entry: Entry, planned: tuple[str, ...]) -> tuple[int, str]:
    return (planned.index(entry.cell) if entry.cell in planned else len(planned)), entry.cell


# -- the lock --------------------------------------------------------------------------------------


@contextmanager
def alone(folder: Path, day: date) -> Iterator[int]:
    """The descriptor of the night's lock, held. Runs of the night inherit it: one that outlives a night that
    was killed keeps the next one waiting until it has stopped. UsageError where another night has it."""
    file: IO[str] = (folder / LOCK).open("a+")
    with file:
        until = time.monotonic() + PATIENCE_S
        while not _locked(file):
            if _owner_lives(file) or time.monotonic() > until:
                raise UsageError(f"the night of {day} runs already", f"its runs: {folder}")
            time.sleep(0.1)
        with contextlib.suppress(OSError):
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
        yield file.fileno()


def running(folder: Path) -> bool:
    """Whether somebody works on this night."""
    try:
        with (folder / LOCK).open("r") as file:
            return not _locked(file)
    except FileNotFoundError:
        return False


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _owner_lives(file: IO[str]) -> bool:
    """Whether the night that took the lock is there still. It writes its number just after."""
    for _ in range(20):
        file.seek(0)
        try:
            os.kill(int(file.read()), 0)
            return True
        except PermissionError:
            return True
        except ProcessLookupError:
            return False
        except ValueError:
            time.sleep(0.01)
    return True
