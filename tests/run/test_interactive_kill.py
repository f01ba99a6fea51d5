"""A rollout that was cut off anywhere is made again from its record: no call twice, what was seen stays seen.

The world of these tests counts how often it was asked, over all processes: made again, it answers otherwise.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evalkit.run import session as sessions
from evalkit.store import read_run
from tests.run.command import printed
from tests.run.talk import SUITE, call, calls, events, open_nothing, requests, scripted, tasks

CONVERSATION = [
    calls(call("count")),
    calls(call("write", path="a", text="x"), call("count")),
    "so?",  # the partner has it checked, and is content
]
CALLS, ACTS = 3, ["count", "write", "count", "check", "(answer)"]
POINTS = ["call stored#2", "event stored#3", "before commit#8", "answer stored"]
EVERY_POINT = [
    "begin stored",
    "verdict stored",
    *(f"call stored#{n}" for n in range(1, CALLS + 1)),
    *(f"attempt stored#{n}" for n in range(1, CALLS + 1)),
    *(f"event stored#{n}" for n in range(1, len(ACTS) + 1)),
    *(f"{when} commit#{n}" for when in ("before", "after") for n in range(1, 15)),
    *(f"event queued#{n}" for n in range(1, 16)),
]
FEW = [pytest.param(point) for point in POINTS]
MORE = [pytest.param(point, marks=pytest.mark.full) for point in EVERY_POINT if point not in POINTS]


class Session:
    """The command, as a process that may end anywhere."""

    def __init__(self, folder: Path, url: str, label: str, *more: str) -> None:
        self.folder = folder
        at = f"--model scripted --base-url {url} --results {folder} --data {folder.parent / 'tasks.jsonl'}"
        self.words = ["run", str(SUITE), *at.split(), "--label", label, "--json", *more]
        self.log = str(folder / "acts")

    def start(self, crash_at: str = "") -> subprocess.Popen[str]:
        environment = {**os.environ, "EVALKIT_CRASH_AT": crash_at, "TALKING_LOG": self.log}
        command, pipe = [sys.executable, "-m", "tests.run.talk", *self.words], subprocess.PIPE
        return subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True)

    def dies(self, crash_at: str) -> tuple[int, str]:
        process = self.start(crash_at)
        out, err = process.communicate(timeout=240)
        return process.returncode, out + err

    def ends(self) -> tuple[int, str]:
        """It goes on, in this process."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TALKING_LOG", self.log)
            patch.setattr(sessions, "open_equipment", open_nothing)
            code, out, err = printed(self.words)
        return code, out + err

    def acts(self) -> list[str]:
        log = self.folder / "acts"
        return [line.split()[1] for line in log.read_text().splitlines()] if log.exists() else []

    def run(self) -> Path | None:
        return next((path.parent for path in self.folder.glob("*/manifest.json")), None)

    def durable(self, kind: str) -> list[Any]:
        """What the store holds of a kind, of task t."""
        return self.durable_of("t", kind)

    def durable_of(self, task: str, kind: str) -> list[Any]:
        run = self.run()
        return [event.payload for event in events(run, task, kind)] if run else []


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """One endpoint for all: each run asks it with keys of its own."""
    folder = tmp_path_factory.mktemp("killed")
    tasks(folder, {"task_id": "t", "partner": "nudge", "wants": {"a": "x"}})
    with scripted(folder, {"t": CONVERSATION}) as url:
        yield folder, url


@pytest.mark.parametrize("point", [*FEW, *MORE])
def test_killed_at_a_crash_point_and_gone_on(point: str, place: tuple[Path, str]) -> None:
    folder, url = place
    session = Session(folder / point.replace(" ", "-").replace("#", "-"), url, point)
    session.folder.mkdir()
    before = len(requests(folder))
    code, said = session.dies(point)
    if code == 0:
        pytest.skip(f"a run of this conversation does not pass {point}")
    assert code == 137, said
    made, kept = len(requests(folder)) - before, len(session.durable("model_call"))
    assert 0 <= made - kept <= 1, "at most the call that was on its way is lost"
    seen, done = session.durable("observation"), session.acts()
    assert [told["call"]["name"] for told in seen] == ACTS[: len(seen)]

    code, said = session.ends()
    assert code == 0, said
    assert json.loads(said.splitlines()[0])["counts"]["passed"] == 1
    assert len(requests(folder)) - before - made == CALLS - kept, "a call that was stored was made again"
    folder_of_run = session.run()
    assert folder_of_run is not None
    with read_run(folder_of_run) as store:
        assert store.totals().calls == CALLS
    check_observations(session, seen, redone=session.acts()[len(done) :])


def check_observations(session: Session, seen: list[Any], redone: list[str]) -> None:
    """What was recorded before the end counts, what came out otherwise is recorded too, once each."""
    recorded = session.durable("observation")
    assert recorded[: len(seen)] == seen
    assert [told["call"]["name"] for told in recorded] == ACTS, "each act has one observation that counts"
    last = session.durable("model_call")[-1]["request"]["messages"]
    told = [m["content"] for m in last if m["role"] == "tool"]
    assert told == [r["observation"]["text"] for r in recorded[:3]], (
        "the conversation holds the recorded ones"
    )
    again = [r for r in seen if r["call"]["name"] == "count"] if redone else []
    assert [d["number"] for d in session.durable("difference")] == [r["number"] for r in again]


# -- SIGKILL ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kills", [2, pytest.param(40, marks=pytest.mark.full)])
def test_killed_at_random_moments(kills: int, tmp_path: Path) -> None:
    draw = random.Random(20261126)
    names = [f"t{n}" for n in range(6)]
    records = [{"task_id": name, "partner": "nudge", "wants": {"a": "x"}} for name in names]
    tasks(tmp_path, *records)
    left, round_number = kills, 0
    while left > 0:
        round_number += 1
        folder = tmp_path / str(round_number)
        folder.mkdir()
        with scripted(folder, dict.fromkeys(names, CONVERSATION), "--latency", "lognormal:0.15,0.5") as url:
            session = Session(folder / "results", url, "x", "--concurrency", "3")
            session.folder.mkdir()
            (session.folder.parent / "tasks.jsonl").write_text((tmp_path / "tasks.jsonl").read_text())
            known = asked = lost = 0
            while left > 0:
                process = session.start()
                try:
                    process.wait(draw.uniform(0.9, 2.2))
                    break  # it was done before
                except subprocess.TimeoutExpired:
                    process.send_signal(signal.SIGKILL)
                    process.wait()
                    left -= 1
                durable = stored_calls(session)
                made = len(requests(folder)) - asked
                assert durable >= known
                assert made - (durable - known) <= 3, "more was lost than was in flight"
                lost += made - (durable - known)
                known, asked = durable, asked + made
            code, said = session.ends()
            assert code == 0, said
            assert stored_calls(session) == CALLS * len(names)
            assert len(requests(folder)) == CALLS * len(names) + lost, "a stored call was made again"
            check_conversations(session, names)


def stored_calls(session: Session) -> int:
    run = session.run()
    if run is None:
        return 0
    with read_run(run) as store:
        return store.totals().calls


def check_conversations(session: Session, names: list[str]) -> None:
    """Every task passed, and no conversation holds an observation that is not the recorded one."""
    run = session.run()
    assert run is not None
    with read_run(run) as store:
        assert Counter(row["outcome"] for row in store.samples()) == {"passed": len(names)}
    for name in names:
        recorded = {e.payload["number"]: e.payload["observation"] for e in events(run, name, "observation")}
        last = events(run, name, "model_call")[-1].payload["request"]["messages"]
        told = [m["content"] for m in last if m["role"] == "tool"]
        assert told == [recorded[n]["text"] for n in range(3)]
