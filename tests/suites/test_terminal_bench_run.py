"""Terminal-Bench by the real command line: scripted models at work on tasks of our own, and on two real ones,
by keystrokes and by tools; what is kept of it; the reference solutions and doing nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from evalkit.endpoint.process import stats
from evalkit.sandbox.beside import compose_program
from tests.run.command import ended, here, start
from tests.run.talk import calls
from tests.suites import terminal_bench_stories as stories
from tests.suites.aider_command import left_behind
from tests.suites.terminal_bench_command import (
    SET,
    TASKS,
    assert_told,
    ends,
    files_of,
    images,
    only,
    parted,
    terminal_bench,
    told,
)
from tests.suites.terminal_bench_stories import Story, blocks, keys, lines

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("no_certificates")]
full = pytest.mark.full


def possible(told_of: Sequence[Story]) -> list[Story]:
    """Without those of several containers where this machine has no compose."""
    return [story for story in told_of if compose_program() or story.task != "core/two-rooms"]


def go(told_of: Sequence[Story], folder: Path, *more: str) -> dict[str, Any]:
    images(story.task for story in told_of)
    with told(folder, told_of) as url:
        done = here(*terminal_bench(url, folder / "results", *only(told_of), *more))
        assert done.code == 0, done.stderr
        assert stats(url)["completed_again"] == 0
    assert_told(done.summary["run"], told_of)
    return done.summary


@pytest.mark.parametrize(
    ("tools", "told_of"),
    [
        # one with services beside it is worked on in test_terminal_bench_kill, and killed
        pytest.param("terminus-2", [stories.LOCK, stories.SERVICE], id="each kind once"),
        pytest.param("terminus-2", stories.IN_A_TERMINAL, id="terminus-2", marks=full),
        pytest.param("terminus-1", stories.BY_BLOCKS, id="terminus-1", marks=full),
        pytest.param("tools", stories.BY_TOOLS, id="tools", marks=full),
        pytest.param("bash-only", stories.BY_TOOLS, id="bash-only", marks=full),
        pytest.param("text", stories.IN_TEXT, id="text", marks=full),
    ],
)
def test_own_tasks_are_worked_on(
    tools: str, told_of: list[Story], docker_engine: Any, tmp_path: Path
) -> None:
    summary = go(possible(told_of), tmp_path, "--tools", tools, "--concurrency", "2")
    if tools.startswith("terminus"):
        assert_recorded(summary["run"], told_of[0].task)


def assert_recorded(folder: str, task: str) -> None:
    """The session is kept as asciicast v2, with what was typed and what was shown."""
    head, *events = map(json.loads, files_of(folder, task)["session.cast"].decode().splitlines())
    assert (head["version"], head["width"], head["height"]) == (2, 160, 40)
    times = [event[0] for event in events]
    assert times == sorted(times)
    assert {event[1] for event in events} >= {"i", "o"}


@full
def test_agents_who_are_too_late_are_graded(docker_engine: Any, tmp_path: Path) -> None:
    go(stories.TOO_LATE, tmp_path, "--timeout-factor", "0.1")


@full
def test_references_pass_and_nothing_fails(docker_engine: Any, tmp_path: Path) -> None:
    """Of all tasks of our own, by both verdicts."""
    images(TASKS)
    done = here("validate", "terminal-bench", *SET, "--force", "--results", str(tmp_path), "--json")
    assert (done.code, done.summary["ok"]) == (0, True), done.stderr
    runnable = set(TASKS) - (set() if compose_program() else {"core/two-rooms"})
    assert ends(done.summary["run"]) == dict.fromkeys(sorted(runnable), "passed")
    null = ends(done.summary["null"]["run"])
    assert set(null) == runnable
    assert all(end.startswith("failed/") for end in null.values()), null
    assert parted(done.summary["run"]) == {}


# -- real tasks ------------------------------------------------------------------------------------
def reference(data: Path, task: str) -> str:
    """What solves a real task, from its own solution."""
    places = (data / task / "solution" / "solve.sh", data / task / "solution.sh")
    return next(place.read_text() for place in places if place.exists())


REAL = {
    "core-0.1.1": ("core", "hello-world", "file called"),
    "2.0": ("harbor", "openssl-selfsigned-cert", "TLS certificate"),
}


@full
@pytest.mark.parametrize("tools", ["terminus-2", "terminus-1", "tools"])
@pytest.mark.parametrize("dataset", REAL)
def test_real_tasks_are_solved(
    dataset: str, tools: str, docker_engine: Any, data_dir: Path, tmp_path: Path
) -> None:
    folder, task, asks = REAL[dataset]
    data = data_dir / "terminal-bench"
    if not data.is_dir():
        pytest.skip("EVALKIT_DATA holds no terminal-bench")
    images([task], data, dataset)
    solution = lines(reference(data / folder, task))
    replies: dict[str, list[Any]] = {
        "terminus-2": [keys(solution, wait=5.0), *stories.DONE],
        "terminus-1": [blocks((solution, True, 60.0), done=True)],
        "tools": [calls(stories.bash(solution)), stories.SUBMIT],
    }
    story = Story(task, replies[tools], turns=len(replies[tools]) + (tools == "terminus-2"), asks=(asks,))
    with told(tmp_path, [story]) as url:
        where = ("--data", str(data), "--dataset", dataset)
        words = terminal_bench(url, tmp_path / "results", *only([story]), "--tools", tools, data=where)
        process = start(*words)
        done = ended(process)
    assert done.code == 0, done.stderr
    assert_told(done.summary["run"], [story])
    assert left_behind(docker_engine, process.pid) == []
