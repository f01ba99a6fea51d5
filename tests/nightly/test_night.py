"""Nights by the real command, over the embedded suite."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest

from evalkit.endpoint.process import running, stats
from evalkit.errors import UsageError
from evalkit.nightly.night import DONE, INCOMPLETE, run_night
from evalkit.nightly.plan import Plan, read_plan
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
def test_a_dead_endpoint_leaves_an_incomplete_night_that_goes_on_later(tmp_path: Path) -> None:
    model = '[[models]]\nname = "m"\nbase-url = "http://127.0.0.1:9/v1"\nmax-attempts = 1\n'
    made = plan(tmp_path, model + '[[models]]\nname = "null"\n')
    code, ran = run_night(made, DAY)
    assert code == INCOMPLETE
    assert [one.complete for one in ran] == [False, True]
    assert ran[0].why
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


NIGHT = """
import sys
from datetime import date
from pathlib import Path
from evalkit.nightly.night import run_night
from evalkit.nightly.plan import read_plan
sys.exit(run_night(read_plan(Path(sys.argv[1])), date(2026, 11, 26))[0])
"""


def test_killed_and_run_again_no_call_is_made_twice(tmp_path: Path, docker_engine: object) -> None:
    with running("--latency", "0.3") as url:
        model = f'[[models]]\nname = "m"\nbase-url = "{url}"\nconcurrency = 1\n'
        made = plan(tmp_path, model, suite="limit = 8\n")
        words = [sys.executable, "-c", NIGHT, str(tmp_path / "nightly.toml")]
        killed = subprocess.Popen(words)
        while stats(url)["requests"] < 3:
            time.sleep(0.05)
        with pytest.raises(UsageError, match="runs already"):
            run_night(made, DAY)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        code, [one] = run_night(made, DAY)  # waits for the run that outlived its night, which has been told
        assert not alive(f"--results={made.folder}")
        asked = stats(url)
    assert (code, one.complete) == (DONE, True)
    assert asked["completed_again"] == 0


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
