"""benchmarks/livecodebench.py: its work gets the verdicts that it says, under load too; both sides run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import livecodebench
import pytest
from race.contender import OURS, Contender
from race.lcb_work import make_work

from evalkit.run.settings import Knobs

CHECKOUT = "EVALKIT_LIVECODEBENCH"


@pytest.fixture
def ours(docker_engine: object, tmp_path: Path) -> Iterator[Contender]:
    work = make_work()
    work.write(tmp_path)
    contender = livecodebench.start_ours(work, tmp_path, 0)
    yield contender
    contender.close()


@pytest.mark.docker
def test_every_verdict_of_ours_is_as_expected(ours: Contender) -> None:
    for work, count in (("answers", 60), ("many", 4)):
        block = ours.run(work, count, 0)
        assert (block.wrong, block.examples) == (0, ())
    assert {sample.expected for sample in ours.work.lists["answers"]} == {"passed", "failed"}
    assert ours.facts["judges"] == Knobs().judges


@pytest.mark.docker
@pytest.mark.full
def test_no_verdict_of_ours_changes_beside_programs_that_never_end(ours: Contender) -> None:
    block = ours.run("late", 40, 0)
    assert (block.wrong, block.examples) == (0, ())
    assert ours.work.expected("late", 40).count("timeout") == 2


@pytest.mark.docker
@pytest.mark.full
def test_both_sides_are_measured_in_one_run() -> None:
    checkout = os.environ.get(CHECKOUT)
    if not checkout:
        pytest.skip(f"{CHECKOUT} names no checkout of the authors' repository, which is not on PyPI")
    command = [sys.executable, livecodebench.__file__, "--checkout", checkout, "--quick", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr[-2000:]
    summary = json.loads(done.stdout.splitlines()[-1])
    for row in summary["table"].values():
        assert row[OURS]["unlike_expected"] == 0
        assert row[livecodebench.THEIRS]["per_s"][0] > 0
