"""What a night is foreseen to cost: known, unknown and refused are three things."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from evalkit.cli.nightly_cost import limits, row, show_cost, sums
from evalkit.nightly.cost import Foreseen, foresee, total
from evalkit.nightly.night import why
from evalkit.nightly.plan import Cell, Plan, read_plan
from evalkit.nightly.record import Record, write_record
from tests.nightly.nights import simulated

DAY = date(2026, 11, 26)
CELL = Cell("mini", "m", ("mini", "--model", "m"))
PROJECTION = {
    "tasks": 3,
    "planned": 6,
    "calls": 6,
    "sends": True,
    "cost_at_most": 0.5,
    "price": {"input": 1.0},
}


def test_sums_are_of_what_is_known_and_say_of_how_many_they_are_not() -> None:
    known = Foreseen(CELL, PROJECTION, money=0.25, seconds=60, nights=7)
    free = Foreseen(CELL, {**PROJECTION, "sends": False, "cost_at_most": None})
    unknown = Foreseen(CELL, {**PROJECTION, "cost_at_most": None, "price": None})
    refused = Foreseen(CELL, {}, "no such flag")
    whole = Foreseen(CELL, {}, whole=True)
    assert row(known)[2:] == ["3", "6", "6", "$0.5000", "$0.2500", "1m 00s"]
    assert row(free)[5:] == ["$0.0000", "unknown", "unknown"]
    assert row(unknown)[5:] == ["unknown", "unknown", "unknown"]
    assert row(refused)[2] == "refused"
    assert row(whole)[2] == "whole already"
    assert sums([known, free, unknown, refused, whole])[2:] == [
        *("9", "18", "18"),
        *("$0.5000 + 1 unknown", "$0.2500 + 2 unknown", "1m 00s + 2 unknown"),
    ]
    assert sums([unknown])[5:] == ["unknown"] * 3
    assert total([]).known == 0


def test_limits_that_are_too_small_are_said() -> None:
    known = Foreseen(CELL, PROJECTION, money=30, seconds=7200, nights=7)
    plan = Plan("p", (CELL,), money=20, hours=3)
    said = "\n".join(limits(plan, [known]))
    assert "may take $20.00: too little for what nights before took" in said
    assert said.endswith("may take 3h 00m")


def test_a_run_without_a_price_is_said_to_stop_where_money_is_limited() -> None:
    unknown = Foreseen(CELL, {**PROJECTION, "cost_at_most": None, "price": None})
    said = "mini x m will stop at its first call: the catalog has no price for it, and money is limited"
    assert said in limits(Plan("p", (CELL,), money=20), [unknown])
    assert said not in limits(Plan("p", (CELL,)), [unknown])
    agent = Foreseen(CELL, {**PROJECTION, "cost_at_most": None})
    served = Foreseen(CELL, {**PROJECTION, "price": None, "server": {"engine": "vllm"}})
    assert said not in limits(Plan("p", (CELL,), money=20), [agent, served])
    ended = {"planned": 3, "reasons": {"not_run/budget": 2}, "end": "cost", "cost": None}
    assert "2 not_run/budget (what its calls cost is not known" in why(3, ended, "")
    assert "(the night's money is spent)" in why(3, {**ended, "cost": 0.5}, "")


def test_what_nights_before_took_is_their_median(tmp_path: Path) -> None:
    """And what the run itself says of tonight, by the real command."""
    path = tmp_path / "p.toml"
    path.write_text(
        f'[night]\nresults = "{tmp_path}/r"\n[[models]]\nname = "m"\nbase-url = "http://127.0.0.1:9/v1"\n'
        '[[suites]]\nname = "mini"\nlimit = 2\nsamples = 2\n'
    )
    plan = read_plan(path)
    for ago, night in enumerate(simulated(9, lambda n: [0.5] * 20), 1):
        day = DAY - timedelta(ago)
        folder = plan.folder / day.isoformat()
        folder.mkdir(parents=True)
        write_record(Record(night, "mini--m", "mini", "m"), folder)
        path = folder / "mini--m.record.json"
        facts = json.loads(path.read_text())
        path.write_text(json.dumps({**facts, "run": "", "used": {"cost": float(ago), "seconds": None}}))
    [one] = foresee(plan, DAY)
    assert (one.projection["planned"], one.asks, one.at_most) == (4, True, None)
    assert (one.money, one.seconds, one.nights) == (4.0, None, 7)
    assert not (plan.folder / DAY.isoformat()).exists()


def test_what_a_run_would_refuse_is_said_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "p.toml"
    path.write_text(
        f'[night]\nresults = "{tmp_path}/r"\n[[models]]\nname = "null"\n[[suites]]\nname = "mini"\nnone = 1\n'
    )
    assert show_cost(read_plan(path), DAY) == 2
    said = capsys.readouterr()
    assert "mini x null: unknown option --none" in said.err
    assert "refused" in said.out
