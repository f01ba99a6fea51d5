"""Nights by the real command, over the embedded suite."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import psutil
import pytest

from evalkit.endpoint.process import at_rest, running, stats
from evalkit.errors import UsageError
from evalkit.nightly.ledger import read_ledger
from evalkit.nightly.ledger import running as running_now
from evalkit.nightly.night import DONE, INCOMPLETE, INTERRUPTED, Hearer, run_night, used
from evalkit.nightly.plan import Plan, read_plan
from evalkit.nightly.records import read_history
from evalkit.store import read_run

DAY = date(2026, 11, 26)


def plan(tmp_path: Path, models: str, night: str = "", suite: str = "limit = 3\n") -> Plan:
    path = tmp_path / "nightly.toml"
    path.write_text(
        f'[night]\nresults = "{tmp_path}/results"\n{night}\n{models}\n[[suites]]\nname = "mini"\n{suite}'
    )
    return read_plan(path)


def ledger(plan: Plan) -> dict[str, object]:
    found: dict[str, object] = json.loads((plan.folder / "2026-11-26" / "night.json").read_text())
    return found


@pytest.mark.full
def test_a_night_is_a_folder_of_ordinary_runs_and_is_done_once(tmp_path: Path, docker_engine: object) -> None:
    made = plan(tmp_path, '[[models]]\nname = "oracle"\n[[models]]\nname = "null"\n')
    code, ran = run_night(made, DAY)
    assert (code, [one.complete for one in ran]) == (DONE, [True, True])
    assert [one.summary["pass@1"] for one in ran] == [1.0, 0.0]
    for one in ran:
        with read_run(Path(one.summary["run"])) as store:
            assert len(store.plan) == 3
    assert ledger(made)["done"] is True
    with pytest.raises(UsageError, match="the night of 2026-11-26 is done"):
        run_night(made, DAY)


@pytest.mark.full
def test_a_dead_endpoint_leaves_an_incomplete_night_that_goes_on_later(
    tmp_path: Path, docker_engine: object
) -> None:
    model = '[[models]]\nname = "m"\nbase-url = "http://127.0.0.1:9/v1"\nmax-attempts = 1\n'
    made = plan(tmp_path, model + '[[models]]\nname = "null"\n')
    code, ran = run_night(made, DAY)
    assert code == INCOMPLETE
    assert [one.complete for one in ran] == [False, True]
    assert ran[0].why.startswith("3 of 3 samples are missing: 3 error/api")
    assert ledger(made)["done"] is False
    assert run_night(made, DAY)[0] == INCOMPLETE


def test_what_a_run_refuses_is_said(tmp_path: Path) -> None:
    made = plan(tmp_path, '[[models]]\nname = "null"\n', suite="no-such-flag = 1\n")
    code, [one] = run_night(made, DAY)
    assert (code, one.code) == (INCOMPLETE, 2)
    assert "no-such-flag" in one.why


def test_money_is_the_nights_not_each_runs(tmp_path: Path) -> None:
    made = plan(
        tmp_path, '[[models]]\nname = "null"\n[[models]]\nname = "oracle"\n', night="hours = 0.000001"
    )
    code, ran = run_night(made, DAY)
    assert code == INCOMPLETE
    assert "h are over" in ran[-1].why


@pytest.mark.full
def test_a_full_disk_is_an_incomplete_night_that_goes_on_when_there_is_room(
    small_disk: Path, tmp_path: Path, docker_engine: object
) -> None:
    made = plan(tmp_path, '[[models]]\nname = "oracle"\n[[models]]\nname = "null"\n', suite="")
    made = replace(made, results=small_disk)
    (small_disk / "filler").write_bytes(bytes(100_000))
    code, ran = run_night(made, DAY)
    assert code == INCOMPLETE
    assert any("no space is left" in one.why for one in ran), ran
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    code, ran = run_night(made, DAY)
    assert (code, [one.complete for one in ran]) == (DONE, [True, True])
    assert [series.nights[-1].hollow for series in read_history(made).series] == ["", ""]


@pytest.mark.full
def test_a_changed_flag_in_mid_night_is_another_run_and_is_said(
    tmp_path: Path, docker_engine: object
) -> None:
    made = plan(tmp_path, '[[models]]\nname = "null"\n', suite="limit = 1\n")
    bad = plan(tmp_path, '[[models]]\nname = "null"\n', suite='limit = 1\n[[suites]]\nname = "none"\n')
    assert run_night(bad, DAY)[0] == INCOMPLETE
    heard = Heard()
    changed = plan(tmp_path, '[[models]]\nname = "null"\n', suite="limit = 2\n")
    code, [one] = run_night(changed, DAY, heard)
    assert code == DONE
    assert heard.said == ["mini x null: its flags have changed since it ran this night: another run"]
    [series, *_] = read_history(changed).series
    assert (series.nights[-1].planned, series.nights[-1].run) == (2, one.run)
    assert len(read_ledger(made.folder / "2026-11-26").folders) == 2


@pytest.mark.full
def test_a_model_that_the_plan_gains_after_the_night_is_run_too(
    tmp_path: Path, docker_engine: object
) -> None:
    assert run_night(plan(tmp_path, '[[models]]\nname = "null"\n', suite="limit = 1\n"), DAY)[0] == DONE
    more = '[[models]]\nname = "null"\n[[models]]\nname = "oracle"\n'
    code, ran = run_night(plan(tmp_path, more, suite="limit = 1\n"), DAY)
    assert (code, [bool(one.summary) for one in ran]) == (DONE, [False, True])


class Heard(Hearer):
    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, line: str) -> None:
        self.said.append(line)


@pytest.mark.full
def test_money_that_was_spent_before_the_night_was_killed_counts(
    tmp_path: Path, docker_engine: object
) -> None:
    """Its ledger knows of nothing; the run's own calls do."""
    prices = tmp_path / "models.toml"
    prices.write_text('[models.m]\nid = "m"\nprice = { input = 1e6, output = 1e6 }\n')
    with running() as url:
        model = f'[[models]]\nname = "m"\nbase-url = "{url}"\n'
        made = plan(tmp_path, model, night="money = 1000000", suite="limit = 2\n")
        os.environ["EVALKIT_MODELS"] = str(prices)
        try:
            code, [one] = run_night(made, DAY)
        finally:
            del os.environ["EVALKIT_MODELS"]
    assert one.summary["cost"] > 0
    of_it = (one.summary["cost"], one.summary["wall_s"])
    assert used(made.folder / "2026-11-26") == pytest.approx(of_it, abs=0.01)
    (made.folder / "2026-11-26" / "night.json").unlink()
    code, [one] = run_night(replace(made, money=0.01), DAY)
    assert (code, one.why[:9]) == (INCOMPLETE, "not begun")
    assert "of the night's $0.01 are spent" in one.why


NIGHT = """
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from evalkit.nightly.night import run_night
from evalkit.nightly.plan import read_plan
sys.exit(run_night(read_plan(Path(sys.argv[1])), date(2026, 11, 26))[0])
"""


def test_killed_and_run_again_no_call_is_made_twice(tmp_path: Path, docker_engine: object) -> None:
    with running("--latency", "0.2") as url:
        model = f'[[models]]\nname = "m"\nbase-url = "{url}"\nconcurrency = 1\n'
        made = plan(tmp_path, model, suite="limit = 6\n")
        words = [sys.executable, "-c", NIGHT, str(tmp_path / "nightly.toml")]
        killed = subprocess.Popen(words)
        while stats(url)["requests"] < 3:
            time.sleep(0.05)
        killed.send_signal(signal.SIGSTOP)  # however long this takes, it is not over
        with pytest.raises(UsageError, match="runs already"):
            run_night(made, DAY)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        code, [one] = run_night(made, DAY)  # waits for the run that outlived its night, which has been told
        assert not alive(f"--results={made.folder}")
        asked = stats(url)
    assert (code, one.complete) == (DONE, True)
    assert asked["completed_again"] == 0


@pytest.mark.full
def test_told_to_stop_it_stops_and_goes_on_where_it_was(tmp_path: Path, docker_engine: object) -> None:
    with running("--latency", "0.3") as url:
        model = f'[[models]]\nname = "m"\nbase-url = "{url}"\nconcurrency = 1\n'
        made = plan(tmp_path, model + '[[models]]\nname = "null"\n', suite="limit = 6\n")
        told = subprocess.Popen([sys.executable, "-c", NIGHT, str(tmp_path / "nightly.toml")])
        while stats(url)["requests"] < 2:
            time.sleep(0.05)
        told.terminate()
        assert told.wait(60) == INTERRUPTED
        first = read_ledger(made.folder / "2026-11-26")
        assert [one.why[-13:] for one in first.entries.values()] == ["(interrupted)"]
        assert not running_now(made.folder / "2026-11-26")
        code, ran = run_night(made, DAY)
        assert stats(url)["completed_again"] == 0
    assert (code, [one.complete for one in ran]) == (DONE, [True, True])


@pytest.mark.full
@pytest.mark.parametrize("seed", range(20))
def test_killed_at_random_and_run_again_until_it_is_whole(
    seed: int, tmp_path: Path, docker_engine: object
) -> None:
    """What was on its way when a run was killed with -9, two calls at most, may be asked for again."""
    dice, killed = random.Random(seed), 0
    with running("--latency", "0.1", "--reply", "no code") as url:
        model = f'[[models]]\nname = "m"\nbase-url = "{url}"\nconcurrency = 2\n'
        made = plan(tmp_path, model + '[[models]]\nname = "oracle"\n', suite="limit = 12\n")
        words = [sys.executable, "-c", NIGHT, str(tmp_path / "nightly.toml")]
        for _ in range(4):
            night = subprocess.Popen(words, stderr=subprocess.DEVNULL)
            try:
                night.wait(dice.uniform(0.2, 4))
            except subprocess.TimeoutExpired:
                run_first, number = dice.random() < 0.3, dice.choice((signal.SIGKILL, signal.SIGTERM))
                if run_first:  # as the kernel does it where memory is short
                    for child in psutil.Process(night.pid).children():
                        child.kill()
                night.send_signal(number)
                night.wait()
                killed += run_first or number == signal.SIGKILL
        if not read_ledger(made.folder / "2026-11-26").done:
            assert run_night(made, DAY)[0] == DONE
        assert at_rest(url)["requests"] - 12 <= 2 * killed
    series = read_history(made).series
    assert [(one.nights[-1].planned, one.nights[-1].scored, one.nights[-1].hollow) for one in series] == [
        (12, 12, ""),
        (12, 12, ""),
    ]
    assert len(list(made.folder.glob("*/*/run.sqlite"))) == 2


def alive(words: str) -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if words in line:
                found.append(line)
    return found
