"""One night: the plan's runs one after the other, each an `evalkit run` of its own, in one folder.

    RESULTS/NAME/2026-11-26/            ordinary runs: report, compare, show and score work on them
    RESULTS/NAME/2026-11-26/night.json  what has been done

A night that was cut short goes on when it is run again: runs continue where they stand. One that is done
is done.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import FrameType
from typing import IO, Any, Self

from evalkit.child import ends_with_me
from evalkit.errors import UsageError
from evalkit.nightly.plan import Cell, Plan

LEDGER, LOCK = "night.json", ".lock"
DONE, INCOMPLETE, INTERRUPTED = 0, 3, 130
Say = Callable[[str], None]


@dataclass(frozen=True)
class Ran:
    """How one run of a night ended. `summary` is what `evalkit run --json` said, {} where it said nothing;
    `why` in words where it is not complete."""

    cell: Cell
    code: int
    summary: Mapping[str, Any]
    why: str = ""

    @property
    def complete(self) -> bool:
        return self.code == DONE and bool(self.summary.get("complete"))


def run_night(plan: Plan, day: date, say: Say = lambda line: None) -> tuple[int, tuple[Ran, ...]]:
    """The exit code, and how each run ended. UsageError where the night is done, or runs already."""
    folder = plan.folder / day.isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder, day), _Stop() as stop:
        ledger = _read(folder)
        if ledger.get("done"):
            raise UsageError(f"the night of {day} is done", "another day has another night: --date")
        began = time.monotonic() - float(ledger.get("seconds", 0.0))
        ran: list[Ran] = []
        for cell in plan.cells:
            if stop.told:
                break
            ran.append(_run(plan, folder, cell, ran, time.monotonic() - began, say, stop))
            _write(folder, plan, ran, time.monotonic() - began)
        complete = len(ran) == len(plan.cells) and all(one.complete for one in ran)
        _write(folder, plan, ran, time.monotonic() - began, done=complete)
        if stop.told:
            return INTERRUPTED, tuple(ran)
        return (DONE if complete else INCOMPLETE), tuple(ran)


def _run(
    plan: Plan, folder: Path, cell: Cell, before: list[Ran], seconds: float, say: Say, stop: _Stop
) -> Ran:
    limits, why = _left(plan, before, seconds)
    if why:
        say(f"{cell.suite} x {cell.model}: not begun, {why}")
        return Ran(cell, INCOMPLETE, {}, why)
    say(f"{cell.suite} x {cell.model}")
    words = [
        sys.executable,
        "-m",
        "evalkit",
        "run",
        *cell.words,
        *limits,
        "--results",
        str(folder),
        "--json",
        "-q",
    ]
    stop.child = child = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=ends_with_me()
    )
    out, err = child.communicate()
    summary = _summary(out)
    last = err.strip().splitlines()
    why = "" if child.returncode == 0 else (last[0] if last else f"it ended with {child.returncode}")[:500]
    if child.returncode == 0 and not summary.get("complete"):
        why = f"it stopped early: {summary.get('end', 'it said nothing')}"
    if why:
        say(f"{cell.suite} x {cell.model}: {why}")
    return Ran(cell, child.returncode, summary, why)


def _left(plan: Plan, before: list[Ran], seconds: float) -> tuple[list[str], str]:
    """Limits of the next run by what the night has left, or why there is nothing left."""
    limits: list[str] = []
    if plan.money is not None:
        spent = sum(float(one.summary.get("cost") or 0.0) for one in before)
        if spent >= plan.money:
            return [], f"${spent:.2f} of the night's ${plan.money:g} are spent"
        limits += ["--max-cost", f"{plan.money - spent:.6f}"]
    if plan.hours is not None:
        if seconds >= plan.hours * 3600:
            return [], f"the night's {plan.hours:g} h are over"
        limits += ["--max-time", f"{plan.hours * 3600 - seconds:.1f}s"]
    return limits, ""


def _summary(out: str) -> Mapping[str, Any]:
    lines = out.strip().splitlines()
    try:
        found = json.loads(lines[-1]) if lines else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


# -- the ledger ------------------------------------------------------------------------------------


def _read(folder: Path) -> dict[str, Any]:
    with contextlib.suppress(OSError, ValueError):
        found = json.loads((folder / LEDGER).read_text())
        return found if isinstance(found, dict) else {}
    return {}


def _write(folder: Path, plan: Plan, ran: list[Ran], seconds: float, *, done: bool = False) -> None:
    """A full disk must not end the night: its runs say themselves what they could not store."""
    facts = {
        "plan": plan.name,
        "planned": [cell.series for cell in plan.cells],
        "runs": [
            {
                "cell": one.cell.series,
                "suite": one.cell.suite,
                "model": one.cell.model,
                "run": Path(str(one.summary.get("run", ""))).name,
                "code": one.code,
                "complete": one.complete,
                "why": one.why,
            }
            for one in ran
        ],
        "seconds": round(seconds, 1),
        "done": done,
    }
    new = folder / f"{LEDGER}.{os.getpid()}"
    with contextlib.suppress(OSError):
        new.write_text(json.dumps(facts, indent=1))
        new.replace(folder / LEDGER)


@contextmanager
def _alone(folder: Path, day: date) -> Iterator[None]:
    """Two at once would work on the same runs."""
    file: IO[str] = (folder / LOCK).open("w")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(f"the night of {day} runs already", f"its runs: {folder}") from None
        yield


class _Stop:
    """Ctrl-C and SIGTERM, passed on to the run at work, which stops by itself; no other is begun after it."""

    def __init__(self) -> None:
        self.told = False
        self.child: subprocess.Popen[str] | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._tell)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _tell(self, number: int, frame: FrameType | None) -> None:
        self.told = True
        if self.child is not None and self.child.poll() is None:
            self.child.terminate()
