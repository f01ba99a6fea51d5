"""One night: the plan's runs one after the other, each an `evalkit run` of its own, in one folder.

    RESULTS/NAME/2026-11-26/              ordinary runs: report, compare, show and score work on them
    RESULTS/NAME/2026-11-26/night.json    what has been done (ledger.py)
    RESULTS/NAME/2026-11-26/SERIES.record.json    what history is read from (records.py)

A night that was cut short goes on when it is run again: what is whole stays, the other runs continue where
they stand. One that is done is done.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from evalkit.errors import EvalkitError, UsageError
from evalkit.nightly.ledger import Entry, Ledger, alone, read_ledger, write_ledger
from evalkit.nightly.plan import Cell, Plan
from evalkit.nightly.stop import Stop
from evalkit.text import duration, one_line

DONE, INCOMPLETE, INTERRUPTED = 0, 3, 130
ENDS = {
    "cost": "the night's money is spent",
    "time": "the night's time is over",
    "sandbox": "the sandbox is not usable",
    "model": "the endpoint refuses every call",
    "interrupted": "interrupted",
}
UNPRICED = "what its calls cost is not known, and the night's money is limited"


@dataclass(frozen=True)
class Ran:
    """How one run of a night ended. `summary` is what `evalkit run --json` said, {} where it said nothing or
    was whole before this session; `why` in words where it is not complete: more samples are missing than the
    run's --max-error-rate allows, or it never came to any."""

    cell: Cell
    code: int
    summary: Mapping[str, Any] = field(default_factory=dict)
    why: str = ""
    run: str = ""
    seconds: float = 0.0

    @property
    def complete(self) -> bool:
        return self.code == DONE


class Hearer:
    """Hears how a night goes. This one keeps it to itself."""

    def say(self, line: str) -> None: ...

    def begins(self, cell: Cell, number: int, of: int, folder: Path, process: int) -> None: ...

    def ends(self, ran: Ran) -> None: ...


@dataclass
class _Night:
    """A night at work."""

    plan: Plan
    folder: Path
    ledger: Ledger
    watch: Hearer
    stop: Stop
    lock: int
    began: float

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began


def run_night(plan: Plan, day: date, watch: Hearer | None = None) -> tuple[int, tuple[Ran, ...]]:
    """The exit code, and how each run ended. UsageError where the night is done, or runs already."""
    folder = plan.folder / day.isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    with alone(folder, day) as lock, Stop() as stop:
        ledger = read_ledger(folder)
        if is_done(plan, day):
            raise UsageError(f"the night of {day} is done", "another day has another night: --date")
        taken = max(
            ledger.seconds, used(folder)[1]
        )  # a night that was killed wrote down nothing of its last run
        began = time.monotonic() - taken
        planned = tuple(cell.series for cell in plan.cells)
        ledger = replace(ledger, plan=plan.name, planned=planned, done=False)
        night = _Night(plan, folder, ledger, watch or Hearer(), stop, lock, began)
        _keep(night)
        ran = _all(night)
        complete = len(ran) == len(plan.cells) and all(one.complete for one in ran)
        night.ledger = replace(night.ledger, done=complete)
        _keep(night)
        if stop.told:
            return INTERRUPTED, ran
        return (DONE if complete else INCOMPLETE), ran


def is_done(plan: Plan, day: date) -> bool:
    """Whether every run of the plan, as it is now, is whole."""
    folder = plan.folder / day.isoformat()
    ledger = read_ledger(folder)
    return ledger.done and all(ledger.has(cell, folder) for cell in plan.cells)


def _all(night: _Night) -> tuple[Ran, ...]:
    ran: list[Ran] = []
    for number, cell in enumerate(night.plan.cells, 1):
        if night.ledger.has(cell, night.folder):
            ran.append(Ran(cell, DONE, run=night.ledger.entries[cell.series].run))
            night.watch.ends(ran[-1])
            continue
        if night.stop.told:
            break
        one = _run(night, cell, number)
        ran.append(one)
        night.ledger = night.ledger.with_entry(
            Entry(cell.series, cell.suite, cell.model, cell.words, one.run, one.code, one.complete, one.why)
        )
        _keep(night)
        _record(night, cell, one)
        night.watch.ends(one)
    return tuple(ran)


def _keep(night: _Night) -> None:
    night.ledger = replace(night.ledger, seconds=night.seconds)
    if trouble := write_ledger(night.folder, night.ledger):
        night.watch.say(f"the night's ledger could not be written: {trouble}")


def _record(night: _Night, cell: Cell, ran: Ran) -> None:
    """A run whose record cannot be written is still there: the next report writes it."""
    from evalkit.nightly.measure import record_run

    if not ran.run:
        return
    try:
        record_run(night.folder / ran.run, cell)
    except (EvalkitError, OSError) as e:
        night.watch.say(f"{name(cell)}: no record of it: {one_line(str(e), 300)}")


# -- one run ---------------------------------------------------------------------------------------


def _run(night: _Night, cell: Cell, number: int) -> Ran:
    limits, over = _left(night)
    if over:
        return Ran(cell, INCOMPLETE, {}, f"not begun, {over}", _run_before(night, cell))
    if (known := night.ledger.entries.get(cell.series)) and known.words != cell.words:
        night.watch.say(f"{name(cell)}: its flags have changed since it ran this night: another run")
    began, there = time.monotonic(), set(_runs_in(night.folder))
    words = [sys.executable, "-m", "evalkit", "run", *cell.words, *limits]
    child = night.stop.start(
        [*words, f"--results={night.folder}", "--json"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=(night.lock,),
    )
    night.watch.begins(cell, number, len(night.plan.cells), night.folder, child.pid)
    out, err = (said.decode(errors="replace") for said in child.communicate())
    summary = _summary(out)
    made = [run for run in _runs_in(night.folder) if run not in there]
    run = Path(str(summary.get("run", ""))).name or _run_before(night, cell) or (made[0].name if made else "")
    trouble = "" if child.returncode == DONE else why(child.returncode, summary, err)
    return Ran(cell, child.returncode, summary, trouble, run, time.monotonic() - began)


def _run_before(night: _Night, cell: Cell) -> str:
    """The run that is there already from an earlier session of this night, with the same flags."""
    known = night.ledger.entries.get(cell.series)
    return known.run if known and known.words == cell.words else ""


def _left(night: _Night) -> tuple[list[str], str]:
    """Limits of the next run by what the night has left, or why there is nothing left."""
    limits: list[str] = []
    plan = night.plan
    if plan.money is not None:
        spent, _ = used(night.folder)
        if spent >= plan.money:
            return [], f"${spent:.2f} of the night's ${plan.money:g} are spent"
        limits += [f"--max-cost={plan.money - spent:.6f}"]
    if plan.hours is not None:
        left = plan.hours * 3600 - night.seconds
        if left <= 0:
            return [], f"the night's {plan.hours:g} h are over"
        limits += [f"--max-time={max(left, 0.1):.1f}s"]
    return limits, ""


def used(folder: Path) -> tuple[float, float]:
    """US dollars of all completed calls in the night's folder, and seconds of its runs' sessions, whoever was
    killed in the meantime. Calls of unknown price are none: a run with such calls stops by itself where there
    is a limit."""
    from evalkit.run.result import summarize

    money = seconds = 0.0
    for run in _runs_in(folder):
        try:
            summary = summarize(run)
        except EvalkitError:  # damaged: the run itself will say so
            continue
        money, seconds = money + (summary.cost or 0.0), seconds + summary.wall_s
    return money, seconds


def _runs_in(folder: Path) -> list[Path]:
    from evalkit.store import holds_run

    return [p for p in sorted(folder.iterdir()) if p.is_dir() and not p.is_symlink() and holds_run(p)]


def _summary(out: str) -> Mapping[str, Any]:
    lines = out.strip().splitlines()
    try:
        found = json.loads(lines[-1]) if lines else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def why(code: int, summary: Mapping[str, Any], err: str) -> str:
    """Why a run is not whole, on one line, with what it said of the first errors of each kind."""
    lines = [line for line in err.splitlines() if line.strip()]
    told = next((line for line in lines if line.startswith("evalkit: error: ")), "")
    if summary:
        reasons = {k: n for k, n in summary.get("reasons", {}).items() if _is_missing(k)}
        missing = f"{sum(reasons.values())} of {summary.get('planned', 0)} samples are missing"
        text = f"{missing}: {', '.join(f'{n} {reason}' for reason, n in reasons.items()) or 'unknown'}"
        end = ENDS.get(str(summary.get("end", "")), "")
        if summary.get("end") == "cost" and summary.get("cost") is None:
            end = UNPRICED
        text = f"{text} ({end})" if end else text
        text += "".join(f"; {line}" for line in lines if line.startswith("error/"))
    elif told:
        text = told.removeprefix("evalkit: error: ")
    elif code < 0:
        text = f"it was ended by signal {-code}"
    else:
        text = lines[-1].strip() if lines else f"it ended with {code}"
    return one_line(text, 500)


def _is_missing(reason: str) -> bool:
    return reason.startswith(("error/", "not_run/")) and reason != "not_run/excluded"


def name(cell: Cell) -> str:
    return one_line(f"{cell.suite} x {cell.model}", 100)


def told(ran: Ran) -> str:
    """One run of a night on one line."""
    if not ran.complete:
        return f"{name(ran.cell)}: {ran.why}"
    if not ran.summary:
        return f"{name(ran.cell)}: whole already"
    score, scored, planned = (ran.summary.get(key) for key in ("pass@1", "scored", "planned"))
    share = "no score" if score is None else f"{100 * score:.1f}%"
    return f"{name(ran.cell)}: {share}, {scored} of {planned} samples, {duration(ran.seconds)}"
