"""Sixty nights of which it is known what happened: the dashboard says so, and says nothing else."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from evalkit.nightly.look import look, outlook
from evalkit.nightly.records import read_history
from evalkit.nightly.states import read_states
from tests.nightly.sixty import (
    BROKEN,
    DATA,
    FLAKY,
    MOVED,
    NIGHTS,
    OLD_DATA,
    QUARANTINED,
    RENAMED,
    REVISED,
    Made,
    day,
    drawn,
    level,
    lost,
    make,
    short,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Without a night that is run: tests/browser/test_sixty.py has those."""
    return make(tmp_path_factory.mktemp("sixty"), real=())


def test_the_drop_is_what_is_told_and_nothing_else_is(made: Made) -> None:
    tells_the_drop(made.feed())


def test_each_night_is_shown_as_what_it_was(made: Made) -> None:
    tells_each_night(made)
    assert all(row["simulated"] for row in made.feed("Mini--Coder")["nights"])


def test_on_each_night_nothing_was_said_too_early_and_nothing_taken_back(made: Made) -> None:
    """The exit code of every night, as it was on that night."""
    history, states = read_history(made.plan).series, read_states(made.plan.states)
    codes = {n: outlook("sixty", history, states, day(n)).code for n in range(REVISED - 2, NIGHTS)}
    raised = min(n for n, code in codes.items() if code == 10)
    assert MOVED <= raised <= MOVED + 3
    assert {n for n, code in codes.items() if code == 10} == set(range(raised, NIGHTS))
    assert {n for n, code in codes.items() if code == 3} == {n for n in BROKEN if n < raised}


def test_the_flaky_task_is_no_regression_without_its_quarantine_either(made: Made, tmp_path: Path) -> None:
    done = made.evalkit("nightly", "quarantine", "nightly.toml", "Mini", FLAKY, "--remove")
    assert done.returncode == 0, done.stderr
    done = made.evalkit("nightly", "report", "nightly.toml", "-o", str(tmp_path / "without"))
    assert done.returncode == 10
    assert look(made.plan).standings[1].stands == "steady"


# -- what is true of the history, however its nights came about -----------------------------------


def tells_the_drop(feed: Any) -> None:
    coder, helper = feed["series"]
    assert (feed["code"], feed["missing"], feed["headline"]) == (10, {}, "One regression")
    assert (coder["state"], helper["state"], helper["events"]) == ("regressed", "steady", [])
    [event] = coder["events"]
    assert (event["direction"], event["state"], event["over"]) == ("drop", "new", None)
    assert event["first"] == f"{day(MOVED)}"
    assert event["raised"] <= f"{day(MOVED) + timedelta(3)}"
    true = sum(0.1 - level("coder")[task] for task in lost()) / len([t for t in level("coder") if t != FLAKY])
    assert event["interval"][0] <= true <= event["interval"][1] < 0
    assert event["differs"] == [{"fact": "model version", "before": "coder-0828", "after": "coder-1113"}]
    assert {one["task"] for one in event["tasks"]} == set(lost())
    assert (event["lower"], event["higher"]) == (len(lost()), 0)
    points = f"{abs(100 * event['difference']):.1f}"
    assert feed["lede"] == (
        f"Coder lost {points} points on Mini. The change dates from {short(MOVED)}, the night model version "
        "changed from coder-0828 to coder-1113. No other drop alarm is open."
    )


def tells_each_night(made: Made) -> None:
    for model, moved in (("Coder", MOVED), ("Helper", RENAMED)):
        feed = made.feed(f"Mini--{model}")
        nights = feed["nights"]
        assert [row["date"] for row in nights] == [f"{day(n)}" for n in range(NIGHTS)]
        assert tuple(n for n, row in enumerate(nights) if row["hollow"]) == BROKEN
        assert all("broke by infrastructure" in nights[n]["hollow"] for n in BROKEN)
        began = {n: row["epoch_began"] for n, row in enumerate(nights) if "epoch_began" in row}
        assert list(began) == [REVISED]
        assert f"data was {OLD_DATA} and is {DATA}" in began[REVISED]
        assert [n for n, row in enumerate(nights) if "facts" in row] == [0, *sorted((REVISED, moved))]
        for n, row in enumerate(nights):
            if n not in BROKEN:
                assert row["passed"] == sum(drawn(model.lower(), n).values())
        outside = Counter(row["z"] is not None and abs(row["z"]) > 1.96 for row in nights[:MOVED])
        assert outside[True] <= 4
        [quarantined] = feed["quarantined"]
        assert (quarantined["task"], quarantined["since"]) == (FLAKY, f"{day(QUARANTINED)}")
