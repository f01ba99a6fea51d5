"""tests/steady.py forgives a failure where the machine stood still, and no other."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time

import pytest

from tests import steady
from tests.conftest import REPOSITORY
from tests.steady import most_in_a_second

STOPPED = """
import os, subprocess
from tests.steady import steady
tries = []
@steady
def stands_still_once():
    tries.append(1)
    if len(tries) == 1:
        subprocess.run(["sh", "-c", f"kill -STOP {os.getpid()}; sleep 0.5; kill -CONT {os.getpid()}"])
    assert len(tries) > 1
stands_still_once()
print(len(tries))
"""


def fails(times: int, seen: list[int]) -> None:
    seen.append(len(seen))
    assert len(seen) > times


def stolen(monkeypatch: pytest.MonkeyPatch, much: float) -> None:
    """Each look finds that the host has taken so much more."""
    taken = iter(n * much for n in range(100_000))
    monkeypatch.setattr(steady, "stolen_s", lambda core: next(taken))
    monkeypatch.setattr(steady, "LOOK_S", 0.001)


def test_a_failure_while_the_machine_goes_on_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steady, "STOOD_S", 1e9)
    seen: list[int] = []
    with pytest.raises(AssertionError):
        steady.steady(fails)(1, seen)
    assert seen == [0]


def test_one_while_it_stood_still_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(times: int, seen: list[int]) -> None:
        time.sleep(0.02)
        fails(times, seen)

    stolen(monkeypatch, 0.3)
    seen: list[int] = []
    with pytest.warns(UserWarning, match="tried again"):
        steady.steady(slow)(2, seen)
    assert seen == [0, 1, 2]


def test_a_machine_that_stands_still_is_known_without_the_kernels_count() -> None:
    """To a process that was stopped for half a second, it did."""
    done = subprocess.run([sys.executable, "-c", STOPPED], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.stdout == "2\n", done.stderr
    assert "tried again" in done.stderr


async def test_it_is_not_tried_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow(times: int, seen: list[int]) -> None:
        await asyncio.sleep(0.02)
        fails(times, seen)

    stolen(monkeypatch, 0.3)
    seen: list[int] = []
    with pytest.warns(UserWarning, match="tried again"), pytest.raises(AssertionError) as failed:
        await steady.steady(slow)(99, seen)
    assert seen == list(range(steady.TRIES))
    assert "tries left: 0" in failed.value.__notes__[0]


def test_other_errors_are_never_forgiven(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks() -> None:
        time.sleep(0.02)
        raise LookupError

    stolen(monkeypatch, 0.3)
    with pytest.raises(LookupError):
        steady.steady(breaks)()


def test_what_is_lost_adds_up_within_a_second() -> None:
    assert most_in_a_second([]) == 0.0
    assert most_in_a_second([(1.0, 0.1), (1.5, 0.2), (1.9, 0.1), (9.0, 0.3)]) == pytest.approx(0.4)
    assert most_in_a_second([(float(n), 0.1) for n in range(0, 20, 2)]) == pytest.approx(0.1)


def test_steal_is_read_where_the_kernel_counts_it() -> None:
    assert steady.stolen_s(0) >= 0.0
    assert steady.stolen_s(10**6) == 0.0
