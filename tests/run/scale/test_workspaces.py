"""Agents' work on a cluster's nodes: workspaces there, calls and the record on the head."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from docker.errors import APIError

from evalkit.endpoint.process import stats
from evalkit.store import read_run
from tests.run.command import ended, start
from tests.run.scale.sessions import workers
from tests.run.scale.simulated import Simulated, simulated
from tests.run.talk import calls
from tests.suites import swebench_stories as stories
from tests.suites.aider_command import containers
from tests.suites.swebench_command import assert_told, only, swebench, told
from tests.suites.swebench_set import images
from tests.suites.swebench_stories import SUBMIT, Story, bash, edit

pytestmark = [pytest.mark.docker, pytest.mark.full]
SOLVED = edit("tally.py", "key=counts.get)", "key=counts.get, reverse=True)")
SLOW = Story(
    "tally",
    [calls(bash("echo $RANDOM >noise; sleep 3"), SOLVED), calls(bash("rm noise; sleep 4")), SUBMIT],
    "passed",
    3,
)


@pytest.fixture(scope="module")
def cluster(docker_engine: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulated]:
    with pytest.MonkeyPatch.context() as patch:  # nodes must not know what was found out about gold
        patch.setenv("EVALKIT_CACHE", str(tmp_path_factory.mktemp("cache")))
        images(["tally"])
        with simulated(2, 1) as cluster:
            yield cluster


def worker_at(engine: Any, program: str) -> psutil.Process:
    """The worker in whose container the program runs."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for worker in workers():
            for box in containers(engine, worker.pid):
                with suppress(APIError):  # gone meanwhile
                    if program in str(engine.api.top(box)["Processes"]):
                        return worker
        time.sleep(0.05)
    raise AssertionError(f"{program} was not seen")


def test_stories_come_out_as_told(cluster: Simulated, docker_engine: Any, tmp_path: Path) -> None:
    told_of = [stories.BY_HAND, *stories.WITH_TOOLS]
    images()
    with told(tmp_path, told_of) as url:
        words = swebench(url, tmp_path / "results", *only(told_of), "--workers", cluster.words)
        done = ended(start(*words))
        asked = stats(url)
    assert done.code == 0, done.stderr
    assert_told(done.summary["run"], told_of)
    assert asked["completed_again"] == 0
    with read_run(Path(done.summary["run"])) as store:
        [session] = [note.payload for note in store.notes() if note.kind == "session"]
    assert [node["docker"] for node in session["sandbox"]["workers"]["nodes"]] in ([2, 1], [1, 2])


@pytest.mark.parametrize("program", ["sleep 3", "sleep 4"])
def test_a_worker_killed_in_mid_rollout(
    program: str, cluster: Simulated, docker_engine: Any, tmp_path: Path
) -> None:
    """What it had asked is answered from the record, and what it had observed is what counts."""
    with told(tmp_path, [SLOW]) as url:
        words = swebench(url, tmp_path / "results", *only([SLOW]), "--workers", cluster.words)
        process = start(*words)
        worker_at(docker_engine, program).kill()
        done = ended(process)
        asked = stats(url)
    assert done.code == 0, done.stderr
    assert "was lost" in done.stderr
    assert (asked["requests"], asked["completed_again"]) == (SLOW.turns, 0)
    assert_told(done.summary["run"], [SLOW])
    with read_run(Path(done.summary["run"])) as store:
        assert store.totals().calls == SLOW.turns
        assert len(store.rollouts(SLOW.task, 0)) == 2
