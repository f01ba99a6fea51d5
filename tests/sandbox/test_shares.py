"""Limits count effective time: beside others that take the cores, nobody loses time that is its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio

from evalkit.program import Job, Judgement, Limits
from evalkit.sandbox import open_program_sandbox
from evalkit.sandbox.inside.evalkit_judge.share import UNKNOWN, Times, Window
from evalkit.sandbox.inside.places import OVERDUE, RUNNING, WAITING, room
from evalkit.sandbox.rights import OLD, OLD_S, Rights
from tests.sandbox.asking import CHECK
from tests.steady import steady

CORES = len(os.sched_getaffinity(0))
TEST = "def check(candidate):\n    assert candidate(5) == 5"
SPINS = "def f(n):\n    while True: pass"
SLEEPS = "import time\ndef f(n): time.sleep(60)"


def works(seconds: float) -> str:
    """A right program that needs so much of a core."""
    return f"import time\ndef f(n):\n    while time.process_time() < {seconds}: pass\n    return n"


def job(program: str, wall_s: float, gold: str = "", share_s: float | None = None) -> Job:
    task = {"test": TEST, "entry_point": "f", "helpers": "", "text": ""}
    limits = Limits(wall_s=wall_s, cpu_s=30.0, memory_bytes=1 << 30, share_s=share_s)
    return Job(program, CHECK, task, limits, gold=gold)


def test_effective_time_leaves_out_waiting_and_counts_all_processes() -> None:
    began = Times(10.0)
    assert Times(13.0, waited_s=2.5).effective_s(began) == 0.5
    assert Times(13.0, waited_s=9.0).effective_s(began) == 0.0
    assert Times(13.0, waited_s=2.9, cpu_s=4.0).effective_s(began) == 4.0  # of many processes


def test_a_window_gives_what_is_missing_of_the_share() -> None:
    window = Window(Times(10.0), allowed_s=3.0)
    assert window.missing_s(Times(13.0, waited_s=2.8, cpu_s=0.2), 0.5) == pytest.approx(0.3)
    assert window.missing_s(Times(13.4, waited_s=2.8, cpu_s=0.6), 0.5) == 0.0
    assert window.had_s == pytest.approx(0.6)
    assert Window(Times(10.0), 0.2).missing_s(Times(10.2), 0.5) == 0.0  # a share within the limit only
    unknown = Window(Times(10.0, 1.0, UNKNOWN), allowed_s=1.0)
    assert unknown.missing_s(Times(11.0, waited_s=1.9, cpu_s=7.0), 0.5) == pytest.approx(0.4)
    assert unknown.missing_s(Times(11.3, waited_s=1.9, cpu_s=7.0), 0.5) == pytest.approx(0.1)
    assert unknown.missing_s(Times(11.4, waited_s=1.9, cpu_s=7.0), 0.5) == 0.0


def test_sleeping_and_overdue_programs_leave_room() -> None:
    assert not room([RUNNING] * 3, 3, 67)
    assert room([RUNNING] * 2 + [WAITING] * 60, 3, 67)
    assert not room([RUNNING] * 2 + [WAITING] * 65, 3, 67)
    assert room([OVERDUE] * 9 + [RUNNING] * 2, 3, 67)
    assert not room([OVERDUE] * 10 + [RUNNING] * 2, 3, 67)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def small(docker_engine: Any) -> AsyncIterator[Any]:
    opened = await open_program_sandbox(judges=2, run_label="shares")
    yield opened
    await opened.close()


async def beside(
    sandbox: Any, crowd: list[Job], honest: list[Job]
) -> tuple[list[Judgement], list[Judgement]]:
    """Judge all at once, the crowd in first."""
    said = await asyncio.gather(*(sandbox.judge(one) for one in (*crowd, *honest)))
    return said[: len(crowd)], said[len(crowd) :]


@pytest.mark.docker
@pytest.mark.asyncio(loop_scope="module")
async def test_sleepers_take_no_place_from_others(small: Any) -> None:
    """Twenty programs that sleep for 4 s beside one another: two at a time would take 40 s."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    crowd, honest = await beside(small, [job(SLEEPS, 4.0)] * 20, [job(works(0.05), 4.0)] * 5)
    assert {one.status for one in crowd} == {"timeout"}
    assert {one.status for one in honest} == {"passed"}
    assert loop.time() - started < 35


@pytest.mark.docker
@pytest.mark.asyncio(loop_scope="module")
@steady
async def test_nobody_is_ended_before_half_a_second_of_its_own(small: Any) -> None:
    crowd, honest = await beside(
        small, [job(SPINS, 1.0, share_s=0.5)] * 8, [job(works(0.3), 1.0, share_s=0.5)] * 4
    )
    assert {one.status for one in crowd} == {"timeout"}
    assert min(one.measured["had_s"] for one in crowd) > 0.498  # a millisecond is near enough
    assert {one.status for one in honest} == {"passed"}


@pytest.mark.docker
@pytest.mark.asyncio(loop_scope="module")
@steady
async def test_waiting_that_is_not_over_is_no_effective_time(docker_engine: Any) -> None:
    """Overdue ones get next to nothing beside those that start, for seconds: they had no more than they used."""
    opened = await open_program_sandbox(judges=3 * CORES, run_label="waiting")
    try:
        said, _ = await beside(opened, [job(SPINS, 2.0, share_s=0.5)] * (6 * CORES), [])
    finally:
        await opened.close()
    for one in said:
        assert one.measured["had_s"] < one.measured["cpu_s"] + 0.5


@pytest.mark.docker
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("spinning", [4, pytest.param(8, marks=pytest.mark.full)])
@steady
async def test_what_gold_takes_gives_a_right_to_twenty_times_as_much(small: Any, spinning: int) -> None:
    """Limit 1.5 s; gold takes 0.06 s. An answer that needs 0.9 s keeps its pass beside spinning ones."""
    gold = works(0.06)
    _, honest = await beside(small, [job(SPINS, 1.5, gold)] * spinning, [job(works(0.9), 1.5, gold)] * 2)
    assert {one.status for one in honest} == {"passed"}


@pytest.mark.docker
@pytest.mark.asyncio(loop_scope="module")
@steady
async def test_where_late_programs_are_rare_each_has_all_of_its_limit(docker_engine: Any) -> None:
    """Gold takes next to nothing, so that the share is half a second; the crowd has a right to all of its limit."""
    opened = await open_program_sandbox(judges=2, run_label="rare")
    try:
        slow = job(works(0.9), 1.3, gold="def f(n): return n")
        crowd, honest = await beside(opened, [job(SPINS, 1.3)] * 4, [slow])
    finally:
        await opened.close()
    assert {one.status for one in crowd} == {"timeout"}
    assert honest[0].status == "passed"


@pytest.mark.full
@pytest.mark.docker
@pytest.mark.asyncio(loop_scope="module")
@steady
async def test_strict_limits_lose_no_honest_program(docker_engine: Any) -> None:
    strict = await open_program_sandbox(judges=2, run_label="strict", strict_limits=True)
    try:
        fast = "def f(n): return n"
        crowd, honest = await beside(strict, [job(SPINS, 1.5, fast)] * 6, [job(works(1.2), 1.5, fast)] * 4)
    finally:
        await strict.close()
    assert {one.status for one in honest} == {"passed"}
    assert min(one.measured["had_s"] for one in crowd) > 1.49


@pytest.mark.docker
@pytest.mark.asyncio(loop_scope="module")
@steady
async def test_a_program_cannot_win_time_by_starving_itself(small: Any) -> None:
    """Its own children take every core, so that its first process waits: their CPU time counts as its own."""
    crowd = "import os\nfor _ in range(40):\n    if os.fork() == 0:\n        while True: pass\ndef f(n):\n    while True: pass"
    said = await small.judge(job(crowd, 1.0, share_s=0.5))
    assert said.status == "timeout"
    assert said.measured["wall_s"] < 20


def late(had_s: float, allowed_s: float = 3.0) -> Judgement:
    return Judgement("timeout", measured={"had_s": had_s, "allowed_s": allowed_s})


async def _gold_takes(seconds: float) -> Callable[[Job], Awaitable[float]]:
    async def measure(gold: Job) -> float:
        assert gold.program == gold.gold
        return seconds

    return measure


@pytest.mark.asyncio
async def test_a_second_try_is_granted_what_the_first_had_a_right_to_and_no_more() -> None:
    rights = Rights(False, await _gold_takes(0.05))
    slow = job(SPINS, 3.0, gold="def f(n): return n")
    assert rights.share_s(slow) == 0.5
    with contextlib.ExitStack() as others:
        for _ in range(OLD + 1):
            others.enter_context(rights.running())
        await asyncio.sleep(OLD_S + 0.05)  # that many that run for so long: late ones are not rare
        assert await rights.denied_s(slow, late(0.6), beside=True) == pytest.approx(1.0)  # 20 times gold's
        assert await rights.denied_s(slow, late(1.0), beside=True) is None
        assert await rights.denied_s(slow, late(2.8), beside=True) is None  # nearly all of the limit
        assert await rights.denied_s(job(SPINS, 3.0, share_s=0.7), late(0.6), beside=True) == 0.7


@pytest.mark.asyncio
async def test_late_programs_are_rare_until_there_are_some() -> None:
    rights = Rights(False, await _gold_takes(0.001))
    slow = job(SPINS, 3.0, gold="def f(n): return n")
    granted = [await rights.denied_s(slow, late(0.6), beside=True) for _ in range(4)]
    assert granted == [3.0, 3.0, None, None]
    for _ in range(200):
        with rights.running():
            pass
    assert await rights.denied_s(slow, late(0.6), beside=True) == 3.0
