"""A storm of faults: every call ends right or as an error, no wrong text, all attempts accounted for."""

from __future__ import annotations

import asyncio

import pytest

from evalkit.errors import ModelError
from evalkit.model import CallAttempt
from evalkit.models.retry import RetryPolicy
from tests.models.calling import ask, endpoint, model

CALLS = 300
IN_FLIGHT = 32
STORM = [
    "429 p=0.10 retry_after=0.01",
    "500 p=0.05",
    "reset p=0.05",
    "cut p=0.05",
    "close p=0.03",
    "truncate p=0.03",
    "empty p=0.03",
    "html p=0.03",
    "error200 p=0.03",
    "nofinish p=0.03",
]
RETRY = RetryPolicy(max_attempts=8, first_wait_s=0.01, longest_wait_s=0.05)


async def storm(seed: int, calls: int, stream: bool) -> None:
    attempts: list[CallAttempt] = []
    async with (
        endpoint(*STORM, echo=True, seed=seed) as server,
        model(server.url, stream=stream, concurrency=IN_FLIGHT, retry=RETRY, seed=seed) as m,
    ):

        async def call(i: int) -> bool:
            try:
                reply = await m.complete(ask(f"answer {i} of {calls}"), attempts.append)
            except ModelError:
                return False
            assert reply.text == f"answer {i} of {calls}"
            assert reply.finish_reason == "stop"
            return True

        right = sum(await asyncio.gather(*(call(i) for i in range(calls))))
    stats = server.log.stats
    faults = sum(stats.faults.values())
    assert right >= 0.99 * calls  # eight attempts at 0.36 fail once in 3,500
    assert faults > 0.2 * calls
    assert stats.max_active <= IN_FLIGHT
    assert stats.requests == len(attempts) == calls + faults - (calls - right)
    assert stats.completed_again == 0
    assert stats.outcomes["complete"] == right
    # the tokens that the attempts report are those that the endpoint sent with complete replies
    assert sum(a.usage.completion_tokens or 0 for a in attempts if not a.error) == sum(
        e.completion_tokens for e in server.log.entries if e.outcome == "complete"
    )


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_a_storm_makes_no_wrong_answer(stream: bool) -> None:
    await storm(1, CALLS, stream)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(1, 21))
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_ten_thousand_calls_in_the_storm(seed: int, stream: bool) -> None:
    await storm(seed, 500, stream)
