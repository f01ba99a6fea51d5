"""What the transport asks of the process: open files, connections, the collector."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys

import pytest

from evalkit.endpoint.timing import Latency
from evalkit.models.api import OpenAIModel
from evalkit.models.transport import YOUNG_OBJECTS, calm_collector
from tests.models.calling import ask, endpoint, model

# What a process with these limits of open files prints when it opens a transport. None raises the hard one.
LIMITED = """
import resource
from evalkit.models.secret import Secret
from evalkit.models.transport import Transport
for limits in ((256, 4096), (2000, 4096), (256, 512)):
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    try:
        Transport("http://127.0.0.1:1/v1", Secret("none"), 1000, 1.0)
        print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    except Exception as e:
        print(type(e).__name__, e)
"""


def test_the_limit_of_open_files_follows_the_concurrency() -> None:
    done = subprocess.run([sys.executable, "-c", LIMITED], capture_output=True, text=True, check=True)
    raised, kept, refused = done.stdout.split("\n", 2)
    assert (raised, kept) == ("1128", "2000")
    assert refused.startswith("UsageError 1000 calls in flight need 1128 open files, the limit is 512")
    assert "ulimit -n" in refused


async def test_more_than_a_hundred_calls_are_in_flight() -> None:
    """aiohttp's own pool ends at 100 connections, and would queue the rest unseen."""
    async with (
        endpoint(latency=Latency("fixed", (600,))) as server,
        model(server.url, concurrency=150, request_timeout_s=600) as m,
    ):
        calls = [asyncio.create_task(call(m, i)) for i in range(150)]
        async with asyncio.timeout(60):
            while server.log.stats.max_active < 150:  # noqa: ASYNC110  (the endpoint has no event for it)
                await asyncio.sleep(0.01)
        assert m.limiter.peak == 150
        for each in calls:
            each.cancel()
        await asyncio.gather(*calls, return_exceptions=True)


async def call(m: OpenAIModel, i: int) -> str:
    return (await m.complete(ask(str(i)))).text


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_connections_are_used_again(stream: bool) -> None:
    async with endpoint() as server, model(server.url, stream=stream) as m:
        for i in range(5):
            await m.complete(ask(str(i)))
        assert len(server.peers) == 1


def test_the_collector_is_calmed_but_never_switched_on() -> None:
    before = gc.get_threshold()
    try:
        for given, expected in (((700, 10, 10), YOUNG_OBJECTS), ((0, 10, 10), 0), ((50_000, 5, 5), 50_000)):
            gc.set_threshold(*given)
            calm_collector()
            assert gc.get_threshold() == (expected, *given[1:])
    finally:
        gc.set_threshold(*before)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_one_at_a_time_is_kept(stream: bool) -> None:
    async with endpoint() as server, model(server.url, stream=stream, concurrency=1) as m:
        await asyncio.gather(*(m.complete(ask(str(i))) for i in range(10)))
    assert server.log.stats.max_active == 1
