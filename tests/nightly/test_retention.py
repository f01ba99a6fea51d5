"""Runs of old nights go, and nothing else does."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from evalkit.nightly.ledger import Entry, Ledger, alone, write_ledger
from evalkit.nightly.measure import record_run
from evalkit.nightly.plan import Cell, Plan
from evalkit.nightly.records import read_history
from evalkit.nightly.retention import Freed, trim
from evalkit.run.settings import Knobs, Settings
from evalkit.store.lock import drop_lock, take_lock

CELL = Cell("mini", "null", ("mini", "--model", "null"))
LAST = date(2026, 11, 26)


@pytest.fixture(scope="module")
def a_run(tmp_path_factory: pytest.TempPathFactory, docker_engine: object) -> Path:
    from evalkit.run.session import run

    folder = tmp_path_factory.mktemp("runs")
    return Path(run(Settings("mini", "null", limit=1), Knobs(results=folder)).run)


@pytest.fixture
def plan(a_run: Path, tmp_path: Path) -> Plan:
    """Five nights with a run each, of which two are kept."""
    plan = Plan("coding", (CELL,), tmp_path, keep=2)
    for ago in range(5):
        folder = plan.folder / (LAST - timedelta(ago)).isoformat()
        shutil.copytree(a_run, folder / a_run.name)
        record_run(folder / a_run.name, CELL)
        entry = Entry(CELL.series, "mini", "null", CELL.words, a_run.name, 0, True)
        write_ledger(folder, Ledger("coding", (CELL.series,), done=True).with_entry(entry))
    return plan


def nights_with_runs(plan: Plan) -> list[str]:
    return sorted(path.parent.parent.name for path in plan.folder.glob("*/*/run.sqlite"))


def test_the_last_nights_keep_their_runs_and_history_stays_whole(plan: Plan) -> None:
    [before] = read_history(plan).series
    freed = trim(plan, LAST)
    assert (freed.runs, freed.nights, freed.troubles) == (3, 3, ())
    assert freed.bytes > 10_000
    assert nights_with_runs(plan) == ["2026-11-25", "2026-11-26"]
    [after] = read_history(plan).series
    assert [replace(night, run="") for night in after.nights] == [replace(n, run="") for n in before.nights]
    assert [bool(night.run) for night in after.nights] == [False, False, False, True, True]
    assert trim(plan, LAST) == Freed()


def test_a_plan_that_keeps_all_keeps_all(plan: Plan) -> None:
    assert trim(replace(plan, keep=None), LAST) == Freed()
    assert len(nights_with_runs(plan)) == 5


def test_an_earlier_night_run_again_is_not_old(plan: Plan) -> None:
    trim(plan, date(2026, 11, 23))
    assert nights_with_runs(plan) == ["2026-11-23", "2026-11-24", "2026-11-25", "2026-11-26"]


def test_what_the_night_did_not_make_stays(plan: Plan, a_run: Path, tmp_path: Path) -> None:
    old = plan.folder / "2026-11-22"
    shutil.copytree(a_run, old / "mine")  # a run of somebody's
    (old / "notes").mkdir()
    elsewhere = tmp_path / "elsewhere"
    shutil.move(plan.folder / "2026-11-23", elsewhere)
    (plan.folder / "2026-11-23").symlink_to(elsewhere)
    shutil.move(plan.folder / "2026-11-24" / a_run.name, tmp_path / "moved")
    (plan.folder / "2026-11-24" / a_run.name).symlink_to(tmp_path / "moved")
    (plan.folder / "2026-02-31").mkdir()
    assert trim(plan, LAST).runs == 1
    assert (old / "mine").is_dir()
    assert (old / "notes").is_dir()
    assert (elsewhere / a_run.name).is_dir()
    assert (tmp_path / "moved").is_dir()
    assert not (old / a_run.name).exists()


def test_a_run_without_a_record_is_history_and_stays(plan: Plan, a_run: Path) -> None:
    (plan.folder / "2026-11-22" / f"{CELL.series}.record.json").unlink()
    trim(plan, LAST)
    assert (plan.folder / "2026-11-22" / a_run.name).is_dir()


def test_a_night_at_work_and_a_run_at_work_stay(plan: Plan, a_run: Path) -> None:
    night, other = plan.folder / "2026-11-22", plan.folder / "2026-11-23" / a_run.name
    lock = take_lock(other)
    with alone(night, date(2026, 11, 22)):
        freed = trim(plan, LAST)
    drop_lock(lock)
    assert freed.runs == 1
    assert "is in use by" in freed.troubles[0]
    assert (night / a_run.name).is_dir()
    assert other.is_dir()


def test_a_removal_that_was_cut_short_is_finished(plan: Plan, a_run: Path) -> None:
    old = plan.folder / "2026-11-22"
    (old / a_run.name).rename(old / f".gone-{a_run.name}")
    assert trim(plan, LAST).runs == 3
    assert sorted(path.name for path in old.iterdir() if path.is_dir()) == []


def test_a_record_that_names_another_folder_removes_nothing(plan: Plan, a_run: Path) -> None:
    record = plan.folder / "2026-11-22" / f"{CELL.series}.record.json"
    facts = json.loads(record.read_text())
    record.write_text(json.dumps({**facts, "run": f"../2026-11-26/{a_run.name}"}))
    trim(plan, LAST)
    assert "2026-11-26" in nights_with_runs(plan)
