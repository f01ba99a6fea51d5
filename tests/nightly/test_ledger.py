"""The night's ledger and its lock: whole or not at all, and who holds it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from datetime import date
from pathlib import Path

import pytest

from evalkit.errors import UsageError
from evalkit.nightly import ledger as book
from evalkit.nightly.ledger import Entry, Ledger, alone, read_ledger, running, write_ledger
from evalkit.nightly.plan import Cell

DAY = date(2026, 11, 26)
CELL = Cell("mini", "null", ("mini", "--model", "null"))
ENTRY = Entry("mini--null", "mini", "null", CELL.words, "run-1", 0, True)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    ledger = Ledger("p", ("mini--null", "mini--m"), seconds=1.5).with_entry(ENTRY)
    ledger = ledger.with_entry(Entry("mini--m", "mini", "m", ("mini",), "run-2", 3, False, "why"))
    assert write_ledger(tmp_path, ledger) == ""
    assert read_ledger(tmp_path) == ledger
    assert ledger.folders == ("run-1", "run-2")
    assert [path.name for path in tmp_path.iterdir()] == ["night.json"]


def test_a_run_that_another_took_the_place_of_is_not_forgotten() -> None:
    ledger = (
        Ledger().with_entry(ENTRY).with_entry(Entry("mini--null", "mini", "null", ("x",), "run-2", 0, True))
    )
    assert ledger.folders == ("run-1", "run-2")
    assert ledger.entries["mini--null"].run == "run-2"


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "3", '{"runs": 3}', '{"runs": [{"cell": "a"}]}', "\x00", '{"seconds": []}']
)
def test_one_that_cannot_be_read_is_an_empty_one(text: str, tmp_path: Path) -> None:
    (tmp_path / "night.json").write_text(text)
    assert read_ledger(tmp_path) == Ledger()


def test_whole_is_what_is_there_with_these_very_flags(tmp_path: Path) -> None:
    ledger = Ledger().with_entry(ENTRY)
    assert not ledger.has(CELL, tmp_path)  # its folder is gone
    (tmp_path / "run-1").mkdir()
    assert ledger.has(CELL, tmp_path)
    assert not ledger.has(Cell("mini", "null", ("mini", "--model", "null", "--limit=3")), tmp_path)
    assert not ledger.has(Cell("mini", "m", CELL.words), tmp_path)


HOLD = """
import subprocess, sys
from datetime import date
from pathlib import Path
from evalkit.nightly.ledger import alone
with alone(Path(sys.argv[1]), date(2026, 11, 26)) as lock:
    child = subprocess.Popen(["sleep", sys.argv[2]], pass_fds=(lock,))
    print(child.pid, flush=True)
    child.wait()
"""


def test_a_night_that_is_at_work_is_refused_and_one_that_was_killed_waited_for(tmp_path: Path) -> None:
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path), "600"], stdout=subprocess.PIPE, text=True
    )
    assert other.stdout
    child = int(other.stdout.readline())
    assert running(tmp_path)
    with pytest.raises(UsageError, match="runs already"), alone(tmp_path, DAY):
        pass
    other.kill()
    other.wait()
    assert running(tmp_path)  # its run is there still
    ended = threading.Event()

    def end() -> None:
        ended.set()
        os.kill(child, signal.SIGKILL)

    ending = threading.Timer(0.3, end)
    ending.start()
    with alone(tmp_path, DAY):
        assert ended.is_set()
    assert not running(tmp_path)
    ending.join()
    other.stdout.close()


def test_it_waits_for_a_run_that_does_not_end_only_so_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(book, "PATIENCE_S", 0.3)
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path), "60"], stdout=subprocess.PIPE, text=True
    )
    assert other.stdout
    child = int(other.stdout.readline())
    other.kill()
    other.wait()
    with pytest.raises(UsageError, match="runs already"), alone(tmp_path, DAY):
        pass
    subprocess.run(["kill", str(child)], check=True)
    other.stdout.close()
