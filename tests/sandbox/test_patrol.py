"""What process 1 of container A knows of the programs that run, and of what they waited for."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from evalkit.sandbox.inside import accounting, patrol
from evalkit.sandbox.inside.places import RUNNING, WAITING

CORES = len(os.sched_getaffinity(0))


def test_a_wait_that_goes_on_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    used, ready = [(0.6, 0.1)], [True]
    monkeypatch.setattr(patrol, "ran_s", lambda pid: used[0])
    monkeypatch.setattr(patrol, "is_ready", lambda pid: ready[0])
    beat = patrol.Beat(0.5)
    assert beat.stalled_s(0) == 0.0  # not looked at yet
    beat.look(0, patrol.TICK_S)
    time.sleep(0.05)
    beat.look(0, patrol.TICK_S)
    assert beat.stalled_s(0) >= 0.05
    ready[0] = False  # it sleeps: that is its own time
    assert beat.stalled_s(0) == 0.0
    used[0], ready[0] = (0.61, 0.2), True  # it had a core meanwhile, and the kernel has counted the wait
    assert beat.stalled_s(0) == 0.0


def test_a_wait_that_ends_while_it_is_asked_for_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program gets a core between two questions to the kernel: it had waited for 0.9 s, whatever the order."""
    for behind in range(4):  # so many questions
        monkeypatch.setattr(patrol, "is_ready", lambda pid: True)
        monkeypatch.setattr(patrol, "ran_s", lambda pid: (0.6, 0.1))
        beat = patrol.Beat(0.5)
        beat.look(0, patrol.TICK_S)
        beat.moved -= 0.9
        asked = iter(range(9))
        monkeypatch.setattr(patrol, "ran_s", lambda pid: (0.6, 0.1 if next(asked) < behind else 1.0))  # noqa: B023
        monkeypatch.setattr(patrol, "waited_s", lambda pid: 0.1 if next(asked) < behind else 1.0)  # noqa: B023
        assert beat.waited_s(0) == pytest.approx(1.0, abs=0.05)


STAT = "cpu  9 0 9 9 0 0 0 {} 0 0\ncpu0 5 0 5 5 0 0 0 {} 0 0\ncpu1 4 0 4 4 0 0 0 {} 0 0\nintr 1 2 3\n"


def test_what_the_host_takes_of_a_core_is_no_programs_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Since the first look; of the core that lost most, whichever the program was on."""
    stat, tick = tmp_path / "stat", os.sysconf("SC_CLK_TCK")
    monkeypatch.setattr(accounting, "Path", lambda path: stat if path == "/proc/stat" else Path(path))
    stat.write_text(STAT.format(7 * tick, 3 * tick, 4 * tick))
    beat = patrol.Beat(None)
    assert beat.robbed_s() == 0.0  # not looked at yet
    beat.look(os.getpid(), patrol.TICK_S)
    assert beat.robbed_s() == 0.0
    stat.write_text(STAT.format(9 * tick, 3 * tick + tick // 2, 5 * tick + tick // 2))
    assert beat.robbed_s() == 1.5
    stat.unlink()
    assert (accounting.taken_s(), beat.robbed_s()) == ((), 0.0)


def test_what_the_host_takes_is_read_for_each_core_of_this_machine() -> None:
    assert len(accounting.taken_s()) >= CORES
    assert min(accounting.taken_s()) >= 0.0


def test_a_program_that_changes_all_the_time_leaves_room_for_the_report_of_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A connection holds 278 messages that nobody has read."""
    used = iter(0.05 * (k - k // 2) for k in range(2000))  # on a core in every second tick
    monkeypatch.setattr(patrol, "ran_s", lambda pid: (next(used), 0.0))
    beat = patrol.Beat(40.0)
    told = [beat.state for _ in range(1500) if beat.look(0, patrol.TICK_S)]
    assert told[:4] == [WAITING, RUNNING] * 2
    assert len(told) < 150
    assert told[-1] == RUNNING
    assert patrol.Beat(0.1, used_s=0.0, told=1000).look(0, patrol.TICK_S)  # overdue is told always


def test_programs_are_looked_at_when_they_may_be_overdue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patrol, "ran_s", lambda pid: (0.48, 0.0))
    due, endless = patrol.Beat(0.5, used_s=0.43), patrol.Beat(None, used_s=0.43)
    assert not due.look(0, patrol.TICK_S)
    assert not endless.look(0, patrol.TICK_S)
    assert patrol.pause_s([endless]) == patrol.TICK_S
    assert patrol.pause_s([endless, due]) == pytest.approx(0.02)
    sleeping = patrol.Beat(0.5, used_s=0.48)
    assert sleeping.look(0, patrol.TICK_S)
    assert patrol.pause_s([sleeping]) == patrol.TICK_S  # it comes no nearer


@pytest.fixture
def neighbour() -> Iterator[int]:
    """Another process of this user."""
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process.pid
        process.kill()


def test_who_lowers_a_users_processes_stays_as_it_is(monkeypatch: pytest.MonkeyPatch, neighbour: int) -> None:
    """It acts as that user, and process 1 waits for it: lowered, both waited until no program wanted a core."""
    lowered: list[int] = []
    monkeypatch.setattr(os, "setpriority", lambda which, who, priority: None)
    monkeypatch.setattr(os, "sched_setscheduler", lambda thread, policy, how: lowered.append(thread))
    patrol.lower(os.geteuid())
    assert neighbour in lowered
    assert not {int(thread.name) for thread in Path("/proc/self/task").iterdir()} & set(lowered)
