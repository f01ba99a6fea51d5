"""Jobs with megabytes of tests: few of them are on their way at once, and none waits for ever."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from evalkit.sandbox import open_program_sandbox, pair
from tests.sandbox.asking import check

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="session")]

LONG = "assert candidate(5) == 5\n#" + "x" * (1 << 20)
SLOW = "import time\ndef f(n):\n    time.sleep(0.2)\n    return n"


async def test_no_more_bytes_are_carried_than_fit_and_all_jobs_come_through(
    docker_engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pair, "CARRIED", 3 << 20)
    sandbox = await open_program_sandbox(judges=4, run_label="carried")
    carried = []
    try:
        jobs = [asyncio.create_task(check(sandbox, SLOW, LONG)) for _ in range(12)]
        while not all(job.done() for job in jobs):
            carried.append(sandbox._pair.carried)
            await asyncio.sleep(0.01)
        assert [job.result().status for job in jobs] == ["passed"] * 12
        assert (3 << 20) < max(carried) < (5 << 20)  # the last one that is let in may be of any size
        assert sandbox._pair.carried == 0
        # those that wait for room when the pair breaks go on in the next one
        jobs = [asyncio.create_task(check(sandbox, SLOW, LONG)) for _ in range(8)]
        await asyncio.sleep(0.1)
        await asyncio.to_thread(docker_engine.api.kill, sandbox._pair.made.judge)
        assert [said.status for said in await asyncio.gather(*jobs)] == ["passed"] * 8
    finally:
        await sandbox.close()
