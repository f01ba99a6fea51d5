"""LiveCodeBench's limits, on real programs: no test runs on for long, the global limit ends in a verdict."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import os
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from evalkit.outcome import Outcome
from evalkit.program import Job, Judgement, ProgramSandbox
from evalkit.registry import open_suite
from evalkit.sandbox import open_program_sandbox
from evalkit.task import Answer, Verdict
from tests.parity.livecodebench.problems import own
from tests.steady import steady

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="module")]

CORES = len(os.sched_getaffinity(0))
PAST_S = 5.0  # that a test may run past its limit
SPINS = "input()\nwhile True: pass"
READS_ON = "while True:\n    try:\n        input()\n    except Exception:\n        pass"
# a second for each of the first two tests: together more than LIMIT_S, each by itself less
SLOW = "import time\nn = int(input())\nif n in (2, 3): time.sleep(1.0)\nprint(sum(map(int, input().split())))"
LIMIT_S = 1.6
METHOD = "class Solution:\n    def evens(self, xs):\n        while True: pass"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def crowded(docker_engine: Any) -> AsyncIterator[ProgramSandbox]:
    """Four times as many programs compute at once as there are cores."""
    opened = await open_program_sandbox(judges=4 * CORES, run_label="lcb-limits", trusted=True)
    yield opened
    await opened.close()


async def score(sandbox: Any, task_id: str, program: str, **options: Any) -> Verdict:
    suite = open_suite("livecodebench", options)
    [task] = suite.tasks([own()[task_id]])
    return await suite.score(task, Answer(program, "solution"), sandbox)


def full(*values: Any) -> Any:
    return pytest.param(*values, marks=pytest.mark.full)


@pytest.mark.parametrize(
    ("scorer", "times"),
    [("real", 1.5), full("real", 4.0), full("lcb-2025-05", 3.0), full("lcb-2025-01", 3.0)],
)
@steady
async def test_no_test_runs_for_long_past_its_limit_beside_others(
    crowded: ProgramSandbox, scorer: str, times: float
) -> None:
    """`times` as many programs as there are cores, each of which wants one."""
    kinds = itertools.cycle([("total", SPINS), ("total", READS_ON), ("evens", METHOD)])
    programs = list(itertools.islice(kinds, max(3, int(times * CORES))))
    asked = (score(crowded, *one, scorer=scorer, timeout=1.0) for one in programs)
    for verdict in await asyncio.gather(*asked):
        assert (verdict.outcome, verdict.reason) == (Outcome.FAILED, "timeout")
        assert verdict.official == ("" if scorer == "real" else "-3")
        assert [test.name for test in verdict.tests] == ["test 1"]
        assert max(verdict.measured["first_wall_s"], verdict.measured["wall_s"]) < 1.0 + PAST_S


@dataclasses.dataclass
class Hurried:
    """The sandbox, with so little time for a job as a whole."""

    sandbox: ProgramSandbox
    wall_s: float

    async def judge(self, job: Job) -> Judgement:
        limits = dataclasses.replace(job.limits, wall_s=self.wall_s)
        return await self.sandbox.judge(dataclasses.replace(job, limits=limits))


@steady
async def test_the_global_limit_ends_in_a_verdict(crowded: ProgramSandbox) -> None:
    verdict = await score(Hurried(crowded, LIMIT_S), "total", SLOW)
    assert (verdict.outcome, verdict.reason, verdict.official) == (Outcome.FAILED, "timeout", "-5")
    assert [test.status for test in verdict.tests] == ["passed", "timeout"]
    assert (await score(crowded, "total", SLOW)).outcome is Outcome.PASSED
