"""A run of SWE-bench that is killed anywhere goes on: no call is repeated, the verdicts are the same, and
nothing of ours is left in the engine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from evalkit.endpoint.process import stats
from tests.run.command import ended, start
from tests.run.talk import calls
from tests.suites import swebench_stories as stories
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
from tests.suites.swebench_command import assert_told, only, swebench, told
from tests.suites.swebench_set import images
from tests.suites.swebench_stories import SUBMIT, Story, bash, edit

pytestmark = [pytest.mark.docker]
SOLVED = edit("tally.py", "key=counts.get)", "key=counts.get, reverse=True)")
SLOW = [
    Story(
        "tally",
        [calls(bash("echo $RANDOM >noise; sleep 3"), SOLVED), calls(bash("rm noise")), SUBMIT],
        "passed",
        3,
    )
]
SLOW_TESTS = [
    Story("tally", [calls(SOLVED, bash("echo 'import time; time.sleep(2)' >>tally.py")), SUBMIT], "passed", 2)
]


@pytest.fixture(scope="module", autouse=True)
def set_there(docker_engine: Any) -> None:
    images(["tally"])


@pytest.fixture(autouse=True)
def knows_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What this machine has found out about gold is not believed: both verdicts are made here."""
    monkeypatch.setenv("EVALKIT_CACHE", str(tmp_path / "cache"))


def as_told(engine: Any, told_of: Sequence[Story]) -> Whole:
    return whole(engine, assert_told, told_of)


@pytest.mark.parametrize(
    ("slow", "program"),
    [
        pytest.param(SLOW, "sleep 3", id="in mid-rollout", marks=pytest.mark.full),
        pytest.param(SLOW_TESTS, "pytest", id="while graded", marks=pytest.mark.full),
    ],
)
def test_killed(slow: list[Story], program: str, docker_engine: Any, tmp_path: Path) -> None:
    with told(tmp_path, slow) as url:
        words = swebench(url, tmp_path / "results", *only(slow))
        killed = kill_while(docker_engine, words, program)
        again = start(*words)
        done = ended(again)
        asked = stats(url)
    assert (asked["requests"], asked["completed_again"]) == (slow[0].turns, 0)
    as_told(docker_engine, slow)(done, [killed, again.pid])


@pytest.mark.full
@pytest.mark.parametrize("tools", ["tools", "text"])
def test_killed_at_each_kind_of_point(tools: str, docker_engine: Any, tmp_path: Path) -> None:
    one = [stories.BY_HAND] if tools == "tools" else [stories.IN_TEXT[0]]
    with told(tmp_path, one) as url:
        words = swebench(url, tmp_path / "results", *only(one), "--tools", tools)
        pids = crash_at_each_point(words)
        last = start(*words)
        done = ended(last)
        asked = stats(url)
    assert asked["completed_again"] <= UNSTORED
    as_told(docker_engine, one)(done, [*pids, last.pid])


@pytest.mark.full
def test_killed_twenty_times_at_random(docker_engine: Any, tmp_path: Path) -> None:
    images()
    results = tmp_path / "results"
    with told(tmp_path, stories.WITH_TOOLS, "--latency", "uniform:0.2,1.5") as url:
        words = swebench(url, results, "--concurrency", "4")
        pids = kill_at_random(url, results, words, 20, (2.0, 10.0), at_once=4)
        last = start(*words)
        done = ended(last, timeout=1200)
    as_told(docker_engine, stories.WITH_TOOLS)(done, [*pids, last.pid])


@pytest.mark.full
def test_a_container_that_is_killed_by_somebody_costs_no_call(docker_engine: Any, tmp_path: Path) -> None:
    with told(tmp_path, SLOW) as url:
        process = start(*swebench(url, tmp_path / "results", *only(SLOW)))
        wait_for_program(docker_engine, process, "sleep 3")
        kill_its_containers(docker_engine, process.pid)
        done = ended(process)
        assert stats(url)["requests"] == SLOW[0].turns, "a stored reply was asked for again"
    as_told(docker_engine, SLOW)(done, [process.pid])
