"""What a night would do and cost: each run's own --dry-run, beside what nights before took."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from evalkit.nightly.history import Series
from evalkit.nightly.ledger import read_ledger
from evalkit.nightly.night import why
from evalkit.nightly.plan import Cell, Plan

RECENT = 7  # nights that are asked what a run takes


@dataclass(frozen=True)
class Foreseen:
    """Of one run. `projection`: what `evalkit run --dry-run --json` says, {} where it refuses, `trouble` then
    says why. `money` (US dollars) and `seconds` of the median night among the last RECENT; None where no
    night has told. `whole`: this night has it already."""

    cell: Cell
    projection: Mapping[str, Any]
    trouble: str = ""
    money: float | None = None
    seconds: float | None = None
    nights: int = 0
    whole: bool = False

    @property
    def asks(self) -> bool:
        """Whether anything is sent at all."""
        return bool(self.projection.get("sends"))

    @property
    def unpriced(self) -> bool:
        """Whether what its calls cost is not known: with a limit on money, such a run stops."""
        paid = self.asks and not self.projection.get("server")  # on this machine nothing is paid
        return paid and self.projection.get("price") is None

    @property
    def at_most(self) -> float | None:
        """US dollars by the catalog's prices with every reply at its limit; None where that is not known."""
        found = self.projection.get("cost_at_most")
        return 0.0 if self.projection and not self.asks else found


@dataclass(frozen=True)
class Total:
    """A sum over what is known, and of how many runs it is not."""

    known: float
    unknown: int


def foresee(plan: Plan, day: date, watch: Callable[[Cell], None] = lambda cell: None) -> Iterator[Foreseen]:
    """Of each run of the night, one after the other: a suite's data may have to be read."""
    from evalkit.nightly.records import read_history

    folder = plan.folder / day.isoformat()
    ledger = read_ledger(folder)
    history = {series.id: series for series in read_history(plan).series}
    for cell in plan.cells:
        watch(cell)
        past = _past(history.get(cell.series), day)
        if ledger.has(cell, folder):
            yield Foreseen(cell, {}, whole=True)
            continue
        words = [sys.executable, "-m", "evalkit", "run", *cell.words, f"--results={folder}"]
        done = subprocess.run(
            [*words, "--dry-run", "--json", "-q"], stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
        out = done.stdout.decode(errors="replace").splitlines()
        projection = json.loads(out[-1]) if done.returncode == 0 and out else {}
        trouble = why(done.returncode, {}, done.stderr.decode(errors="replace")) if not projection else ""
        yield Foreseen(cell, projection, trouble, **past)


def total(values: list[float | None]) -> Total:
    known = [value for value in values if value is not None]
    return Total(sum(known), len(values) - len(known))


def _past(series: Series | None, day: date) -> dict[str, Any]:
    """What the last whole nights of a series took."""
    nights = [night for night in series.nights if night.day < day and not night.hollow] if series else []
    found: dict[str, Any] = {"nights": len(nights[-RECENT:])}
    for name, key in (("money", "cost"), ("seconds", "seconds")):
        known = [value for night in nights[-RECENT:] if (value := night.used.get(key)) is not None]
        found[name] = statistics.median(known) if known else None
    return found
