"""Below a series' charts: what changed, what flipped, how samples ended, what it took. By small histories."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from evalkit.nightly.history import Night, Series
from evalkit.nightly.look import outlook
from evalkit.nightly.page.detail import Detail, detail
from evalkit.nightly.page.detail.behind import behind
from evalkit.nightly.page.detail.change import change, flakiness, order
from evalkit.nightly.page.detail.flips import flips
from evalkit.nightly.page.detail.grid import Grid, State, grid
from evalkit.nightly.standing import Quarantined, Standing
from evalkit.nightly.states import Put, States
from evalkit.report.drill.packed import unpacked
from evalkit.text import shown
from tests.browser.hostile import TEXTS
from tests.nightly.nights import FIRST, broken, shares, simulated

ALL = shares(200)
LOW = [p if i % 10 else p * 0.2 for i, p in enumerate(ALL)]


def by_hand(rows: Mapping[str, str], *, key: str = "") -> list[Night]:
    """Nights of single samples from a text a task: 1 passed, 0 failed, e broke, - not run."""
    nights = []
    for at in range(len(next(iter(rows.values())))):
        verdicts = {task: text[at] for task, text in rows.items()}
        tasks = {task: (int(v), 1) for task, v in verdicts.items() if v in "01"}
        reasons = {t: "failed/wrong" for t, v in verdicts.items() if v == "0"}
        reasons |= {t: "error/sandbox" for t, v in verdicts.items() if v == "e"}
        nights.append(
            Night(
                FIRST + timedelta(at),
                f"run-{at}",
                tasks,
                planned=len(rows),
                errors=sum(v == "e" for v in verdicts.values()),
                key=key,
                reasons=reasons,
            )
        )
    return nights


def standing(nights: Sequence[Night], states: States | None = None) -> Standing:
    series = Series("suite", "model", tuple(nights), id="suite--model")
    return outlook("plan", [series], states or States()).standings[0]


def gridded(nights: Sequence[Night]) -> Grid:
    return grid(standing(nights).watched)


def told(nights: Sequence[Night], states: States | None = None) -> tuple[Detail, dict[str, Any]]:
    made = detail(standing(nights, states), 3, nights[-1].day, folder=Path("results/plan"))
    assert made is not None
    data: dict[str, Any] = unpacked(made.block[1])
    return made, data


# -- the grid ------------------------------------------------------------------------------------------


def test_a_grid_says_what_each_night_gave_for_each_task() -> None:
    found = gridded(by_hand({"a": "10e", "b": "1-0"}))
    words = {t: [found.state(at, n).words for n in range(3)] for at, t in enumerate(found.tasks)}
    assert words == {
        "a": ["passed", "failed/wrong", "error/sandbox"],
        "b": ["passed", "not run", "failed/wrong"],
    }
    assert found.sums(range(3)) == [(1, 2), (1, 2)]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (State(3, 5, "failed/timeout"), "3 of 5 passed, failed/timeout"),
        (State(5, 5, ""), "5 of 5 passed"),
        (State(0, 1, ""), "failed"),
        (State(0, 0, ""), "not run"),
    ],
)
def test_a_state_in_words(state: State, words: str) -> None:
    assert state.words == words


def test_hollow_nights_and_other_keys_are_no_neighbours() -> None:
    nights = by_hand({"a": "110", "b": "111"}) + by_hand({"a": "100", "b": "111"}, key="other")
    nights = [replace(night, day=FIRST + timedelta(at)) for at, night in enumerate(nights)]
    nights[4] = replace(nights[4], planned=9)
    found = gridded(nights)
    assert found.counted == ((0, 1, 2), (3, 5))
    assert "were run" in found.hollow[4]
    a, b = flakiness(found)
    assert (a.flips, a.pairs, b.flips) == (2, 3, 0)
    assert [flip.task for flip in flips(found).flips] == [0]


# -- flips and the flakiest -------------------------------------------------------------------------------


def test_flip_rate_is_the_share_of_neighbours_with_another_verdict() -> None:
    rows = {"a": "1010101010", "b": "1111111111"} | {f"t{i}": "1" * 10 for i in range(60)}
    found = gridded(by_hand(rows | {"c": "11111-0000"}))
    assert [(one.flips, one.pairs) for at, one in enumerate(flakiness(found)) if at not in range(2, 62)] == [
        (9, 9),
        (0, 9),
        (1, 8),
    ]


def test_flip_rate_of_several_samples_is_that_of_one_of_each() -> None:
    nights = by_hand({"a": "00"})
    for at, passed in enumerate((1, 3)):
        nights[at] = replace(nights[at], tasks={"a": (passed, 4)}, planned=4)
    [one] = flakiness(gridded(nights))
    assert one.rate == pytest.approx(0.25 * 0.25 + 0.75 * 0.75)


def test_the_least_expected_flip_comes_first() -> None:
    rows = {"steady": "1" * 20 + "0", "often": "10" * 10 + "1", "mended": "0" * 20 + "1", "same": "1" * 21}
    found = flips(gridded(by_hand(rows)))
    assert [list(rows)[flip.task] for flip in found.flips] == ["mended", "steady", "often"]
    assert found.better == 2
    assert (found.before and found.before.day, found.night and found.night.day) == (
        FIRST + timedelta(19),
        FIRST + timedelta(20),
    )


def test_flips_of_a_night_that_does_not_count_are_those_before_it_and_it_says_so() -> None:
    nights = simulated(20, lambda night: ALL)
    made, _ = told([*nights[:19], broken(nights[19], 0.1)])
    assert "The night of 20 Jan is not compared: 10.0% of its samples broke by infrastructure." in made.html
    assert "19 Jan against 18 Jan" in made.html


# -- before and after ---------------------------------------------------------------------------------


def test_with_an_alarm_before_and_after_are_its_own() -> None:
    found = standing(simulated(50, lambda night: LOW if night >= 30 else ALL))
    of = grid(found.watched)
    moved = change(found, of)
    [event] = found.events
    assert moved.event is event
    assert moved.first is not None
    assert of.nights[moved.first].day == event.first
    assert [of.tasks[task] for task in order(of, moved)][:20] == [one.task for one in event.moved][:20]
    largest = behind(of, moved)
    assert len(largest) == 8
    assert sum(int(one.task.removeprefix("task-")) % 10 == 0 for one in largest) >= 7
    made = detail(found, 0, of.nights[-1].day)
    assert made is not None
    assert largest[0].task in made.behind


def test_without_one_the_last_week_stands_against_the_nights_before() -> None:
    dice = random.Random(1)
    rows = {f"t{i}": "".join(dice.choice("01") for _ in range(30)) for i in range(30)}
    rows |= {"gone": "1" * 24 + "0" * 6}
    found = standing(by_hand(rows))
    of = grid(found.watched)
    moved = change(found, of)
    gone = of.tasks.index("gone")
    assert (moved.before[gone], moved.after[gone]) == ((23, 23), (1, 7))
    assert moved.event is None
    assert order(of, moved)[0] == gone
    assert [one.task for one in behind(of, moved)] == ["gone"]


def test_noise_is_not_shown_as_a_change() -> None:
    of = grid((found := standing(simulated(40, lambda night: [0.5] * 100))).watched)
    assert behind(of, change(found, of)) == []


# -- the data of the map ----------------------------------------------------------------------------------


def test_the_block_is_the_grid() -> None:
    dice = random.Random(5)
    rows = {f"t{i}": "".join(dice.choice("110e-") for _ in range(30)) for i in range(40)}
    nights = by_hand(rows)
    _, data = told(nights)
    letters = {chr(0x23 + at): words for at, words in enumerate(data["states"])}
    names = {"1": "passed", "0": "failed/wrong", "e": "error/sandbox", "-": "not run"}
    assert {
        task: [letters[letter] for letter in text]
        for task, text in zip(data["tasks"], data["cells"], strict=True)
    } == {task: [names[c] for c in text] for task, text in rows.items()}
    assert data["days"] == [night.day.isoformat() for night in nights]
    assert data["names"][0] == "results/plan/2026-01-01/run-0"


def test_simulated_nights_name_no_run() -> None:
    _, data = told(simulated(3, lambda night: ALL))
    assert set(data["names"]) == {""}


def test_a_command_names_a_run_only_where_it_is_there() -> None:
    rows = {"task": "10"}
    made, _ = told(by_hand(rows))
    assert "evalkit show results/plan/2026-01-02/run-1" in made.html
    made, data = told([replace(night, run="") for night in by_hand(rows)])
    assert set(data["names"]) == {""}
    assert "evalkit show" not in made.html
    assert "Its run is not here any more" in made.html


def test_quarantine_is_told() -> None:
    day = FIRST + timedelta(9)
    put = Quarantined("suite", "a", "fetches", "ada", FIRST, day, "")
    old = Quarantined("suite", "b", "waits", "bob", FIRST, day - timedelta(1), "")
    made, data = told(by_hand({"a": "10" * 5, "b": "10" * 5}), States(quarantined=(Put(put), Put(old))))
    assert {data["tasks"][int(at)]: words for at, words in data["apart"].items()} == {
        "a": "Quarantine until 10 January 2026: fetches (ada)",
        "b": "Quarantine expired on 9 January 2026: it counts in alarms again: waits (bob)",
    }
    assert ">left out</span>" in made.html
    assert ">expired</span>" in made.html


def test_many_different_reasons_still_fit() -> None:
    rows = {f"t{i}": "0" for i in range(3000)}
    [night] = by_hand(rows)
    night = replace(night, reasons={task: f"failed/{at}" for at, task in enumerate(rows)})
    _, data = told([night])
    assert 500 <= len(data["states"]) < 520
    assert len({*"".join(data["cells"])}) < 520


def test_built_twice_it_is_the_same_and_a_night_more_is_another() -> None:
    nights = simulated(30, lambda night: ALL)
    assert told(nights)[0] == told(nights)[0]
    assert told(nights)[0].block != told(nights[:-1])[0].block


@pytest.mark.parametrize("text", TEXTS)
def test_hostile_names_and_reasons_are_shown(text: str) -> None:
    nights = by_hand({"a": "1" * 9 + "0", "b": "1" * 10})
    nights = [
        replace(
            night,
            run=text,
            tasks={text: night.tasks["a"], "b": (1, 1)},
            reasons={text: f"failed/{text}"} if "a" in night.reasons else {},
            ends={f"failed/{text}": 1},
        )
        for night in nights
    ]
    made, data = told(nights)
    assert shown(text)[:200] in " ".join(data["tasks"])
    for markup in (made.html, made.behind):
        assert "<script" not in markup
        assert "<img" not in markup
        assert "<iframe" not in markup
        assert "\u202e" not in markup
