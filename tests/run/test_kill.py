"""SIGKILL at random moments, then the same command again: nothing lost, nothing paid twice.

What can be known exactly is asserted exactly: the endpoint tells how many requests each session
made, the store tells what was durable when the process died; the next session must ask for precisely the
rest. A reply that was on its way when the process died is the only thing that may be asked for again.
"""

from __future__ import annotations

import random
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import evalkit
from evalkit.endpoint.process import at_rest, running, stats
from evalkit.store import read_run
from tests.run.command import command, here

pytestmark = pytest.mark.docker
SCRIPT = Path(__file__).parents[2] / "suites" / "mini" / "demo.jsonl"
AT_ONCE = 4


class Session:
    """The run's command, as a process that may be killed."""

    def __init__(self, url: str, results: Path, tasks: int) -> None:
        self.results, self.tasks = results, tasks
        options = f"--model scripted --base-url {url} --results {results} --limit {tasks} --json"
        self.words = ["run", "mini", *options.split(), "--concurrency", str(AT_ONCE), "--api-key-env", "PATH"]
        self.command = command(*self.words)

    def finish(self) -> dict[str, Any]:
        done = here(*self.words)
        assert done.code == 0, done.stderr
        return done.summary

    def killed_after(self, seconds: float) -> bool:
        """True when it was killed, False when it was done before."""
        process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            return True
        return False

    def durable(self) -> int:
        """How many model calls the store holds; 0 where there is no store yet."""
        folders = list(self.results.glob("*/manifest.json"))
        if not folders:
            return 0
        with read_run(folders[0].parent) as store:
            return store.totals().calls  # not of answers: a call is stored before the answer is made of it


def verdicts(folder: str) -> list[tuple[str, int, str, str]]:
    frame = evalkit.load(folder).samples()
    return list(
        zip(frame["task_id"], frame["sample"], frame["outcome"], frame["reason"].fillna(""), strict=True)
    )


@pytest.fixture(scope="module")
def undisturbed(docker_engine: object, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    with running("--script", str(SCRIPT)) as url:
        summary = Session(url, tmp_path_factory.mktemp("calm"), 40).finish()
    return verdicts(summary["run"])


def kill_points(count: int) -> Iterator[float]:
    draw = random.Random(20261125)
    while count:
        count -= 1
        yield draw.uniform(0.3, 5.0)


@pytest.mark.parametrize("kills", [2, pytest.param(30, marks=pytest.mark.full)])
def test_the_same_verdicts_and_no_call_twice(kills: int, undisturbed: list[Any], tmp_path: Path) -> None:
    points = kill_points(kills)
    left = kills
    round_number = 0
    while left > 0:
        round_number += 1
        with running("--script", str(SCRIPT), "--latency", "lognormal:0.3,0.6") as url:
            session = Session(url, tmp_path / f"results-{round_number}", 40)
            known = asked = lost = 0
            for point in points:
                killed = session.killed_after(point)
                left -= 1
                made, durable = at_rest(url)["requests"] - asked, session.durable()
                assert durable >= known, "an answer that was durable is gone"
                assert made <= 40 - known, "a session asked for more than was missing"
                assert made - (durable - known) <= AT_ONCE, "more was lost than was in flight"
                lost += made - (durable - known)
                known, asked = durable, asked + made
                if not killed:
                    break
            summary = session.finish()
            made = at_rest(url)["requests"] - asked
            assert made == 40 - known, "the last session asked for exactly what was missing"
            again = stats(url)["completed_again"]
            assert again <= lost, "a reply that was stored was asked for again"
            print(f"{lost} requests were in flight when it was killed, {again} of them had been answered")
        assert summary["complete"], summary
        assert verdicts(summary["run"]) == undisturbed


@pytest.mark.parametrize(
    "point",
    [
        *("plan written", "call stored", "verdict stored"),
        *(pytest.param(p, marks=pytest.mark.full) for p in ("lock taken", "database made", "answer stored")),
    ],
)
def test_dying_at_a_named_point_loses_nothing(
    point: str, undisturbed: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running("--script", str(SCRIPT)) as url:
        session = Session(url, tmp_path, 40)
        monkeypatch.setenv("EVALKIT_CRASH_AT", point)
        died = subprocess.run(session.command, capture_output=True, text=True, timeout=120)
        assert died.returncode == 137, died.stderr
        summary = session.finish()
    assert verdicts(summary["run"]) == undisturbed
