"""What a complete reply holds, over real HTTP: text, reasoning, reasons, usage, cost, who served it."""

from __future__ import annotations

from typing import Any

import pytest

from evalkit.endpoint.script import Scripted
from evalkit.model import Message, Request, Sampling, Usage
from evalkit.models.usage import Price
from evalkit.models.wire import Wire
from evalkit.task import Task
from tests.models.calling import ask, endpoint, model

both_ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


@both_ways
async def test_reasoning_is_stored_apart(stream: bool) -> None:
    said = Scripted("the answer", reasoning="first I think")
    async with endpoint(reply=said) as server, model(server.url, stream=stream) as m:
        reply = await m.complete(ask())
    assert (reply.text, reply.reasoning) == ("the answer", "first I think")
    assert reply.usage.reasoning_tokens == 3
    assert reply.usage.completion_tokens == 5


@both_ways
@pytest.mark.parametrize(
    ("inline_think", "text", "reasoning", "answer"),
    [
        (False, "<think>\nhm\n</think>\n\nanswer", "", "<think>\nhm\n</think>\n\nanswer"),
        (True, "<think>\nhm\n</think>\n\nanswer", "hm", "answer"),
        (True, "hm\n</think>\nanswer", "hm", "answer"),
        (True, "<think>never ends", "never ends", ""),
        (True, "x = '<think>'", "", "x = '<think>'"),
        (True, "plain", "", "plain"),
    ],
)
async def test_inline_thoughts_are_split_only_where_the_catalog_says_so(
    stream: bool, inline_think: bool, text: str, reasoning: str, answer: str
) -> None:
    async with (
        endpoint(reply=text) as server,
        model(server.url, stream=stream, inline_think=inline_think) as m,
    ):
        reply = await m.complete(ask())
    assert (reply.reasoning, reply.text) == (reasoning, answer)


@both_ways
@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("stop", "stop"),
        ("eos_token", "stop"),
        ("MAX_TOKENS", "length"),
        ("SAFETY", "content_filter"),
        ("tool_use", "stop"),  # there are none
        ("something_new", "something_new"),
    ],
)
async def test_finish_reasons_are_kept_in_one_vocabulary(stream: bool, given: str, kept: str) -> None:
    async with (
        endpoint(reply=Scripted("x", finish_reason=given)) as server,
        model(server.url, stream=stream) as m,
    ):
        assert (await m.complete(ask())).finish_reason == kept


@both_ways
async def test_a_refusal_is_told_apart(stream: bool) -> None:
    async with (
        endpoint(reply=Scripted(None, refusal="I will not")) as server,
        model(server.url, stream=stream) as m,
    ):
        reply = await m.complete(ask())
    assert (reply.text, reply.finish_reason) == ("I will not", "refusal")


@both_ways
async def test_a_tool_call_without_text_is_complete(stream: bool) -> None:
    calls = ({"name": "bash", "arguments": {"cmd": "ls"}},)
    async with (
        endpoint(reply=Scripted(None, tool_calls=calls)) as server,
        model(server.url, stream=stream) as m,
    ):
        reply = await m.complete(ask())
    assert (reply.text, reply.finish_reason) == ("", "tool_calls")


@both_ways
async def test_cost_by_price_or_by_the_providers_word(stream: bool) -> None:
    price = Price(input=2.0, output=10.0, cached_input=0.5)
    usage: dict[str, Any] = {"prompt_tokens": 1000, "completion_tokens": 100}
    cached = {**usage, "prompt_tokens_details": {"cached_tokens": 400}}
    for given, cost in [(usage, 0.003), (cached, 0.0024), ({**usage, "cost": 0.5}, 0.5)]:
        async with (
            endpoint(reply=Scripted("x", usage=given)) as server,
            model(server.url, stream=stream, price=price) as m,
        ):
            reply = await m.complete(ask())
        assert reply.usage.cost == pytest.approx(cost)
        assert reply.raw_usage == given


@both_ways
async def test_absurd_usage_is_unknown_and_kept_raw(stream: bool) -> None:
    async with (
        endpoint("badusage") as server,
        model(server.url, stream=stream, price=Price(1, 1)) as m,
    ):
        reply = await m.complete(ask())
    assert reply.usage == Usage()
    assert reply.raw_usage["prompt_tokens"] == -5


async def test_a_spoilt_attempt_tells_what_it_was_billed() -> None:
    async with endpoint("nofinish first=1") as server, model(server.url, price=Price(1e6, 1e6)) as m:
        reply = await m.complete(ask("one two three"))
    assert [a.usage.cost for a in reply.attempts] == [4.0, 4.0]


@both_ways
async def test_who_answered_is_kept(stream: bool) -> None:
    async with endpoint() as server, model(server.url, stream=stream) as m:
        reply = await m.complete(ask())
    assert reply.served_model == "m"
    assert reply.fingerprint == "fp_scripted"
    assert reply.request_id.startswith("call-")
    assert reply.wall_s > 0
    assert (reply.first_token_s is not None) == stream


@both_ways
async def test_a_prompt_goes_to_the_completions_endpoint(stream: bool) -> None:
    async with endpoint(echo=True) as server, model(server.url, stream=stream) as m:
        reply = await m.complete(Request(Task("t", {}), 0, prompt="def f():\n    return 1"))
    assert reply.text == "def f():\n    return 1"
    assert server.log.entries[0].path == "/v1/completions"


async def test_all_sampling_goes_into_the_body() -> None:
    sampling = Sampling(
        temperature=0.0,
        top_p=0.9,
        top_k=20,
        repetition_penalty=1.05,
        presence_penalty=0.1,
        frequency_penalty=0.2,
        max_tokens=7,
        seed=3,
        stop=("\ndef",),
        reasoning_effort="high",
        extra_body={"chat_template_kwargs": {"enable_thinking": False}},
    )
    async with endpoint() as server, model(server.url) as m:
        await m.complete(ask("q", sampling=sampling))
    assert server.bodies[0] == {
        "model": "m",
        "messages": [{"role": "user", "content": "q"}],
        "temperature": 0.0,
        "top_p": 0.9,
        "top_k": 20,
        "repetition_penalty": 1.05,
        "presence_penalty": 0.1,
        "frequency_penalty": 0.2,
        "max_tokens": 7,
        "seed": 3,
        "stop": ["\ndef"],
        "reasoning_effort": "high",
        "chat_template_kwargs": {"enable_thinking": False},
    }


async def test_unset_sampling_comes_from_the_model_and_else_is_not_sent() -> None:
    async with endpoint() as server, model(server.url, sampling=Sampling(temperature=0.7, top_p=0.8)) as m:
        await m.complete(ask("q", sampling=Sampling(temperature=0.2)))
    assert server.bodies[0]["temperature"] == 0.2
    assert server.bodies[0]["top_p"] == 0.8
    assert "seed" not in server.bodies[0]


async def test_a_prefill_is_continued_where_the_server_needs_to_be_told() -> None:
    messages = (Message("user", "q"), Message("assistant", "```python\n"))
    wire = Wire("m", prefill="continue-final-message")
    async with endpoint() as server, model(server.url, wire=wire) as m:
        await m.complete(Request(Task("t", {}), 0, messages))
        await m.complete(ask("no prefill"))
    with_prefill, without = server.bodies
    assert with_prefill["messages"][-1] == {"role": "assistant", "content": "```python\n"}
    assert with_prefill["continue_final_message"] is True
    assert with_prefill["add_generation_prompt"] is False
    assert "continue_final_message" not in without


async def test_samples_are_calls_of_their_own_and_attempts_are_not() -> None:
    async with endpoint("500 first=1") as server, model(server.url) as m:
        await m.complete(ask(sample=0))
        await m.complete(ask(sample=1))
    assert [entry.attempt for entry in server.log.entries] == [1, 2, 1, 2]
    assert len({entry.key for entry in server.log.entries}) == 2


async def test_a_closed_model_can_be_used_again() -> None:
    async with endpoint() as server, model(server.url) as m:
        await m.complete(ask())
        await m.close()
        assert (await m.complete(ask())).text == "right"
