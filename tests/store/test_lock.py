"""One writer a run, whatever happens to it."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evalkit.errors import StoreError
from evalkit.store import create_run, open_run, read_run
from tests.steady import attempts

from .runs import make_run

# Waits for a line, opens the run, says how that went, and holds it until its input ends.
TWIN = """
import sys, time
from evalkit.errors import StoreError
from evalkit.store import open_run
print("ready", flush=True)
sys.stdin.readline()
began = time.monotonic()
try:
    run = open_run(sys.argv[1])
    print("open", flush=True)
    sys.stdin.read()
except StoreError as error:
    print(f"refused after {time.monotonic() - began:.2f} s: {error.message}", flush=True)
"""


def twin(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", TWIN, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert said(process) == "ready"
    return process


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def tell(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(line)
    process.stdin.flush()


def race(folder: Path) -> None:
    twins = [twin(folder), twin(folder)]
    try:
        for process in twins:
            tell(process, "go\n")
        answers = [said(process) for process in twins]
        assert sorted(answer.split()[0] for answer in answers) == ["open", "refused"]
        winner = twins[answers[0] != "open"]
        refusal = answers[answers[0] == "open"]
        assert f"is in use by process {winner.pid} on {socket.gethostname()}" in refusal
        assert float(refusal.split()[2]) < 1
    finally:
        for process in twins:
            process.kill()
            process.communicate()


def test_of_two_that_start_at_once_one_is_refused(tmp_path: Path) -> None:
    make_run(tmp_path / "run", 4)
    for _ in range(3):
        for attempt in attempts():
            with attempt:
                race(tmp_path / "run")


@pytest.mark.full
def test_of_two_that_start_at_once_one_is_refused_fifty_times(tmp_path: Path) -> None:
    make_run(tmp_path / "run", 4)
    for _ in range(50):
        race(tmp_path / "run")


def test_the_lock_of_a_killed_owner_is_taken_over(tmp_path: Path) -> None:
    make_run(tmp_path / "run", 4)
    owner = twin(tmp_path / "run")
    tell(owner, "go\n")
    assert said(owner) == "open"
    with pytest.raises(StoreError, match=f"in use by process {owner.pid} on"):
        open_run(tmp_path / "run")
    owner.kill()
    owner.communicate()
    with open_run(tmp_path / "run") as store:
        assert len(store.state()) == 4


def test_the_name_of_a_dead_owner_is_never_told(tmp_path: Path) -> None:
    """The name of a killed owner stays in the file until the next one has written its own."""
    make_run(tmp_path / "run", 4)
    dead = subprocess.Popen(["true"])
    dead.wait()
    with (tmp_path / "run" / "lock").open("w") as held:
        json.dump({"pid": dead.pid, "host": socket.gethostname()}, held)
        held.flush()
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(StoreError, match="in use by another process"):
            open_run(tmp_path / "run")


def test_a_child_program_does_not_keep_the_lock(tmp_path: Path) -> None:
    store = create_run(tmp_path / "run", {}, [("T", 0)])
    child = subprocess.Popen(["sleep", "60"])
    try:
        store.close()
        open_run(tmp_path / "run").close()
    finally:
        child.kill()
        child.wait()


def test_the_same_process_is_refused_too_and_readers_are_not(tmp_path: Path) -> None:
    with create_run(tmp_path / "run", {}, [("T", 0)]):
        for attempt in attempts():
            with attempt:
                began = time.monotonic()
                with pytest.raises(StoreError, match=f"in use by process {os.getpid()} on"):
                    open_run(tmp_path / "run")
                with pytest.raises(StoreError, match=f"in use by process {os.getpid()} on"):
                    create_run(tmp_path / "run", {}, [])
                assert time.monotonic() - began < 1
        with read_run(tmp_path / "run") as reader:
            assert reader.plan == [("T", 0)]


def test_a_run_that_is_closed_twice_closes_no_file_of_anybody_else(tmp_path: Path) -> None:
    store = create_run(tmp_path / "run", {}, [("T", 0)])
    store.close()
    with (tmp_path / "other").open("w") as other:  # it may get the number that the lock had
        store.close()
        other.write("whole")
    assert (tmp_path / "other").read_text() == "whole"
