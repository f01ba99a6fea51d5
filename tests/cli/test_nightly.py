"""`evalkit nightly run` and `report` from outside: what they print, write and end with."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from evalkit.cli.nightly_run import hint_of_the_future
from evalkit.endpoint.process import running, stats
from tests.cli.conftest import Evalkit

DAY = date(2026, 11, 26)
NULL = '[[models]]\nname = "null"\n[[suites]]\nname = "mini"\nlimit = 5\n'


def write_plan(folder: Path, text: str = NULL, night: str = "") -> Path:
    path = folder / "p.toml"
    path.write_text(f"[night]\n{night}\n{text}")
    return path


def record(folder: Path, series: str = "mini--null", day: date = DAY) -> Path:
    return folder / "results" / "p" / day.isoformat() / f"{series}.record.json"


def before(folder: Path, facts: Mapping[str, Any], nights: int = 20, series: str = "mini--null") -> None:
    """Nights up to DAY at which the same run solved everything, made up."""
    for ago in range(1, nights + 1):
        path = record(folder, series, DAY - timedelta(ago))
        path.parent.mkdir(parents=True, exist_ok=True)
        tasks = {task: [1, 1] for task in facts["tasks"]}
        given = {"format": 1, "series": series, "suite": "mini", "model": series.partition("--")[2]}
        given |= {"planned": len(tasks), "tasks": tasks, "key": facts["key"], "facts": facts["facts"]}
        path.write_text(json.dumps(given | {"ends": {"passed": len(tasks)}, "simulated": True}))


def test_init_run_report(called: Evalkit, tmp_path: Path, docker_engine: object) -> None:
    """The first evening: what `init` writes runs as it is, once."""
    assert called("nightly", "report", "nightly.toml").code == 2
    assert called("nightly", "init").code == 0
    called("nightly", "init").refused(2, "nightly.toml is there already")
    called("nightly", "report", "nightly.toml").refused(2, "no night in results/nightly")
    foreseen = called("nightly", "run", "nightly.toml", "--dry-run", "--date", "2026-11-26")
    assert foreseen.code == 0
    assert re.search(r"mini +oracle +10 +10 +10 +\$0\.0000 +unknown +unknown", foreseen.stdout)
    assert not (tmp_path / "results").exists()
    ran = called("nightly", "run", "nightly.toml", "--date", "2026-11-26")
    assert ran.code == 0
    assert "mini x oracle: 100.0%, 10 of 10 samples" in ran.stderr
    page = tmp_path / "reports" / "nightly" / "nightly" / "index.html"
    assert ran.stdout.splitlines()[-1] == "reports/nightly/nightly/index.html"
    assert {path.name for path in page.parent.iterdir()} == {
        "index.html",
        "feed.json",
        "mini--oracle.json",
        "mini--oracle.svg",
    }
    once = page.read_bytes()
    report = called("nightly", "report", "nightly.toml", "-q")
    assert (report.code, report.stdout, report.stderr) == (0, "", "")
    assert page.read_bytes() == once
    called("nightly", "run", "nightly.toml", "--date", "2026-11-26").refused(2, "is done", "--date")
    again = called("nightly", "run", "nightly.toml", "--date", "2026-11-26", "--unless-done")
    assert (again.code, again.stdout, again.stderr) == (0, ran.stdout, "")


def test_a_drop_is_exit_code_10_until_somebody_speaks_for_it(
    called: Evalkit, tmp_path: Path, docker_engine: object
) -> None:
    plan = write_plan(tmp_path)
    assert called("nightly", "run", plan, "--date", DAY - timedelta(30)).code == 0
    first = record(tmp_path, day=DAY - timedelta(30))
    before(tmp_path, json.loads(first.read_text()))
    shutil.rmtree(first.parent)
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    ran = called("nightly", "run", plan, "--date", DAY, "-q", GITHUB_STEP_SUMMARY=str(summary))
    assert ran.code == 10
    assert "regression" in ran.stdout
    assert "null" in ran.stdout
    assert ran.stderr == ""
    said = summary.read_text()
    assert said.startswith("before\n## p, 2026-11-26: ")
    assert re.search(r"^\| Mini \| null \| \d+\.\d \| −\d+\.\d \| 0\.0 \| 5 \| 🔴 regressed \|$", said, re.M)
    feed = json.loads((tmp_path / "reports/nightly/p/feed.json").read_text())
    assert (feed["code"], feed["series"][0]["state"]) == (10, "regressed")
    odd = tmp_path / "p-states" / "acks" / "odd.toml"
    odd.parent.mkdir(parents=True)
    odd.write_text("who = 3")
    unsure = called("nightly", "run", plan, "--date", DAY + timedelta(1), "-q")
    assert (unsure.code, record(tmp_path, day=DAY + timedelta(1)).exists()) == (3, True)
    assert "odd.toml: series is missing; alarms that it may speak for are not new" in unsure.stdout
    assert "acknowledged" in unsure.stdout
    called("nightly", "ack", plan, "mini--null", "--why", "x").refused(2, "odd.toml")
    odd.unlink()
    assert called("nightly", "report", plan).code == 10
    ack = called("nightly", "ack", plan, "mini--null", "--why", "null is null", "--who", "me")
    assert ack.code == 0, ack
    assert called("nightly", "report", plan).code == 0
    then = called("nightly", "report", plan, "--date", DAY - timedelta(1), "-o", tmp_path / "then")
    assert (then.code, (tmp_path / "then" / "index.html").exists()) == (0, True)


@pytest.mark.full
def test_what_is_missing_is_exit_code_3_and_raises_no_alarm(
    called: Evalkit, tmp_path: Path, docker_engine: object
) -> None:
    dead = 'base-url = "http://127.0.0.1:9/v1"\nmax-attempts = 1\n'
    plan = write_plan(tmp_path, NULL.replace('"null"\n', f'"m"\nlabel = "null"\n{dead}'))
    before(tmp_path, {"tasks": ["a", "b"], "key": "", "facts": {}})
    ran = called("nightly", "run", plan, "--date", DAY, "--no-alerts")
    assert ran.code == 3
    assert "mini x null: 5 of 5 samples are missing: 5 error/api; error/api: " in ran.stderr
    assert "Traceback" not in ran.stderr
    feed = json.loads((tmp_path / "reports/nightly/p/feed.json").read_text())
    assert (feed["code"], feed["series"][0]["events"]) == (3, [])
    assert "5 error/api" in feed["missing"]["mini--null"]
    next_day = called("nightly", "run", plan, "--date", DAY + timedelta(1), "--dry-run")
    assert next_day.code == 0
    called("nightly", "run", plan, "--date", DAY + timedelta(1), "--results", "x").refused(2, "--results")


@pytest.mark.full
def test_nowhere_to_write_and_nobody_to_tell_are_said(
    called: Evalkit, tmp_path: Path, docker_engine: object
) -> None:
    """Neither costs the night."""
    alerts = '[alerts]\nwebhook = "env:HOOK"\n'
    plan = write_plan(tmp_path, NULL + alerts, night="keep = 1")
    assert called("nightly", "run", plan, "--date", DAY - timedelta(1), "--no-alerts").code == 0
    (tmp_path / "file").write_text("")
    ran = called("nightly", "run", plan, "--date", DAY, "-o", tmp_path / "file" / "reports")
    assert ran.code == 3
    assert "warning: the dashboard could not be written: Not a directory" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert "removed one run of one older night" in ran.stdout
    assert record(tmp_path, day=DAY - timedelta(1)).exists()
    earlier = called("nightly", "run", plan, "--date", DAY - timedelta(5), "--no-alerts")
    assert earlier.code == 0
    feed = json.loads((tmp_path / "reports/nightly/p/feed.json").read_text())
    assert feed["date"] == DAY.isoformat()  # not as things stood then
    tried = called("nightly", "report", plan, "--test-alerts")
    assert (tried.code, "HOOK" in tried.stderr) == (1, True)
    assert called("nightly", "report", plan).code == 0


def test_where_no_night_can_be_written_the_plan_says_where_they_go(called: Evalkit, tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file")
    ran = called("nightly", "run", write_plan(tmp_path))
    ran.refused(2, "the night's folder cannot be written: Not a directory", "`results` in the plan's [night]")


def test_a_night_of_the_future_is_said_to_silence_those_until_then(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for ahead, said in ((0, False), (1, False), (2, True)):
        hint_of_the_future(date.today() + timedelta(ahead))
        assert ("is in the future" in capsys.readouterr().err) == said


@pytest.mark.full
def test_a_full_disk_is_exit_code_3_and_no_alarm(
    small_disk: Path, tmp_path: Path, called: Evalkit, docker_engine: object
) -> None:
    """At every fill: whatever could still be written, the night is incomplete and says why."""
    whole = NULL.replace("limit = 5", "").replace('"null"', '"oracle"')
    plan = write_plan(tmp_path, whole, night=f'results = "{small_disk}"')
    for number, filler in enumerate((400_000, 330_000, 250_000, 100_000)):
        (small_disk / "filler").write_bytes(bytes(filler - 8192))
        day = DAY + timedelta(number)
        ran = called("nightly", "run", plan, "--date", day, "-o", small_disk / "reports")
        assert ran.code == 3, (filler, ran)
        assert "Traceback" not in ran.stderr, (filler, ran)
        assert "no space" in ran.stderr.lower(), (filler, ran)
        assert "regress" not in ran.stdout, (filler, ran)
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    assert called("nightly", "run", plan, "--date", day, "-o", small_disk / "reports").code == 0
    feed = json.loads((small_disk / "reports" / "feed.json").read_text())
    assert (feed["code"], feed["series"][0]["score"], feed["series"][0]["events"]) == (0, 1.0, [])


@pytest.mark.full
def test_ctrl_c_says_how_to_go_on(tmp_path: Path, docker_engine: object) -> None:
    with running("--latency", "0.5") as url:
        model = f'[[models]]\nname = "m"\nbase-url = "{url}"\nconcurrency = 1\n'
        write_plan(tmp_path, model + '[[suites]]\nname = "mini"\nlimit = 4\n')
        night = subprocess.Popen(
            [sys.executable, "-m", "evalkit", "nightly", "run", "p.toml", "--date", "2026-11-26"],
            cwd=tmp_path,
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        while not stats(url)["requests"]:
            time.sleep(0.05)
        os.killpg(night.pid, signal.SIGINT)  # as a terminal does it: the whole group
        out, err = night.communicate(timeout=60)
    assert night.returncode == 130
    assert out == ""
    assert err.splitlines()[-1].endswith(
        "evalkit nightly run p.toml --date 2026-11-26 goes on where it stopped"
    )
    assert "Traceback" not in err
