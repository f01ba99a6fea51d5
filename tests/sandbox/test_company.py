"""Who runs beside whom: jobs together, one alone, and a late one tried again alone before that counts."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import pytest_asyncio

from evalkit.program import Job, Limits
from evalkit.sandbox import open_program_sandbox
from evalkit.sandbox.company import GATHER, Company
from tests.sandbox.asking import CHECK
from tests.steady import steady

TEST = "def check(candidate):\n    assert candidate(5) == 5"
CORES = len(os.sched_getaffinity(0))
AT_ONCE = 8 * CORES
SPINS = "def f(n):\n    while True: pass"


def job(program: str, wall_s: float, **limits: Any) -> Job:
    task = {"test": TEST, "entry_point": "f", "helpers": "", "text": ""}
    return Job(program, CHECK, task, Limits(wall_s=wall_s, cpu_s=30.0, memory_bytes=1 << 30, **limits))


def works(seconds: float) -> str:
    """A right program that needs so much of a core."""
    return f"import time\ndef f(n):\n    while time.process_time() < {seconds}: pass\n    return n"


class Watched:
    """What ran when: the most together, and whether anything ran beside one that wanted to be alone."""

    def __init__(self) -> None:
        self.company = Company()
        self.here: set[str] = set()
        self.most = 0
        self.order: list[str] = []

    @contextmanager
    def running(self, name: str) -> Iterator[None]:
        self.here.add(name)
        self.order.append(name)
        self.most = max(self.most, len(self.here))
        yield
        self.here.remove(name)

    async def together(self, name: str, turns: int = 3) -> bool:
        async with self.company.together() as visit:
            with self.running(name):
                for _ in range(turns):
                    await asyncio.sleep(0)
        return visit.beside

    async def alone(self, name: str) -> None:
        async with self.company.alone():
            with self.running(name):
                for _ in range(3):
                    assert self.here == {name}
                    await asyncio.sleep(0)


async def test_a_visit_knows_whether_others_were_there() -> None:
    watched = Watched()
    assert not await watched.together("a")
    assert await asyncio.gather(watched.together("a", 9), watched.together("b")) == [True, True]
    assert not await watched.together("c")


async def test_one_that_is_alone_waits_for_those_that_are_there_and_keeps_others_out() -> None:
    watched = Watched()
    names = ["a", "b"]
    first = [asyncio.ensure_future(watched.together(name)) for name in names]
    await asyncio.sleep(0)
    alone = asyncio.ensure_future(watched.alone("x"))
    await asyncio.sleep(0)
    early = asyncio.ensure_future(watched.together("c"))  # one waits only: others still come in
    await asyncio.gather(*first, early)
    late = asyncio.ensure_future(watched.together("d"))
    await asyncio.gather(alone, late)
    assert watched.order == ["a", "b", "c", "x", "d"]


async def test_where_many_want_to_be_alone_nobody_else_comes_in_before() -> None:
    watched = Watched()
    first = asyncio.ensure_future(watched.together("first", 9))
    await asyncio.sleep(0)
    alone = [asyncio.ensure_future(watched.alone(f"alone {n}")) for n in range(GATHER)]
    await asyncio.sleep(0)
    await asyncio.gather(watched.together("last"), first, *alone)
    assert watched.order == ["first", *(f"alone {n}" for n in range(GATHER)), "last"]


async def test_giving_up_leaves_no_door_shut() -> None:
    watched = Watched()
    first = asyncio.ensure_future(watched.together("first", 20))
    await asyncio.sleep(0)
    alone = [asyncio.ensure_future(watched.alone(f"alone {n}")) for n in range(GATHER + 1)]
    await asyncio.sleep(0)
    for one in alone:
        one.cancel()
    await asyncio.gather(*alone, return_exceptions=True)
    await asyncio.gather(first, watched.together("last"))
    await watched.alone("x")
    assert watched.order == ["first", "last", "x"]


async def test_giving_up_while_alone_lets_the_next_in() -> None:
    watched = Watched()
    one, two = (asyncio.ensure_future(watched.alone(name)) for name in ("one", "two"))
    await asyncio.sleep(0)
    one.cancel()
    await asyncio.gather(one, two, return_exceptions=True)
    assert watched.order[-1] == "two"
    await watched.together("last")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def crowded(docker_engine: Any) -> AsyncIterator[Any]:
    """More programs compute at once than there are cores."""
    opened = await open_program_sandbox(judges=AT_ONCE, run_label="company")
    yield opened
    await opened.close()


@pytest.mark.full
@pytest.mark.docker
@pytest.mark.asyncio(loop_scope="module")
@steady
async def test_no_limit_gives_way_by_more_than_the_job_allows(crowded: Any) -> None:
    """All of them have a right to 1 s of effective time, for which 1 s and 1 s more do not suffice."""
    jobs = [job(SPINS, 1.0, late_s=1.0, again_alone=True)] * (4 * CORES)
    for said in await asyncio.gather(*map(crowded.judge, jobs)):
        assert said.status == "timeout"
        assert said.measured["first_wall_s"] < 1.0 + 1.0 + 1.0
        assert said.measured["wall_s"] < 1.0 + 1.0 + 1.0


@pytest.mark.docker
@pytest.mark.asyncio(loop_scope="module")
@steady
async def test_what_was_late_beside_others_passes_alone_and_keeps_both_times(crowded: Any) -> None:
    jobs = [job(works(0.3), 2.0, late_s=0.2, again_alone=True)] * AT_ONCE
    said = await asyncio.gather(*map(crowded.judge, jobs))
    assert {one.status for one in said} == {"passed"}
    again = [one for one in said if "first_wall_s" in one.measured]
    assert again
    for one in again:
        assert one.measured["first_wall_s"] >= 2.0 > one.measured["wall_s"]
        assert one.measured["first_cpu_s"] > 0


@pytest.mark.docker
@pytest.mark.asyncio(loop_scope="module")
async def test_what_was_late_alone_is_not_tried_again(crowded: Any) -> None:
    said = await crowded.judge(job(SPINS, 0.5, again_alone=True))
    assert said.status == "timeout"
    assert "first_wall_s" not in said.measured
