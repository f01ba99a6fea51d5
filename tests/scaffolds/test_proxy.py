"""The model as a local server: what agents ask over real HTTP, and what becomes of what they do wrong."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import openai
import pytest

from evalkit.endpoint.script import Scripted
from evalkit.errors import ModelError
from evalkit.interaction import Budget
from tests.scaffolds.proxying import MESSAGES, Scene, stage

TOOL = {
    "type": "function",
    "function": {"name": "run", "description": "Runs.", "parameters": {"type": "object", "properties": {}}},
}
CALLS = Scripted("so", tool_calls=({"name": "run", "arguments": {"a": 1}},), reasoning="hm")


async def test_a_reply_with_calls_comes_whole_and_in_a_stream(tmp_path: Path) -> None:
    async with stage(tmp_path, reply=CALLS) as at, at.scene() as scene:
        whole = (await scene.ask(tools=[TOOL], temperature=0, max_tokens=9)).choices[0]
        assert whole.finish_reason == "tool_calls"
        assert whole.message.content == "so"
        assert whole.message.reasoning_content == "hm"
        assert json.loads(whole.message.tool_calls[0].function.arguments) == {"a": 1}
        text, arguments = "", ""
        usage: Any = None
        async for chunk in await scene.ask(tools=[TOOL], stream=True, stream_options={"include_usage": True}):
            usage = chunk.usage or usage
            for choice in chunk.choices:
                text += choice.delta.content or ""
                for call in choice.delta.tool_calls or ():
                    arguments += call.function.arguments
        assert (text, json.loads(arguments)) == ("so", {"a": 1})
        assert usage.completion_tokens > 0
        assert scene.proxy.meter.turns == 2
        body = at.server.bodies[0]
        assert body["tools"][0]["function"]["name"] == "run"
        assert body["temperature"] == 0.5, "the run's sampling counts, not the agent's"
        assert scene.proxy.facts()["agent_settings"] == {"temperature": "0", "max_tokens": "9"}


async def test_a_conversation_with_tools_goes_through_with_ids_of_its_own(tmp_path: Path) -> None:
    """The endpoint, as some servers, counts each reply's calls from call_0; it refuses an id used twice."""
    async with stage(tmp_path, reply=CALLS) as at, at.scene() as scene:
        messages: list[Any] = [
            {"role": "developer", "content": [{"type": "text", "text": "be good"}]},
            {"role": "user", "content": [{"type": "text", "text": "look"}, {"type": "image_url"}]},
        ]
        ids = set()
        for _ in range(3):
            said = (await scene.ask(messages, tools=[TOOL])).choices[0].message
            ids.add(said.tool_calls[0].id)
            messages.append(said.model_dump(exclude_none=True))
            messages.append({"role": "tool", "tool_call_id": said.tool_calls[0].id, "content": "1"})
        assert len(ids) == 3
        roles = [message["role"] for message in at.server.bodies[-1]["messages"]]
        assert roles == ["system", "user", "assistant", "tool", "assistant", "tool"]
        assert "image_url" in at.server.bodies[-1]["messages"][1]["content"]


@pytest.mark.parametrize(
    ("budget", "end"),
    [
        (Budget(turns=2), "turns"),
        (Budget(tokens=2), "tokens"),
        (Budget(money=0.5), "money"),
    ],
)
async def test_over_budget_it_refuses_and_says_why(tmp_path: Path, budget: Budget, end: str) -> None:
    said = Scripted("yes", usage={"prompt_tokens": 5, "completion_tokens": 1, "cost": 0.25})
    async with stage(tmp_path, reply=said) as at, at.scene(budget) as scene:
        await scene.ask()
        assert (await scene.ask()).usage.cost == 0.25
        assert not scene.proxy.over.is_set(), "the agent may still work with what it was told"
        with pytest.raises(openai.PermissionDeniedError, match=end):
            await scene.ask()
        assert scene.proxy.over.is_set()
        assert scene.proxy.ended == end
        scene.proxy.check()
        assert len(at.server.bodies) == 2, "no call is paid after the end"


async def test_its_time_is_up_while_the_agent_works(tmp_path: Path) -> None:
    async with stage(tmp_path) as at, at.scene(Budget(wall_s=0.3)) as scene:
        await asyncio.wait_for(scene.proxy.over.wait(), 30)
        assert scene.proxy.ended == "agent_timeout"
        with pytest.raises(openai.PermissionDeniedError):
            await scene.ask()


async def test_a_context_that_is_full_is_told_and_is_the_end_where_nothing_follows(tmp_path: Path) -> None:
    async with stage(tmp_path, context=5) as at, at.scene() as scene:
        long = [{"role": "user", "content": "word " * 20}]
        with pytest.raises(openai.BadRequestError, match="maximum context") as e:
            await scene.ask(long)
        assert e.value.code == "context_length_exceeded"
        assert scene.proxy.ended == "context"
        await scene.ask()
        assert scene.proxy.ended == "stop", "it shortened its conversation and went on"
        for _ in range(11):
            with pytest.raises(openai.BadRequestError):
                await scene.ask(long)
        assert scene.proxy.end == "context"


async def test_a_reply_that_was_cut_is_the_end_where_nothing_follows(tmp_path: Path) -> None:
    async with stage(tmp_path, reply=Scripted("half", finish_reason="length")) as at, at.scene() as scene:
        assert (await scene.ask()).choices[0].finish_reason == "length"
        assert scene.proxy.ended == "truncated"


async def test_what_breaks_behind_it_is_not_the_models_doing(tmp_path: Path) -> None:
    async with stage(tmp_path, "500") as at, at.scene() as scene:
        with pytest.raises(openai.InternalServerError, match="cannot be asked"):
            await scene.ask()
        assert scene.proxy.over.is_set()
        with pytest.raises(ModelError):
            scene.proxy.check()
        asked = len(at.server.bodies)
        with pytest.raises(openai.PermissionDeniedError):
            await scene.ask()
        assert len(at.server.bodies) == asked


async def test_who_leaves_and_asks_again_gets_the_reply_that_was_paid(tmp_path: Path) -> None:
    async with stage(tmp_path, reply=Scripted("slow", delay_s=0.5)) as at, at.scene() as scene:
        for stream in (False, True):
            with pytest.raises(openai.APITimeoutError):
                await scene.ask(stream=stream, timeout=0.2)
            if stream:
                said = "".join([c.choices[0].delta.content or "" async for c in await scene.ask(stream=True)])
            else:
                said = (await scene.ask()).choices[0].message.content
            assert said == "slow"
        assert len(at.server.bodies) == 2
        assert scene.proxy.meter.turns == 2


async def test_equal_requests_at_once_are_calls_of_their_own(tmp_path: Path) -> None:
    async with stage(tmp_path, reply=Scripted("x", delay_s=0.2)) as at, at.scene() as scene:
        await asyncio.gather(*(scene.ask() for _ in range(3)))
        assert len(at.server.bodies) == 3


BAD: list[Any] = [
    b"{",
    b"[]",
    b"[" * 100_000,
    {},
    {"messages": []},
    {"messages": "hello"},
    {"messages": [{"role": "boss", "content": "x"}]},
    {"messages": [{"role": "user", "content": 3}]},
    {"messages": [{"role": "user", "content": [3]}]},
    {"messages": [{"role": "assistant", "tool_calls": [{}]}]},
    {"messages": MESSAGES, "tools": {}},
    {"messages": MESSAGES, "tools": [{"type": "function"}]},
    {"messages": MESSAGES, "stop": [1]},
    {"messages": MESSAGES, "n": 2},
]


async def test_what_is_no_request_is_refused_and_a_flood_of_it_is_the_end(tmp_path: Path) -> None:
    async with stage(tmp_path) as at, at.scene() as scene, aiohttp.ClientSession() as session:
        url = f"{scene.proxy.base_url}/chat/completions"

        async def post(data: Any, key: str = scene.proxy.key, to: str = url) -> int:
            sent = data if isinstance(data, bytes) else json.dumps(data).encode()
            async with session.post(to, data=sent, headers={"Authorization": f"Bearer {key}"}) as answer:
                assert "error" in await answer.json()
                return answer.status

        assert [await post(bad) for bad in BAD] == [400] * len(BAD)
        assert await post({"messages": MESSAGES}, key="guessed") == 401
        assert await post({"messages": MESSAGES}, to=scene.proxy.base_url + "/messages") == 404
        assert (await scene.ask()).choices[0].message.content == "right"
        while not scene.proxy.over.is_set():
            await post(b"{")
        assert scene.proxy.line.refused == 100
        assert scene.proxy.ended == "malformed"
        assert len(at.server.bodies) == 1


async def two_turns(scene: Scene, seen: str = "1") -> list[str]:
    """A small agent: what it was answered."""
    first = (await scene.ask()).choices[0].message.content
    more = [*MESSAGES, {"role": "assistant", "content": first}, {"role": "user", "content": seen}]
    return [first, (await scene.ask(more)).choices[0].message.content]


async def test_a_second_try_is_answered_from_the_record(tmp_path: Path) -> None:
    async with stage(tmp_path) as at:
        async with at.scene(Budget(turns=3)) as scene:
            told = await two_turns(scene)
        async with at.scene(Budget(turns=3)) as scene:
            assert await two_turns(scene) == told
            assert scene.proxy.meter.turns == 2
            assert len(at.server.bodies) == 2
            await scene.ask()
            assert len(at.server.bodies) == 3
            with pytest.raises(openai.PermissionDeniedError):
                await scene.ask()


def conversation(day: str, *seen: str) -> list[Any]:
    """As an agent's program makes it: what it tells of itself and of its tools is never quite the same."""
    messages: list[Any] = [{"role": "system", "content": f"You are good.\nIt is {day}.\nWork on."}, *MESSAGES]
    for text in seen:
        messages += [{"role": "assistant", "content": "right"}, {"role": "user", "content": f"seen {text}"}]
        messages += [{"role": "assistant", "content": "right"}, {"role": "tool", "content": text}]
    return messages


async def test_who_asks_the_same_in_other_words_is_answered_from_the_record(tmp_path: Path) -> None:
    async with stage(tmp_path) as at:
        async with at.scene() as scene:
            for seen in ((), ("1.2 s",), ("1.2 s", "pid 7")):
                await scene.ask(conversation("Monday", *seen))
        async with at.scene() as scene:
            for seen in ((), ("1.3 s",), ("1.3 s", "pid 9")):
                await scene.ask(conversation("Tuesday", *seen))
            assert len(at.server.bodies) == 3
            assert scene.rollout.differences == 3
            await scene.ask(conversation("Tuesday", "1.3 s", "pid 9", "new"))
            assert len(at.server.bodies) == 4
        log = [event for r, _ in at.store.rollouts("t/1", 0) for event in at.store.events(r)]
        told = [event.payload for event in log if event.kind == "request_difference"]
        assert [(t["number"], t["recorded"], t["messages"]) for t in told] == [
            (0, 0, [0]),
            (1, 1, [0, 3, 5]),
            (2, 2, [0, 3, 5, 7, 9]),
        ]


async def test_calls_made_at_once_are_known_in_any_order(tmp_path: Path) -> None:
    async with stage(tmp_path) as at:
        for order in ("abc", "cab", "bca"):
            async with at.scene() as scene:
                for each in order:
                    await scene.ask([{"role": "user", "content": each}])
                assert scene.rollout.differences == 0
        assert len(at.server.bodies) == 3


async def test_who_takes_another_way_is_asked_anew_from_there_on(tmp_path: Path) -> None:
    """What the model said in this course of things must not follow from what it saw in another."""
    async with stage(tmp_path) as at:
        async with at.scene() as scene:
            for question in ("a", "b", "c"):
                await scene.ask([{"role": "user", "content": question}])
        for _ in range(2):  # a third try goes the second's way, at no cost
            async with at.scene() as scene:
                for question in ("a", "other", "c"):
                    await scene.ask([{"role": "user", "content": question}])
                last = scene.rollout.differences
        assert len(at.server.bodies) == 5
        assert last == 0


async def test_a_context_that_was_full_is_told_again_without_asking(tmp_path: Path) -> None:
    async with stage(tmp_path, context=5) as at:
        for i in range(2):
            async with at.scene() as scene:
                await scene.ask()
                with pytest.raises(openai.BadRequestError):
                    await scene.ask([{"role": "user", "content": f"{i} " + "word " * 20}])
                await scene.ask([{"role": "user", "content": "short"}])
        assert len(at.server.bodies) == 3
