"""A rollout that is cut short is made again from its record: no call is paid twice, the verdict is the same.

The run's process is ended as SIGKILL would, at named points and in the middle of a test run; each session
goes on where the last one ended. The endpoint tells what was asked for, the engine what was left.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evalkit.endpoint.process import at_rest, running, stats
from tests.run.command import ended, start

from .aider_command import (
    aider,
    assert_told,
    expected,
    figures,
    left_behind,
    only,
    write_script,
)
from .aider_replies import reply
from .aider_stories import Made, Story, Teller, variant_stories, write_set
from .aider_variants import Variant, write_variant
from .killed import kill_at_random, kill_while, stored_calls

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("polyglot_image")]
POINTS = ("call stored", "event stored#3", "begin stored", "call stored#2", "answer stored", "verdict stored")


def slow_then_right(variant: Variant, seconds: float) -> Story:
    """Its first try's tests take so long, and fail."""
    made = Made.variant(variant)
    path, text = next(iter(made.wrong.items()))
    slow = {path: f"import time\n\ntime.sleep({seconds})\n\n\n{text}"}
    replies = [reply("whole", made.stub, slow), reply("whole", slow, made.right)]
    return Story(made.id, made.said, replies, (False, True))


@pytest.fixture
def few(tmp_path: Path) -> list[Story]:
    """Three short ones: mended within the try, wrong and then right, slow and then right."""
    data, teller = tmp_path / "data", Teller("whole")
    return [
        teller.malformed_once(Made.variant(write_variant(data, "python", 1, twin=True))),
        teller.second_try(Made.variant(write_variant(data, "python", 2))),
        slow_then_right(write_variant(data, "python", 3), 2),
    ]


@pytest.mark.full
def test_a_run_killed_again_and_again_goes_on(docker_engine: Any, few: list[Story], tmp_path: Path) -> None:
    pids = []
    with running(*write_script(tmp_path / "script.jsonl", few)) as url:
        words = aider(url, tmp_path / "results", tmp_path / "data", "--concurrency", "2")
        for point in POINTS:
            process = start(*words, env={"EVALKIT_CRASH_AT": point})
            pids.append(process.pid)
            done = ended(process)
            assert done.code == 137, (point, done.stderr)
        last = start(*words)
        done = ended(last)
        totals = stats(url)
    assert (done.code, done.summary["complete"]) == (0, True), done.stderr
    assert_told(done.summary["run"], few)
    assert figures(done) == pytest.approx(expected(few))
    assert totals["completed_again"] <= 1, "the other caller's reply may have been on its way"
    assert left_behind(docker_engine, *pids, last.pid) == []


@pytest.mark.full
def test_killed_during_a_test_run(docker_engine: Any, few: list[Story], tmp_path: Path) -> None:
    slow = few[2:]
    with running(*write_script(tmp_path / "script.jsonl", slow)) as url:
        words = aider(url, tmp_path / "results", tmp_path / "data", *only(slow))
        killed = kill_while(docker_engine, words, "pytest")
        assert stats(url)["requests"] == 1
        again = start(*words)
        done = ended(again)
        assert (stats(url)["requests"], stats(url)["completed_again"]) == (2, 0)
    assert (done.code, done.summary["complete"]) == (0, True), done.stderr
    assert_told(done.summary["run"], slow)
    assert left_behind(docker_engine, killed, again.pid) == []


@pytest.mark.full
def test_killed_thirty_times_at_random(docker_engine: Any, tmp_path: Path) -> None:
    data, results = tmp_path / "data", tmp_path / "results"
    told = variant_stories(Teller("whole"), write_set(data))
    stories = [story for story in told if story.replies[0] != {"fault": "context"}]  # no call is stored of it
    with running(*write_script(tmp_path / "script.jsonl", stories), "--latency", "uniform:0.1,1.0") as url:
        words = aider(url, results, data, *only(stories), "--concurrency", "4")
        pids = kill_at_random(url, results, words, 30, (2.0, 9.0), at_once=4)
        asked, stored = at_rest(url)["requests"], stored_calls(results)
        last = start(*words)
        done = ended(last, timeout=1200)
        assert stats(url)["requests"] - asked == sum(len(story.replies) for story in stories) - stored
    assert (done.code, done.summary["complete"]) == (0, True), done.stderr
    assert_told(done.summary["run"], stories)
    assert figures(done) == pytest.approx(expected(stories))
    assert left_behind(docker_engine, *pids, last.pid) == []
