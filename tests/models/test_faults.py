"""Every fault over real HTTP: retried and then right, or an error; all attempts told; never a wrong text."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest

from evalkit.errors import ContextExceeded, ModelError
from evalkit.model import CallAttempt
from evalkit.models.retry import RetryPolicy
from tests.models.calling import KEY, QUICK, ask, endpoint, model

BROKEN = [
    "408",
    "409",
    "429",
    "500",
    "502",
    "503",
    "529",
    "reset",
    "cut",
    "close",
    "truncate",
    "empty",
    "nofinish",
    "html",
    "error200",
    "stall s=0.05",
]
REFUSED = ["400", "401", "403", "404", "422", "402", "413"]
both_ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


@both_ways
@pytest.mark.parametrize("fault", BROKEN)
async def test_a_broken_attempt_is_retried_and_then_right(fault: str, stream: bool) -> None:
    seen: list[CallAttempt] = []
    async with endpoint(f"{fault} first=2") as server, model(server.url, stream=stream) as m:
        reply = await m.complete(ask(), seen.append)
    assert reply.text == "right"
    assert reply.finish_reason == "stop"
    assert len(seen) == len(reply.attempts) == server.log.stats.requests == 3
    assert tuple(seen) == reply.attempts
    assert all(attempt.error and attempt.waited_s > 0 for attempt in seen[:2])
    assert seen[2].error == ""
    assert seen[2].status == 200


@both_ways
@pytest.mark.parametrize("fault", BROKEN)
async def test_a_fault_that_stays_ends_as_an_error(fault: str, stream: bool) -> None:
    seen: list[CallAttempt] = []
    async with endpoint(fault) as server, model(server.url, stream=stream) as m:
        with pytest.raises(ModelError, match="given up after 4 attempts") as caught:
            await m.complete(ask(), seen.append)
    assert caught.value.retryable
    assert len(seen) == server.log.stats.requests == 4
    assert seen[-1].waited_s == 0


@both_ways
@pytest.mark.parametrize("fault", REFUSED)
async def test_a_refused_request_is_not_sent_again(fault: str, stream: bool) -> None:
    seen: list[CallAttempt] = []
    async with endpoint(fault) as server, model(server.url, stream=stream) as m:
        with pytest.raises(ModelError, match=f"HTTP {fault}: scripted fault {fault}") as caught:
            await m.complete(ask(), seen.append)
    assert not caught.value.retryable
    assert caught.value.hint
    assert not isinstance(caught.value, ContextExceeded)
    assert [attempt.status for attempt in seen] == [int(fault)]
    assert server.log.stats.requests == 1


@both_ways
async def test_too_long_a_context_is_told_apart(stream: bool) -> None:
    async with endpoint("context") as server, model(server.url, stream=stream) as m:
        with pytest.raises(ContextExceeded):
            await m.complete(ask())
    assert server.log.stats.requests == 1


@both_ways
@pytest.mark.parametrize(("fault", "reason"), [("length", "length"), ("content_filter", "content_filter")])
async def test_what_the_model_did_is_kept_with_its_reason(fault: str, reason: str, stream: bool) -> None:
    async with endpoint(fault, reply="one two three four") as server, model(server.url, stream=stream) as m:
        reply = await m.complete(ask())
    assert reply.text == "one two"
    assert reply.finish_reason == reason
    assert server.log.stats.requests == 1


@both_ways
async def test_null_content_is_an_empty_answer(stream: bool) -> None:
    async with endpoint("null") as server, model(server.url, stream=stream) as m:
        reply = await m.complete(ask())
    assert (reply.text, reply.finish_reason) == ("", "stop")
    assert server.log.stats.requests == 1


@both_ways
async def test_a_slow_drip_arrives_whole(stream: bool) -> None:
    async with endpoint("drip s=0.001") as server, model(server.url, stream=stream) as m:
        assert (await m.complete(ask())).text == "right"


@both_ways
async def test_a_drip_that_never_ends_is_cut_by_the_timeout(stream: bool) -> None:
    """Bytes keep coming, so that no read ever times out: only the whole request's limit helps."""
    retry = dataclasses.replace(QUICK, max_attempts=2)
    async with (
        endpoint("drip s=0.2", reply="word " * 100) as server,
        model(server.url, stream=stream, request_timeout_s=0.5, retry=retry) as m,
    ):
        with pytest.raises(ModelError, match="no complete reply within"):
            await m.complete(ask())


@both_ways
async def test_odd_characters_come_through(stream: bool) -> None:
    async with endpoint("surrogate") as server, model(server.url, stream=stream) as m:
        reply = await m.complete(ask())
    assert reply.text == "right\ud835\x00\udfff\u202e"


async def test_lone_surrogates_in_a_request_do_not_break_it() -> None:
    async with endpoint(echo=True) as server, model(server.url) as m:
        assert (await m.complete(ask("a\ud835b \U0001d54f"))).text == "a\ufffdb \U0001d54f"


@both_ways
async def test_another_model_in_the_reply_is_recorded(stream: bool) -> None:
    async with endpoint("wrongmodel") as server, model(server.url, stream=stream) as m:
        assert (await m.complete(ask())).served_model == "some-other-model"


@both_ways
async def test_a_body_beyond_the_cap_is_an_error(stream: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evalkit.models.transport.MAX_BODY_BYTES", 1 << 20)
    async with endpoint("huge mb=2") as server, model(server.url, stream=stream) as m:
        with pytest.raises(ModelError, match="larger than 1 MiB"):
            await m.complete(ask())
    assert server.log.stats.requests == 1


async def test_no_server_is_an_error_that_names_the_url() -> None:
    async with endpoint() as server:
        url = server.url
    async with model(url) as m:
        with pytest.raises(ModelError, match="given up after 4 attempts") as caught:
            await m.complete(ask())
    assert url in caught.value.hint


@both_ways
async def test_the_key_is_in_no_error_and_no_attempt(stream: bool) -> None:
    seen: list[CallAttempt] = []
    async with endpoint("echokey") as server, model(server.url, stream=stream) as m:
        with pytest.raises(ModelError, match="unknown key: Bearer") as caught:
            await m.complete(ask(), seen.append)
        shown = [str(caught.value), repr(caught.value), repr(seen), repr(m.describe()), repr(vars(m))]
    assert "THE_KEY" in caught.value.hint
    assert not any(KEY in text for text in shown)


async def test_the_key_is_in_no_reply() -> None:
    async with endpoint(echo=True) as server, model(server.url) as m:
        assert (await m.complete(ask(f"a {KEY} b"))).text == "a [key removed] b"


async def test_a_cancelled_call_ends_at_once_and_is_told() -> None:
    seen: list[CallAttempt] = []
    async with endpoint("stall s=60") as server, model(server.url) as m:
        call = asyncio.create_task(m.complete(ask(), seen.append))
        while not server.log.stats.requests:  # noqa: ASYNC110  (the endpoint has no event for it)
            await asyncio.sleep(0.01)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(asyncio.shield(call), 5)
        assert m.limiter.in_flight == 0
    assert [attempt.error for attempt in seen] == ["interrupted"]


async def test_a_call_ends_by_its_deadline() -> None:
    retry = RetryPolicy(max_attempts=100, deadline_s=0.3, first_wait_s=0.1, longest_wait_s=0.1)
    seen: list[CallAttempt] = []
    async with endpoint("500") as server, model(server.url, retry=retry) as m:
        with pytest.raises(ModelError, match="exceed the 0 s"):
            await m.complete(ask(), seen.append)
    assert len(seen) <= 7
    assert len(seen) > 1 or seen[0].wall_s > 0.2
    assert sum(a.wall_s + a.waited_s for a in seen[:-1]) < 0.3, "none is begun later"
    assert seen[-1].waited_s == 0
