"""A run of SWE-bench that is killed anywhere goes on: no call is repeated, the verdicts are the same, and
nothing of ours is left in the engine."""

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
from evalkit.store import read_run
from tests.run.command import Done, ended, start
from tests.run.talk import calls
from tests.suites import swebench_stories as stories
from tests.suites.aider_command import containers, left_behind
from tests.suites.swebench_command import assert_told, only, swebench, told
from tests.suites.swebench_set import images
from tests.suites.swebench_stories import SUBMIT, Story, bash, edit
from tests.suites.test_aider_kill import stored_calls

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
POINTS = (
    "call stored#2",
    "event stored#1",
    "event stored#4",
    "before commit#6",
    "answer stored",
    "verdict stored",
)


@pytest.fixture(scope="module", autouse=True)
def set_there(docker_engine: Any) -> None:
    images(["tally"])


@pytest.fixture(autouse=True)
def knows_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What this machine has found out about gold is not believed: both verdicts are made here."""
    monkeypatch.setenv("EVALKIT_CACHE", str(tmp_path / "cache"))


def wait_for_program(engine: Any, pid: int, program: str) -> None:
    """Until it runs in a container of this process."""
    deadline = time.monotonic() + 60
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
    ("slow", "program"),
    [
        pytest.param(SLOW, "sleep 3", id="in mid-rollout", marks=pytest.mark.full),
        pytest.param(SLOW_TESTS, "pytest", id="while graded", marks=pytest.mark.full),
    ],
)
def test_killed(slow: list[Story], program: str, docker_engine: Any, tmp_path: Path) -> None:
    with told(tmp_path, slow) as url:
        words = swebench(url, tmp_path / "results", *only(slow))
        killed = start(*words)
        wait_for_program(docker_engine, killed.pid, program)
        killed.send_signal(signal.SIGKILL)
        killed.communicate()
        again = start(*words)
        done = ended(again)
        asked = stats(url)
    assert (asked["requests"], asked["completed_again"]) == (slow[0].turns, 0)
    assert_whole(docker_engine, done, slow, killed.pid, again.pid)


@pytest.mark.full
@pytest.mark.parametrize("tools", ["tools", "text"])
def test_killed_at_each_kind_of_point(tools: str, docker_engine: Any, tmp_path: Path) -> None:
    one = [stories.BY_HAND] if tools == "tools" else [stories.IN_TEXT[0]]
    pids = []
    with told(tmp_path, one) as url:
        words = swebench(url, tmp_path / "results", *only(one), "--tools", tools)
        for point in POINTS:
            process = start(*words, env={"EVALKIT_CRASH_AT": point})
            pids.append(process.pid)
            assert ended(process).code in (137, 0), point  # the verdict of a complete run is stored once
        last = start(*words)
        done = ended(last)
        asked = stats(url)
    assert asked["completed_again"] == 0
    assert_whole(docker_engine, done, one, *pids, last.pid)


@pytest.mark.full
def test_killed_twenty_times_at_random(docker_engine: Any, tmp_path: Path) -> None:
    """Each session asks for what is not stored, and for nothing else: what was on its way is all it loses."""
    images()
    draw, pids, at_once = random.Random(20261126), [], 4
    results = tmp_path / "results"
    with told(tmp_path, stories.WITH_TOOLS, "--latency", "uniform:0.2,1.5") as url:
        words = swebench(url, results, "--concurrency", str(at_once))
        asked = stored = 0
        for _ in range(20):
            process = start(*words)
            pids.append(process.pid)
            try:
                process.wait(draw.uniform(2.0, 10.0))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
            process.communicate()
            time.sleep(0.3)  # requests that were cut off are counted when the endpoint notices
            made, kept = stats(url)["requests"] - asked, stored_calls(results) - stored
            assert 0 <= made - kept <= at_once, "a session lost more than was on its way"
            asked, stored = asked + made, stored + kept
        last = start(*words)
        done = ended(last, timeout=1200)
    assert_whole(docker_engine, done, stories.WITH_TOOLS, *pids, last.pid)


@pytest.mark.full
def test_a_container_that_is_killed_by_somebody_costs_no_call(docker_engine: Any, tmp_path: Path) -> None:
    with told(tmp_path, SLOW) as url:
        process = start(*swebench(url, tmp_path / "results", *only(SLOW)))
        wait_for_program(docker_engine, process.pid, "sleep 3")
        for box in containers(docker_engine, process.pid):
            with suppress(APIError):
                docker_engine.api.kill(box)
        done = ended(process)
        assert stats(url)["requests"] == SLOW[0].turns, "a stored reply was asked for again"
    assert_whole(docker_engine, done, SLOW, process.pid)
