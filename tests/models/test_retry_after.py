"""Retry-After in each of its forms, and back-off without it."""

from __future__ import annotations

import random
from email.utils import formatdate
from time import time

import pytest

from evalkit.errors import ModelError
from evalkit.model import CallAttempt
from evalkit.models.failure import AttemptError, retry_after_s
from evalkit.models.retry import RetryPolicy
from tests.models.calling import QUICK, ask, endpoint, model


async def test_seconds_are_kept_and_exceeded_by_a_tenth_at_most() -> None:
    seen: list[CallAttempt] = []
    async with endpoint("429 first=2 retry_after=0.3") as server, model(server.url) as m:
        await m.complete(ask(), seen.append)
    first, second, third = server.log.entries
    for earlier, later, attempt in ((first, second, seen[0]), (second, third, seen[1])):
        assert 0.3 <= attempt.waited_s <= 0.33
        assert later.started - earlier.ended >= 0.3


async def test_a_date_is_kept() -> None:
    seen: list[CallAttempt] = []
    async with endpoint("503 first=1 retry_after=date") as server, model(server.url) as m:
        await m.complete(ask(), seen.append)
    assert 1.0 <= seen[0].waited_s <= 2.2  # two seconds ahead, in whole seconds


async def test_a_day_is_refused_at_once_and_said() -> None:
    async with endpoint("429 retry_after=86400") as server, model(server.url) as m:
        with pytest.raises(ModelError, match="asks to wait 86400 s, more than the 120 s allowed") as caught:
            await m.complete(ask())
    assert caught.value.retryable
    assert server.log.stats.requests == 1


async def test_nonsense_is_ignored() -> None:
    async with endpoint("429 first=1 retry_after=soon") as server, model(server.url) as m:
        reply = await m.complete(ask())
    assert reply.attempts[0].waited_s <= QUICK.longest_wait_s


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "9", "retry-after-ms": "250"}, 0.25),
        ({"retry-after": "9", "retry-after-ms": "x"}, 9),
        # the server's clock is an hour ahead of ours: its own Date says what it means
        (
            {
                "retry-after": formatdate(time() + 3610, usegmt=True),
                "date": formatdate(time() + 3600, usegmt=True),
            },
            10,
        ),
        ({"retry-after": formatdate(time() - 60, usegmt=True)}, 0),
    ],
)
def test_the_forms_of_the_header(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(headers) == (seconds if seconds is None else pytest.approx(seconds, abs=1))


def test_back_off_doubles_up_to_its_limit_with_jitter() -> None:
    policy = RetryPolicy(first_wait_s=1, longest_wait_s=60)
    rng = random.Random(5)
    for attempt in range(1, 40):
        full = min(60, 2 ** (attempt - 1))
        waits = [policy.wait_s(AttemptError("x"), attempt, rng) for _ in range(50)]
        assert full / 2 <= min(waits) < max(waits) <= full
