"""Rollouts go on while others are graded: what waits for a model waits for nothing else."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

import pytest

from evalkit.endpoint.process import stats
from evalkit.store import read_run
from tests.run.command import start
from tests.run.talk import calls
from tests.suites.aider_command import left_behind
from tests.suites.swebench_command import only, swebench, told
from tests.suites.swebench_set import images
from tests.suites.swebench_stories import SUBMIT, Story, bash

pytestmark = [pytest.mark.docker, pytest.mark.full]
TURNS = 8
# whatever is tested imports it: each grading lasts longer than all of the rollouts
SLOW_TESTS = "echo 'import time; time.sleep(300)' >conftest.py"
AT_WORK = [
    Story(
        name, [calls(bash(SLOW_TESTS)), *[calls(bash("echo $RANDOM"))] * (TURNS - 2), SUBMIT], "failed/wrong"
    )
    for name in ("tally", "prices", "pages", "notes", "dates")
]


def test_all_rollouts_end_while_the_first_are_graded(docker_engine: Any, tmp_path: Path) -> None:
    """Five tasks four times, eight at once, all places for gradings taken by tests that do not end."""
    images(story.name for story in AT_WORK)
    rollouts = 4 * len(AT_WORK)
    with told(tmp_path, AT_WORK, "--latency", "1.0") as url:
        words = swebench(url, tmp_path / "results", *only(AT_WORK), "--samples", "4", "--concurrency", "8")
        process = start(*words)
        try:
            deadline = time.monotonic() + 300
            while stats(url)["outcomes"].get("complete", 0) < rollouts * TURNS:
                assert process.poll() is None, process.communicate()
                assert time.monotonic() < deadline, stats(url)
                time.sleep(0.2)
            (folder,) = (path.parent for path in (tmp_path / "results").glob("*/run.sqlite"))
            with read_run(folder) as run:
                assert not any(state.judged for state in run.state().values()), "a grading came to an end"
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate()
    assert left_behind(docker_engine, process.pid) == []
