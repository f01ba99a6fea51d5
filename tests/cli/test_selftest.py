"""evalkit selftest as a person runs it: what it prints, what its JSON holds, how it is interrupted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from evalkit.cli.selftest import as_text
from evalkit.cli.text import Style
from evalkit.selftest import Finding, Report
from tests.cli.conftest import Evalkit
from tests.cli.test_machine_interface import documented

pytestmark = pytest.mark.docker

FEW = ("exit-del", "object-any", "honest-noise", "left-files", "program-flood")


def test_a_few_cases_and_all_promises(called: Evalkit, tmp_path: Path) -> None:
    done = called("selftest", "--json", *FEW)
    assert done.code == 0, done.stdout
    assert done.stderr == ""
    told = done.json
    assert set(told) == documented("`selftest`")
    assert told["ok"] is True
    assert told["broken"] == []
    assert told["classes"]["early exits and exit hooks"] == [3, 3]
    assert sum(tried for _, tried in told["classes"].values()) == 3 + 3 + 3 + 1 + 1
    assert len(told["promises"]) >= 20
    assert all(set(p) == {"name", "ok", "detail"} for p in told["promises"])
    assert list(tmp_path.iterdir()) == []  # nothing is kept


def test_a_case_that_nobody_knows(called: Evalkit) -> None:
    called("selftest", "exit-dle").refused(2, "no case begins with 'exit-dle'", "exit-del")


def test_without_an_engine(called: Evalkit) -> None:
    called("selftest", DOCKER_HOST="unix:///nonexistent.sock").refused(4, "no Docker engine")


def test_what_does_not_hold_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    found = Finding("clocks", "clock-x (check)", False, "passed \x1b[2J")
    report = Report([found, Finding("promise", "no network", True, "none")], ["Landlock: not there"])
    assert not report.ok
    text = as_text(report, Style(sys.stderr))
    assert "0 of 1  clocks" in text
    assert "DOES NOT HOLD  clock-x (check): passed \\x1b[2J" in text
    assert "lacking here  Landlock: not there" in text
    assert "1 of 2 do not hold" in text
    quiet = as_text(report, Style(sys.stderr), quiet=True)
    assert "no network" not in quiet
    assert json.dumps(report.to_json())


def test_an_interrupt_leaves_nothing(docker_engine: Any, tmp_path: Path) -> None:
    running = subprocess.Popen(
        [sys.executable, "-m", "evalkit", "selftest"],
        cwd=tmp_path,
        env=os.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while len(owned(docker_engine, running.pid)) < 2:  # until it has begun to make things
        assert running.poll() is None
        time.sleep(0.1)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=120)
    assert running.returncode == 130, err
    assert out == ""
    assert err == "evalkit: error: interrupted\n"
    assert not owned(docker_engine, running.pid)


def owned(engine: Any, pid: int) -> list[str]:
    """The containers and volumes of evalkit's that this process has made."""
    mark = {"label": "evalkit.owner"}
    boxes = engine.api.containers(all=True, filters=mark)
    things = [*boxes, *(engine.api.volumes(filters=mark)["Volumes"] or [])]
    return [str(t.get("Id") or t["Name"]) for t in things if f"/{pid}/" in t["Labels"]["evalkit.owner"]]
