"""A run of Terminal-Bench that is killed anywhere goes on: no call is repeated, verdicts are the same, and
nothing of ours is left in the engine, services beside the agent's container included."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from evalkit.endpoint.process import stats
from evalkit.sandbox.beside import compose_program
from tests.run.command import ended, start
from tests.suites import terminal_bench_stories as stories
from tests.suites.aider_command import left_behind
from tests.suites.killed import (
    UNSTORED,
    Whole,
    crash_at_each_point,
    kill_at_random,
    kill_its_containers,
    kill_while,
    wait_for_program,
    whole,
)
from tests.suites.terminal_bench_command import assert_told, images, only, terminal_bench, told
from tests.suites.terminal_bench_stories import DONE, ROOMS, Story, blocks, keys, lines

pytestmark = [
    pytest.mark.docker,
    pytest.mark.usefixtures("no_certificates"),
    pytest.mark.skipif(not compose_program(), reason="this machine has no compose (make compose)"),
]
# two containers, something typed that a resumed rollout has to find done, and a program that runs meanwhile
SLOW = Story(
    "core/two-rooms",
    [
        keys("echo begun >/app/begun\n"),
        keys("sleep 2.5; cat begun\n", wait=3.0),
        keys(lines(ROOMS), wait=1.0),
        *DONE,
    ],
    turns=5,
)


def as_told(engine: Any, told_of: Sequence[Story]) -> Whole:
    return whole(engine, assert_told, told_of)


@pytest.mark.parametrize(
    "program",
    [
        pytest.param("sleep 2.5", id="in mid-rollout"),
        pytest.param("pytest", id="while verified", marks=pytest.mark.full),
        pytest.param("archive.py", id="while services start", marks=pytest.mark.full),
    ],
)
def test_killed(program: str, docker_engine: Any, tmp_path: Path) -> None:
    images([SLOW.task])
    with told(tmp_path, [SLOW]) as url:
        words = terminal_bench(url, tmp_path / "results", *only([SLOW]))
        killed = kill_while(docker_engine, words, program)
        assert left_behind(docker_engine, killed, seconds=40) == [], "before it is resumed"
        again = start(*words)
        done = ended(again)
        asked = stats(url)
    assert (asked["requests"], asked["completed_again"]) == (SLOW.turns, 0)
    as_told(docker_engine, [SLOW])(done, [killed, again.pid])


@pytest.mark.full
@pytest.mark.parametrize("tools", ["terminus-2", "terminus-1", "tools"])
def test_killed_at_each_kind_of_point(tools: str, docker_engine: Any, tmp_path: Path) -> None:
    told_of = {
        "terminus-2": [stories.STEPS],
        "terminus-1": [
            Story(
                "core/tidy-the-inbox",
                [blocks(("ls inbox\n", True, 9.0)), *stories.BY_BLOCKS[0].replies],
                turns=2,
            )
        ],
        "tools": [next(story for story in stories.BY_TOOLS if story.task == "harbor/write-and-revise")],
    }[tools]
    images(story.task for story in told_of)
    with told(tmp_path, told_of) as url:
        words = terminal_bench(url, tmp_path / "results", *only(told_of), "--tools", tools)
        pids = crash_at_each_point(words)
        last = start(*words)
        done = ended(last)
        asked = stats(url)
    assert asked["completed_again"] <= UNSTORED
    as_told(docker_engine, told_of)(done, [*pids, last.pid])


@pytest.mark.full
def test_killed_twelve_times_at_random(docker_engine: Any, tmp_path: Path) -> None:
    results = tmp_path / "results"
    images(story.task for story in stories.IN_A_TERMINAL)
    with told(tmp_path, stories.IN_A_TERMINAL, "--latency", "uniform:0.2,1.5") as url:
        words = terminal_bench(url, results, *only(stories.IN_A_TERMINAL), "--concurrency", "4")
        pids = kill_at_random(url, results, words, 12, (3.0, 20.0), at_once=4)
        last = start(*words)
        done = ended(last, timeout=1200)
    as_told(docker_engine, stories.IN_A_TERMINAL)(done, [*pids, last.pid])


@pytest.mark.full
def test_a_container_that_is_killed_by_somebody_costs_no_call(docker_engine: Any, tmp_path: Path) -> None:
    images([SLOW.task])
    with told(tmp_path, [SLOW]) as url:
        process = start(*terminal_bench(url, tmp_path / "results", *only([SLOW])))
        wait_for_program(docker_engine, process, "sleep 2.5")
        kill_its_containers(docker_engine, process.pid)
        done = ended(process)
        assert stats(url)["requests"] == SLOW.turns, "a stored reply was asked for again"
    as_told(docker_engine, [SLOW])(done, [process.pid])
