"""Containers die, the engine is gone, the disk is full: survived, or told as an error; no wrong answer."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from evalkit.endpoint.process import running, stats
from tests.run.command import ended, run, start
from tests.run.test_hard_times import cut, engine_behind

from .aider_command import (
    aider,
    assert_told,
    expected,
    figures,
    left_behind,
    records,
    write_script,
)
from .aider_stories import Made, Story, Teller
from .aider_variants import write_variant
from .killed import kill_its_containers, wait_for_program
from .test_aider_kill import slow_then_right

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("polyglot_image")]


@pytest.fixture
def slow(tmp_path: Path) -> list[Story]:
    return [slow_then_right(write_variant(tmp_path / "data", "python", 3), 2)]


@pytest.mark.full
def test_a_rollout_whose_container_is_killed_is_made_again(
    docker_engine: Any, slow: list[Story], tmp_path: Path
) -> None:
    with running(*write_script(tmp_path / "script.jsonl", slow)) as url:
        process = start(*aider(url, tmp_path / "results", tmp_path / "data"))
        wait_for_program(docker_engine, process, "pytest")
        kill_its_containers(docker_engine, process.pid)
        done = ended(process)
        assert stats(url)["requests"] == 2, "a stored reply was asked for again"
    assert (done.code, done.summary["complete"]) == (0, True), done.stderr
    assert_told(done.summary["run"], slow)
    assert left_behind(docker_engine, process.pid) == []


@pytest.mark.full
def test_one_that_dies_of_the_same_act_again_is_over(
    docker_engine: Any, slow: list[Story], tmp_path: Path
) -> None:
    """Nobody can tell its programs' doing from somebody else's then: it is judged by what is left."""
    with running(*write_script(tmp_path / "script.jsonl", slow)) as url:
        process = start(*aider(url, tmp_path / "results", tmp_path / "data"))
        for _ in range(2):
            wait_for_program(docker_engine, process, "pytest")
            kill_its_containers(docker_engine, process.pid)
        done = ended(process)
        assert stats(url)["requests"] == 1
    record = records(done.summary["run"])[slow[0].task]
    assert (record["outcome"], record["finish_reason"]) == ("failed", "crashed"), (record, done.stderr)
    assert left_behind(docker_engine, process.pid) == []


@pytest.mark.full
def test_an_engine_that_is_gone_is_an_error_and_the_run_goes_on_later(
    docker_engine: Any, slow: list[Story], tmp_path: Path
) -> None:
    with (
        running(*write_script(tmp_path / "script.jsonl", slow)) as url,
        engine_behind(tmp_path / "e.sock") as gone,
    ):
        words = aider(url, tmp_path / "results", tmp_path / "data")
        process = start(*words, env={"DOCKER_HOST": f"unix://{tmp_path / 'e.sock'}"})
        wait_for_program(docker_engine, process, "pytest")
        cut(gone)
        (tmp_path / "e.sock").unlink()
        done = ended(process)
        assert done.code in (3, 4), done.stderr
        assert "Traceback" not in done.stderr
        assert (done.summary["counts"]["failed"], done.summary["counts"]["error"]) == (0, 1), done.summary
        again = start(*words)
        done = ended(again)
        assert (stats(url)["requests"], stats(url)["completed_again"]) == (2, 0)
    assert (done.code, done.summary["complete"]) == (0, True), done.stderr
    assert_told(done.summary["run"], slow)
    assert left_behind(docker_engine, process.pid, again.pid) == []


@pytest.mark.full
def test_a_full_disk_stops_the_run_and_it_goes_on_with_room(
    docker_engine: Any, small_disk: Path, tmp_path: Path
) -> None:
    """Replies that no compression makes small fill it."""
    draw = random.Random(1)
    stories = []
    for n in range(1, 4):
        made = Made.variant(write_variant(tmp_path / "data", "python", n))
        at_once = Teller("whole").at_once(made)
        noise = "".join(chr(draw.randrange(0x4E00, 0x9E00)) for _ in range(100_000))
        stories.append(Story(made.id, made.said, [f"{noise}\n\n{at_once.replies[0]}"], (True,)))
    with running(*write_script(tmp_path / "script.jsonl", stories)) as url:
        words = aider(url, small_disk, tmp_path / "data", "--concurrency", "2")
        done = run(*words)
        assert done.code == 2, done.stderr
        assert "no space is left" in done.stderr
        assert "Traceback" not in done.stderr
        subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True)
        again = run(*words)
        assert stats(url)["requests"] <= 3 + 2, "stored replies were asked for again"
    assert (again.code, again.summary["complete"]) == (0, True), again.stderr
    assert figures(again) == pytest.approx(expected(stories))
