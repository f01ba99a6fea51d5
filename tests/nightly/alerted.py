"""A drop that people are to be told of, and somebody who tells them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from evalkit.nightly.alerts import ledger
from evalkit.nightly.alerts.tell import tell
from evalkit.nightly.history import Series
from evalkit.nightly.look import NOTHING, outlook
from evalkit.nightly.plan import Plan
from evalkit.nightly.standing import Outlook
from evalkit.nightly.states import States
from tests.nightly.nights import broken, shares, simulated

SECRET = "/services/T0000/B0000/s3cr3ts3cr3ts3cr3t"
DROP, WELL = 20, 30  # nights of the planted drop, and at which all is well again


@cache
def history(of: str = "model", lost: float = 0.2) -> Series:
    level = shares(150)
    low = [p * (1 - lost) for p in level]
    nights = simulated(45, lambda night: low if DROP <= night < WELL else level)
    return Series("suite", of, tuple(nights), id=f"suite--{of}")


def after(nights: int, *all_of: Series, states: States = NOTHING, hollow: bool = False) -> Outlook:
    """As it stands after so many nights; `hollow`: the last one of them broke."""
    cut = []
    for series in all_of or (history(),):
        kept = list(series.nights[:nights])
        if hollow:
            kept[-1] = broken(kept[-1], 0.5)
        cut.append(replace(series, nights=tuple(kept)))
    return outlook("coding", cut, states)


@cache
def alarmed() -> int:
    """Nights after which the drop is found."""
    return next(n for n in range(DROP, WELL) if after(n).code == 10)


def plan(tmp_path: Path, **alerts: Any) -> Plan:
    return Plan("coding", (), results=tmp_path, alerts=alerts)


class Teller:
    """Tells without long waits, and keeps what was said of it."""

    def __init__(self, plan: Plan, **env: str) -> None:
        self.plan, self.env = plan, env
        self.said: list[str] = []

    def __call__(self, outlook: Outlook) -> int:
        return tell(outlook, self.plan, self.said.append, env=self.env, waits=(0.0, 0.0))

    @property
    def stored(self) -> str:
        return (self.plan.folder / ledger.NAME).read_text()


def letters(port: int, security: str = "none", **more: Any) -> dict[str, Any]:
    login = {"user": "evalkit", "password": "env:PASSWORD"}
    to = {"from": "nightly@example.org", "to": ["a@example.org", "b@example.org"]}
    return {"host": "127.0.0.1", "port": port, "security": security, **login, **to, **more}
