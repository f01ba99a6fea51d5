"""Runs of agents that are killed, and what must hold of them afterwards, whatever the suite.

`words` are those of a run's command; `whole` says that each story came out as told (assert_told).
"""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Protocol, TypeVar

from docker.errors import APIError

from evalkit.endpoint.process import at_rest
from evalkit.store import read_run
from tests.run.command import Done, ended, start
from tests.suites.aider_command import containers, left_behind

POINTS = (
    "call stored#2",
    "event stored#1",
    "event stored#4",
    "before commit#6",
    "answer stored",
    "verdict stored",
)
UNSTORED = 1  # replies that dying before a commit may lose: which commit is the sixth, the machine decides
SEEN_S = 90  # a program in a container, on a busy machine


class Told(Protocol):
    @property
    def turns(self) -> int | None: ...


Story = TypeVar("Story", bound=Told)
Whole = Callable[[Done, Sequence[int]], None]  # and the numbers of the run's processes


def whole(
    engine: Any, assert_told: Callable[[str, Sequence[Story]], None], told_of: Sequence[Story]
) -> Whole:
    """Each story as told, each call paid once, and nothing left."""

    def check(done: Done, pids: Sequence[int]) -> None:
        assert (done.code, done.summary["complete"]) == (0, True), done.stderr
        assert_told(done.summary["run"], told_of)
        with read_run(Path(done.summary["run"])) as store:
            assert store.totals().calls == sum(story.turns or 0 for story in told_of)
        assert left_behind(engine, *pids) == []

    return check


def wait_for_program(engine: Any, process: subprocess.Popen[str], program: str) -> None:
    """Until it runs in a container of this process, which is ended and heard where it does not."""
    deadline = time.monotonic() + SEEN_S
    while time.monotonic() < deadline and process.poll() is None:
        for box in containers(engine, process.pid):
            with suppress(APIError):  # gone meanwhile
                if program in str(engine.api.top(box)["Processes"]):
                    return
        time.sleep(0.05)
    process.kill()
    raise AssertionError(f"{program} was not seen: {process.communicate()}")


def kill_while(engine: Any, words: Sequence[str], program: str) -> int:
    """Begin it, and kill it with -9 while the program runs. Its number."""
    killed = start(*words)
    wait_for_program(engine, killed, program)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    return int(killed.pid)


def crash_at_each_point(words: Sequence[str]) -> list[int]:
    """It dies at each of POINTS, one after the other. Their numbers."""
    pids = []
    for point in POINTS:
        process = start(*words, env={"EVALKIT_CRASH_AT": point})
        pids.append(process.pid)
        assert ended(process).code in (137, 0), point  # the verdict of a complete run is stored once
    return pids


def kill_at_random(
    url: str, results: Path, words: Sequence[str], times: int, within: tuple[float, float], at_once: int
) -> list[int]:
    """Each session asks for what is not stored, and for nothing else: what was on its way is all it loses."""
    draw, pids = random.Random(20261126), []
    asked = stored = 0
    for _ in range(times):
        process = start(*words)
        pids.append(process.pid)
        try:
            process.wait(draw.uniform(*within))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        process.communicate()
        made, kept = at_rest(url)["requests"] - asked, stored_calls(results) - stored
        assert 0 <= made - kept <= at_once, "a session lost more than was on its way"
        asked, stored = asked + made, stored + kept
    return pids


def stored_calls(results: Path) -> int:
    """Model calls that are durable, of the one run there; nobody writes to it."""
    for database in results.glob("*/run.sqlite"):
        with closing(sqlite3.connect(database)) as db:
            if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'call'").fetchone():
                return int(db.execute("SELECT count(*) FROM call").fetchone()[0])
    return 0


def kill_its_containers(engine: Any, pid: int) -> None:
    """As somebody else on the machine might. Returns when none of them runs."""
    killed = containers(engine, pid)
    for box in killed:
        with suppress(APIError):  # gone meanwhile
            engine.api.kill(box)
    deadline = time.monotonic() + SEEN_S
    while set(killed) & set(containers(engine, pid)):
        assert time.monotonic() < deadline, killed
        time.sleep(0.05)
