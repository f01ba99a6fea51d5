"""Four trials at once do not disturb each other: a task beside itself and beside hostile ones."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from evalkit.sandbox.beside import compose_program
from evalkit.store import read_run
from tests.run.command import ended, start
from tests.suites import terminal_bench_stories as stories
from tests.suites.aider_command import left_behind
from tests.suites.terminal_bench_command import images, only, terminal_bench, told
from tests.suites.terminal_bench_stories import DONE, Story, keys

pytestmark = [pytest.mark.docker, pytest.mark.full, pytest.mark.usefixtures("no_certificates")]
# what takes the processor, ends whatever it can reach, and looks for others
ROUGH = [
    Story(
        "core/mend-the-build",
        [
            keys("for n in 1 2; do (while :; do :; done) & done\n"),
            keys("tmux kill-server\n"),
            keys("kill -9 -1\n", wait=3.0),
            *DONE,
        ],
    ),
    Story(
        "harbor/sum-the-ledger",
        [
            keys(
                "for host in archive client workspace; do curl -m 1 http://$host:8000/part/1; done\n",
                wait=3.0,
            ),
            *DONE,
        ],
    ),
]


def outcomes(folder: str, tasks: set[str]) -> Counter[tuple[str, str]]:
    with read_run(Path(folder)) as store:
        return Counter((row["task_id"], row["outcome"]) for row in store.samples() if row["task_id"] in tasks)


def test_trials_do_not_disturb_each_other(docker_engine: Any, tmp_path: Path) -> None:
    """Each honest task four times, four trials at once: same names, same ports, same services beside them."""
    honest = [stories.SERVICE, stories.LOCK, *([stories.TWO_ROOMS] if compose_program() else [])]
    images(story.task for story in [*honest, *ROUGH])
    with told(tmp_path, [*honest, *ROUGH]) as url:
        words = terminal_bench(url, tmp_path / "results", *only([*honest, *ROUGH]))
        process = start(*words, "--samples", "4", "--concurrency", "4")
        done = ended(process, timeout=1200)
    assert done.code == 0, done.stderr
    names = {story.task for story in honest}
    assert outcomes(done.summary["run"], names) == {(name, "passed"): 4 for name in names}
    rough = {story.task for story in ROUGH}
    assert outcomes(done.summary["run"], rough) == {(name, "failed"): 4 for name in rough}
    assert left_behind(docker_engine, process.pid) == []
