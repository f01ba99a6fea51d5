"""Killed anywhere, a run goes on: nothing that was told to be durable is lost or asked for again."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from evalkit.store import open_run, read_run, verify

from .runs import main, make_run, verdict_of, verdicts

SAMPLES, AT_ONCE = 24, 4
POINTS = [
    "lock taken",
    "database made",
    "plan written",
    "event queued#9",
    "before commit",
    "before commit#11",
    "after commit",
    "after commit#11",
    "set stored",
    "begin stored#5",
    "attempt stored#5",
    "call stored#5",
    "event stored#5",
    "answer stored#5",
    "verdict stored",
    "verdict stored#24",
]


class Trial:
    """A run in a folder, done by child processes of which some die, and the log of its endpoint."""

    undisturbed: Path  # such a run of which no process died

    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder / "run", folder / "log"
        self.log.touch()

    def start(self, crash_at: str = "") -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.store.runs", str(self.folder), str(SAMPLES), str(self.log)]
        return subprocess.Popen(command, env={**os.environ, "EVALKIT_CRASH_AT": crash_at})

    def lines(self, word: str) -> list[str]:
        return re.findall(rf"^{word} (.*)$", self.log.read_text(), re.MULTILINE)

    def check_kept(self, kills: int = 1) -> None:
        """What the dead processes were told to be durable is there, and right; each may have left as many
        verdicts as it had in hand that it was not told of yet."""
        if not self.lines("stored"):
            return
        with read_run(self.folder) as run:
            judged = {f"{t},{s}" for (t, s), state in run.state().items() if state.judged}
            assert judged >= set(self.lines("judged"))
            assert len(judged) <= len(set(self.lines("judged"))) + kills * AT_ONCE
            for record in run.records():
                if record.verdicts:
                    assert record.answer is not None
                    verdict, row = verdict_of(record.answer), record.row
                    assert record.verdicts["official"] == replace(verdict, log=b"")
                    assert run.logs(row["task_id"], row["sample"]).get("official", b"") == verdict.log

    def finish(self) -> None:
        """Resume without a crash: the end is that of an undisturbed run, and nothing was asked twice."""
        main(self.folder, SAMPLES, self.log)
        assert verify(self.folder) == []
        with read_run(self.folder) as run, read_run(self.undisturbed) as undisturbed:
            assert run.state() == undisturbed.state()
            assert run.totals().cost == pytest.approx(undisturbed.totals().cost, abs=0.0001)
            assert [r.answer for r in run.records()] == [r.answer for r in undisturbed.records()]

    def check_nothing_paid_twice(self, kills: int) -> None:
        """No reply that was durable is asked for again; of those in flight a kill may lose AT_ONCE."""
        seen: set[str] = set()
        for line in self.log.read_text().splitlines():
            word, _, name = line.partition(" ")
            assert (word, name in seen) != ("asked", True)
            if word == "stored":
                seen.add(name)
        again = sum(times - 1 for times in Counter(self.lines("asked")).values())
        assert again <= kills * AT_ONCE


@pytest.fixture(scope="module", autouse=True)
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> None:
    Trial.undisturbed = tmp_path_factory.mktemp("undisturbed") / "run"
    make_run(Trial.undisturbed, SAMPLES)


@pytest.mark.parametrize("point", POINTS)
def test_a_crash_at_every_named_point(tmp_path: Path, point: str) -> None:
    trial = Trial(tmp_path)
    assert trial.start(point).wait() == 137
    trial.check_kept()
    trial.finish()
    trial.check_nothing_paid_twice(kills=1)


def test_crash_after_crash(tmp_path: Path) -> None:
    """A process that gets one commit further each time ends with the same run."""
    trial, kills = Trial(tmp_path), 0
    for point in [*POINTS[:3], *["after commit#5"] * 4, *["before commit#5"] * 4]:
        kills += trial.start(point).wait() == 137
        trial.check_kept(kills)
    assert kills >= 5, "24 samples of four steps, four at once, take more than ten commits"
    trial.finish()
    trial.check_nothing_paid_twice(kills)


def kill_at_random_times(folder: Path, seed: int) -> None:
    rng, trial = random.Random(seed), Trial(folder)
    process = trial.start()
    while not trial.lines("asked"):
        time.sleep(0.01)
    time.sleep(rng.uniform(0, 0.15))
    process.send_signal(signal.SIGKILL)
    process.wait()
    trial.check_kept()
    trial.finish()
    trial.check_nothing_paid_twice(kills=1)


@pytest.mark.parametrize("seed", range(3))
def test_sigkill_at_a_random_time(tmp_path: Path, seed: int) -> None:
    kill_at_random_times(tmp_path, seed)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(200))
def test_sigkill_at_two_hundred_random_times(tmp_path: Path, seed: int) -> None:
    kill_at_random_times(tmp_path, seed)


def test_a_copy_of_the_folder_taken_while_it_is_written_is_a_run(tmp_path: Path) -> None:
    """As a power cut would leave it: some earlier moment, whole, from which the run goes on."""
    trial = Trial(tmp_path)
    process = trial.start()
    while not trial.lines("asked"):
        time.sleep(0.01)
    process.send_signal(signal.SIGSTOP)  # so that one copy at least is of the middle
    copies = [(shutil.copytree(trial.folder, tmp_path / "copy0"), set(trial.lines("judged")))]
    process.send_signal(signal.SIGCONT)
    while process.poll() is None and len(copies) < 10:
        known = set(trial.lines("judged"))
        try:
            copies.append((shutil.copytree(trial.folder, tmp_path / f"copy{len(copies)}"), known))
        except shutil.Error:  # the writer closed it and removed its log meanwhile: not one moment of it
            break
        time.sleep(0.02)
    assert process.wait() == 0
    with read_run(trial.folder) as run:
        final = verdicts(run)
    for copy, known in copies:
        assert verify(copy) == []
        with read_run(copy) as run:
            some = {key: word for key, word in verdicts(run).items() if word != "/"}
        assert known <= {f"{t},{s}" for t, s in some}
        assert some.items() <= final.items()


def test_a_crash_in_the_middle_of_a_repair(tmp_path: Path) -> None:
    script = "import sys; from evalkit.store import open_run; open_run(sys.argv[1]).close()"
    for point in ("database shelved", "database rebuilt", "database made"):
        folder = tmp_path / point.replace(" ", "-")
        make_run(folder, SAMPLES)
        with (folder / "run.sqlite").open("r+b") as file:
            file.truncate(file.seek(0, os.SEEK_END) - 17)
        command = [sys.executable, "-c", script, str(folder)]
        assert subprocess.run(command, env={**os.environ, "EVALKIT_CRASH_AT": point}).returncode == 137
        with open_run(folder) as store:
            assert sum(state.judged for state in store.state().values()) >= SAMPLES - 1
        assert verify(folder) == []
        assert [path.name for path in folder.glob("*damaged*") if not path.name.endswith("-wal")] == [
            "damaged-1.sqlite"
        ]
