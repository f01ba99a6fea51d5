"""A run of Terminal-Bench that is killed anywhere goes on: no call is repeated, verdicts are the same, and
nothing of ours is left in the engine, services beside the agent's container included."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from docker.errors import APIError

from evalkit.endpoint.process import stats
from evalkit.sandbox.beside import compose_program
from evalkit.store import read_run
from tests.run.command import Done, ended, start
from tests.suites import terminal_bench_stories as stories
from tests.suites.aider_command import containers, left_behind
from tests.suites.terminal_bench_command import assert_told, only, terminal_bench, told
from tests.suites.terminal_bench_stories import DONE, ROOMS, Story, blocks, keys, lines
from tests.suites.test_aider_kill import stored_calls

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
        keys("sleep 4; cat begun\n", wait=4.5),
        keys(lines(ROOMS), wait=1.0),
        *DONE,
    ],
    turns=5,
)
POINTS = (
    "call stored#2",
    "event stored#1",
    "event stored#4",
    "before commit#6",
    "answer stored",
    "verdict stored",
)


def wait_for_program(engine: Any, pid: int, program: str) -> None:
    """Until it runs in a container of this process."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        for box in containers(engine, pid):
            with suppress(APIError):  # gone meanwhile
                if program in str(engine.api.top(box)["Processes"]):
                    return
        time.sleep(0.05)
    raise AssertionError(f"{program} was not seen")


def assert_whole(engine: Any, done: Done, told_of: Sequence[Story], *pids: int) -> None:
    """Each story as told, each call paid once, and nothing left."""
    assert (done.code, done.summary["complete"]) == (0, True), done.stderr
    assert_told(done.summary["run"], told_of)
    with read_run(Path(done.summary["run"])) as store:
        assert store.totals().calls == sum(story.turns or 0 for story in told_of)
    assert left_behind(engine, *pids) == []


@pytest.mark.parametrize(
    "program",
    [
        pytest.param("sleep 4", id="in mid-rollout"),
        pytest.param("pytest", id="while verified", marks=pytest.mark.full),
        pytest.param("archive.py", id="while services start", marks=pytest.mark.full),
    ],
)
def test_killed(program: str, docker_engine: Any, tmp_path: Path) -> None:
    with told(tmp_path, [SLOW]) as url:
        words = terminal_bench(url, tmp_path / "results", *only([SLOW]))
        killed = start(*words)
        wait_for_program(docker_engine, killed.pid, program)
        killed.send_signal(signal.SIGKILL)
        killed.communicate()
        assert left_behind(docker_engine, killed.pid, seconds=40) == [], "before it is resumed"
        again = start(*words)
        done = ended(again)
        asked = stats(url)
    assert (asked["requests"], asked["completed_again"]) == (SLOW.turns, 0)
    assert_whole(docker_engine, done, [SLOW], killed.pid, again.pid)


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
    pids = []
    with told(tmp_path, told_of) as url:
        words = terminal_bench(url, tmp_path / "results", *only(told_of), "--tools", tools)
        for point in POINTS:
            process = start(*words, env={"EVALKIT_CRASH_AT": point})
            pids.append(process.pid)
            assert ended(process).code in (137, 0), point  # the verdict of a complete run is stored once
        last = start(*words)
        done = ended(last)
        asked = stats(url)
    assert asked["completed_again"] == 0
    assert_whole(docker_engine, done, told_of, *pids, last.pid)


@pytest.mark.full
def test_killed_twelve_times_at_random(docker_engine: Any, tmp_path: Path) -> None:
    """Each session asks for what is not stored, and for nothing else: what was on its way is all it loses."""
    draw, pids, at_once = random.Random(20261126), [], 4
    results = tmp_path / "results"
    with told(tmp_path, stories.IN_A_TERMINAL, "--latency", "uniform:0.2,1.5") as url:
        words = terminal_bench(url, results, *only(stories.IN_A_TERMINAL), "--concurrency", str(at_once))
        asked = stored = 0
        for _ in range(12):
            process = start(*words)
            pids.append(process.pid)
            try:
                process.wait(draw.uniform(3.0, 20.0))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
            process.communicate()
            time.sleep(0.3)  # requests that were cut off are counted when the endpoint notices
            made, kept = stats(url)["requests"] - asked, stored_calls(results) - stored
            assert 0 <= made - kept <= at_once, "a session lost more than was on its way"
            asked, stored = asked + made, stored + kept
        last = start(*words)
        done = ended(last, timeout=1200)
    assert_whole(docker_engine, done, stories.IN_A_TERMINAL, *pids, last.pid)


@pytest.mark.full
def test_a_container_that_is_killed_by_somebody_costs_no_call(docker_engine: Any, tmp_path: Path) -> None:
    with told(tmp_path, [SLOW]) as url:
        process = start(*terminal_bench(url, tmp_path / "results", *only([SLOW])))
        wait_for_program(docker_engine, process.pid, "sleep 4")
        for box in containers(docker_engine, process.pid):
            with suppress(APIError):
                docker_engine.api.kill(box)
        done = ended(process)
        assert stats(url)["requests"] == SLOW.turns, "a stored reply was asked for again"
    assert_whole(docker_engine, done, [SLOW], process.pid)
