"""The limiter: never more than allowed, lower after 429, back again, nobody forgotten."""

from __future__ import annotations

import asyncio
import random
from time import monotonic

import pytest

from evalkit.endpoint.timing import Latency
from evalkit.models.limiter import AdaptiveLimiter
from evalkit.models.retry import RetryPolicy
from tests.models.calling import ask, endpoint, model


async def test_first_come_first_served_and_never_more_than_the_limit() -> None:
    limiter = AdaptiveLimiter(3)
    order: list[int] = []

    async def call(i: int) -> None:
        async with limiter:
            order.append(i)
            assert limiter.in_flight <= 3
            await asyncio.sleep(0)

    await asyncio.gather(*(call(i) for i in range(20)))
    assert order == list(range(20))
    assert (limiter.peak, limiter.in_flight) == (3, 0)


async def test_a_burst_of_429s_counts_once() -> None:
    limiter = AdaptiveLimiter(100)
    sent = monotonic()
    for _ in range(50):
        limiter.throttled(sent)
    assert limiter.limit == 80
    limiter.throttled(monotonic())
    assert limiter.limit == 64


async def test_never_below_one_and_never_above_the_set_limit() -> None:
    limiter = AdaptiveLimiter(5)
    for _ in range(100):
        limiter.throttled(monotonic())
    assert limiter.limit == 1
    for _ in range(1000):
        limiter.succeeded()
    assert limiter.limit == 5
    with pytest.raises(ValueError, match="lets nothing through"):
        AdaptiveLimiter(0)


async def test_it_rises_by_about_one_in_a_round_of_successes() -> None:
    limiter = AdaptiveLimiter(100)
    while limiter.limit > 20:
        limiter.throttled(monotonic())
    low = limiter.limit
    for _ in range(low):
        limiter.succeeded()
    assert low <= limiter.limit <= low + 1


async def test_a_lowered_limit_holds_back_those_who_wait() -> None:
    limiter = AdaptiveLimiter(10)
    for _ in range(10):
        await limiter.__aenter__()
    waiting = asyncio.create_task(limiter.__aenter__())
    await asyncio.sleep(0)
    limiter.throttled(monotonic())  # 8 from now on
    await limiter.__aexit__()
    await asyncio.sleep(0)
    assert not waiting.done()
    await limiter.__aexit__()
    await limiter.__aexit__()
    await asyncio.wait_for(waiting, 1)
    assert limiter.in_flight == 8


@pytest.mark.parametrize("seed", range(20))
async def test_cancelled_callers_lose_no_place(seed: int) -> None:
    """Whatever is cancelled, and whenever: in the end nothing is in flight and the next one gets in."""
    rng = random.Random(seed)
    limiter = AdaptiveLimiter(2)

    async def call() -> None:
        async with limiter:
            for _ in range(rng.randrange(4)):
                await asyncio.sleep(0)

    tasks = [asyncio.create_task(call()) for _ in range(30)]
    for _ in range(40):
        await asyncio.sleep(0)
        rng.choice(tasks).cancel()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert limiter.in_flight == 0
    await asyncio.wait_for(call(), 1)


async def test_a_server_with_less_room_is_found_out_without_losing_a_call() -> None:
    """The server takes 4 at once, 64 may be in flight: the limit comes down, and every call is answered."""
    retry = RetryPolicy(max_attempts=100, first_wait_s=0.02, longest_wait_s=0.1)
    limits: list[int] = []
    async with (
        endpoint(echo=True, capacity=4, latency=Latency("fixed", (0.02,))) as server,
        model(server.url, concurrency=64, retry=retry) as m,
    ):

        async def call(i: int) -> str:
            reply = await m.complete(ask(f"question {i}"), lambda _: limits.append(m.limiter.limit))
            return reply.text

        texts = await asyncio.gather(*(call(i) for i in range(120)))
    assert texts == [f"question {i}" for i in range(120)]
    assert min(limits) <= 16
    assert max(limits) == 64
    assert server.log.stats.max_active <= 64
    assert server.log.stats.faults["429"] > 0
