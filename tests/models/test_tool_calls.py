"""Function calls over real HTTP, whole and streamed: what is sent, what is read, what is sent back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from evalkit.endpoint.script import Scripted
from evalkit.errors import ContextExceeded
from evalkit.model import Message, Request, Sampling, Tool, ToolCall
from evalkit.models.history import NO_ANSWER, sendable
from evalkit.models.stream import CallParts
from evalkit.models.wire import Wire
from evalkit.task import Task
from tests.models.calling import KEY, ask, endpoint, model

both_ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
ADD = Tool("add", "Adds.", {"type": "object", "properties": {"a": {"type": "integer"}}})
NOW = Tool("now", "Tells the time.")


def asked(*messages: Message, tools: tuple[Tool, ...] = (ADD, NOW), number: int = 0) -> Request:
    return Request(Task("t/1", {}), 0, messages or (Message("user", "q"),), tools=tools, number=number)


async def calls_of(stream: bool, *scripted: Any, **more: Any) -> tuple[tuple[ToolCall, ...], str]:
    async with (
        endpoint(reply=Scripted(None, tool_calls=scripted, **more)) as server,
        model(server.url, stream=stream) as m,
    ):
        reply = await m.complete(asked())
    return reply.tool_calls, reply.finish_reason


async def test_tools_are_sent_as_functions_each_with_a_schema() -> None:
    async with endpoint() as server, model(server.url) as m:
        await m.complete(asked())
        await m.complete(ask("none"))
    first, second = server.bodies
    assert first["tools"] == [
        {
            "type": "function",
            "function": {"name": "add", "description": "Adds.", "parameters": ADD.parameters},
        },
        {
            "type": "function",
            "function": {
                "name": "now",
                "description": "Tells the time.",
                "parameters": {"type": "object", "properties": {}},
            },
        },
    ]
    assert "tools" not in second


@both_ways
async def test_calls_come_with_name_id_and_arguments(stream: bool) -> None:
    arguments = {"a": 1, "text": "two words\nand é \u202e"}
    calls, finish = await calls_of(
        stream, {"name": "add", "arguments": arguments}, {"name": "now", "id": "x"}
    )
    assert [(c.id, c.name) for c in calls] == [("call_0", "add"), ("x", "now")]
    assert json.loads(calls[0].arguments) == arguments
    assert calls[1].arguments == "{}"
    assert finish == "tool_calls"


@both_ways
@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ('{"a": 1', '{"a": 1'),  # cut: the world says so
        ("not json", "not json"),
        ("", "{}"),
        ("  ", "{}"),
        ("[1, 2]", "[1, 2]"),
    ],
)
async def test_arguments_stay_as_the_model_wrote_them(stream: bool, given: str, kept: str) -> None:
    calls, _ = await calls_of(stream, {"name": "add", "arguments": given})
    assert [call.arguments for call in calls] == [kept]


@both_ways
async def test_arguments_that_are_an_object_become_its_text(stream: bool) -> None:
    calls, _ = await calls_of(stream, {"name": "add", "arguments": {"a": 1}, "as": "object"})
    assert calls == (ToolCall("call_0", "add", '{"a": 1}'),)


@both_ways
async def test_ids_that_are_missing_or_twice_there_are_given(stream: bool) -> None:
    calls, _ = await calls_of(
        stream,
        {"name": "a", "id": None},
        {"name": "b", "id": "x"},
        {"name": "c", "id": "x"},
        {"name": "d", "id": ""},
    )
    assert [c.name for c in calls] == ["a", "b", "c", "d"]
    assert [c.id for c in calls] == ["call00000", "x", "call00001", "call00002"]


@pytest.mark.parametrize("ids", [("x", "y"), (None, None)], ids=["with-ids", "without"])
@pytest.mark.parametrize("index", [None, 0], ids=["no-index", "all-0"])
async def test_streamed_calls_without_an_index_of_their_own(ids: tuple[Any, Any], index: Any) -> None:
    scripted = [
        {"name": name, "id": id, "index": index, "arguments": {name: 1}}
        for name, id in zip("ab", ids, strict=True)
    ]
    calls, _ = await calls_of(True, *scripted)
    if index == 0 and ids == (
        None,
        None,
    ):  # nothing tells the two apart: better one broken call than two guesses
        assert len(calls) == 1
        return
    assert [(c.name, c.arguments) for c in calls] == [("a", '{"a": 1}'), ("b", '{"b": 1}')]
    assert len({c.id for c in calls}) == 2


def test_pieces_that_repeat_name_and_id_are_one_call() -> None:
    parts = CallParts()
    for text in ('{"a"', ": 1}"):
        parts.add([{"index": 0, "id": "x", "function": {"name": "add", "arguments": text}}])
    assert parts.whole() == (ToolCall("x", "add", '{"a": 1}'),)


def test_pieces_of_two_calls_may_come_in_turns() -> None:
    parts = CallParts()
    parts.add([{"index": i, "id": f"x{i}", "function": {"name": "add", "arguments": ""}} for i in range(2)])
    for text in ('{"a"', ": 1}"):
        parts.add([{"index": i, "function": {"arguments": text}} for i in (1, 0)])
    assert parts.whole() == (ToolCall("x0", "add", '{"a": 1}'), ToolCall("x1", "add", '{"a": 1}'))


@pytest.mark.parametrize(
    "pieces", [None, "text", [None, 3, "x"], [{"function": None}], [{"function": {"name": 3}}]]
)
def test_pieces_of_any_shape_are_taken(pieces: Any) -> None:
    parts = CallParts()
    parts.add(pieces)
    assert all((call.name, call.arguments) == ("", "{}") for call in parts.whole())


@both_ways
async def test_what_is_there_decides_not_the_finish_reason(stream: bool) -> None:
    calls, finish = await calls_of(stream, {"name": "now"}, finish_reason="stop")
    assert (len(calls), finish) == (1, "tool_calls")
    calls, finish = await calls_of(stream, finish_reason="tool_calls")
    assert (calls, finish) == ((), "stop")
    calls, finish = await calls_of(stream, {"name": "now"}, finish_reason="length")
    assert (len(calls), finish) == (1, "length")


@both_ways
async def test_a_limit_cuts_arguments_too(stream: bool) -> None:
    said = Scripted(
        "first some words", tool_calls=({"name": "add", "arguments": '{"text": "one two three"}'},)
    )
    request = Request(
        Task("t", {}), 0, (Message("user", "q"),), sampling=Sampling(max_tokens=5), tools=(ADD,)
    )
    async with endpoint(reply=said) as server, model(server.url, stream=stream) as m:
        reply = await m.complete(request)
    assert (reply.text, reply.finish_reason) == ("first some words", "length")
    assert [call.arguments for call in reply.tool_calls] == ['{"text": "one']
    assert reply.usage.completion_tokens == 5


@both_ways
async def test_a_stream_cut_in_mid_call_is_no_reply(stream: bool) -> None:
    said = Scripted(None, tool_calls=({"name": "add", "arguments": {"text": "one two three four"}},))
    async with endpoint("close first=1", reply=said) as server, model(server.url, stream=stream) as m:
        reply = await m.complete(asked())
    assert [a.error != "" for a in reply.attempts] == [True, False]
    assert json.loads(reply.tool_calls[0].arguments) == {"text": "one two three four"}


@both_ways
async def test_the_key_is_in_no_part_of_a_call(stream: bool) -> None:
    calls, _ = await calls_of(stream, {"name": KEY, "id": KEY, "arguments": {"a": KEY}})
    assert KEY not in repr(calls)
    assert "[key removed]" in calls[0].arguments


# -- sent back -------------------------------------------------------------------------------------

BROKEN = (
    ToolCall("1", "add", '{"a": 1'),
    ToolCall("2", "add", "[1]"),
    ToolCall("3", "add", '{"a": NaN}'),
    ToolCall("4", "no such tool\n", ""),
    ToolCall("5", "", '{"a": 1}'),
)


async def test_a_strict_server_takes_back_whatever_a_model_wrote() -> None:
    """The endpoint checks as the strictest servers do (evalkit/endpoint/strict.py)."""
    answers = tuple(Message("tool", f"seen {call.id}", tool_call_id=call.id) for call in BROKEN)
    conversation = (
        Message("user", "q"),
        Message("assistant", "", BROKEN),
        *answers[:-1],  # the last one is not answered
        Message("user", "go on"),
        Message("assistant", "", (ToolCall("1", "add", "{}"),)),  # an id that stood there before
        Message("tool", "", tool_call_id="1"),
        Message("tool", "of a call that was cut away", tool_call_id="gone"),
        Message("assistant", ""),
        Message("user", "and on"),
    )
    async with endpoint() as server, model(server.url) as m:
        assert (await m.complete(asked(*conversation))).text == "right"
    sent = server.bodies[0]["messages"]
    functions = [call["function"] for call in sent[1]["tool_calls"]]
    assert [f["arguments"] for f in functions] == [
        json.dumps({"not_an_object": '{"a": 1'}),
        json.dumps({"not_an_object": "[1]"}),
        json.dumps({"not_an_object": '{"a": NaN}'}),
        "{}",
        '{"a": 1}',
    ]
    assert [f["name"] for f in functions] == ["add", "add", "add", "no_such_tool_", "_"]
    assert [m["content"] for m in sent[2:7]] == ["seen 1", "seen 2", "seen 3", "seen 4", NO_ANSWER]
    assert sent[8]["tool_calls"][0]["id"] == sent[9]["tool_call_id"] == "call00000"
    assert (sent[10]["role"], sent[10]["content"]) == ("user", "of a call that was cut away")
    assert sent[11] == {"role": "assistant", "content": ""}


async def test_thoughts_go_back_only_to_servers_that_insist_on_them() -> None:
    thought = Message("assistant", "", (ToolCall("1", "now"),), reasoning="what time is it")
    conversation = (Message("user", "q"), thought, Message("tool", "12", tool_call_id="1"))
    plain = (Message("user", "q"), Message("assistant", "a", reasoning="hm"), Message("user", "and?"))
    for field, sent in [("", None), ("reasoning_content", "what time is it")]:
        wire = Wire("m", reasoning_field=field)
        async with endpoint() as server, model(server.url, wire=wire) as m:
            await m.complete(asked(*conversation, Message("assistant", "noon"), Message("user", "and now?")))
            await m.complete(asked(*plain, tools=()))
        messages = server.bodies[0]["messages"]
        assert messages[1].get("reasoning_content") == sent
        assert messages[3].get("reasoning_content") == (None if sent is None else ""), (
            "in each of the model's"
        )
        assert "reasoning_content" not in repr(server.bodies[1])


def test_text_beside_calls_is_kept_and_blanks_are_null() -> None:
    call = ToolCall("1", "now")
    for text, sent in [("I look.", "I look."), ("", None), (" \n", None)]:
        assert sendable((Message("assistant", text, (call,)),))[0]["content"] == sent


def test_a_conversation_without_tools_is_sent_as_it_is() -> None:
    messages = (Message("system", "s"), Message("user", ""), Message("assistant", " "))
    assert sendable(messages) == [{"role": m.role, "content": m.content} for m in messages]


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "tool", "content": "x", "tool_call_id": "1"}],
        [{"role": "user", "content": "x"}, {"role": "assistant", "content": None}],
        [{"role": "assistant", "tool_calls": [], "content": None}],
        [
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "1", "type": "function", "function": {"name": "a", "arguments": "{}"}}],
            }
        ],
    ],
)
async def test_the_endpoint_refuses_what_strict_servers_refuse(messages: list[dict[str, Any]]) -> None:
    import aiohttp

    async with endpoint() as server, aiohttp.ClientSession() as session:
        response = await session.post(
            f"{server.url}/chat/completions", json={"model": "m", "messages": messages}
        )
        assert response.status == 400
        assert "messages" in await response.text() or "tool call" in await response.text()


async def test_a_second_call_of_a_rollout_that_asks_the_same_has_a_key_of_its_own() -> None:
    async with endpoint() as server, model(server.url, salt="run") as m:
        for number in (0, 1, 1):
            await m.complete(asked(number=number))
    first, second, again = (entry.key for entry in server.log.entries)
    assert first != second
    assert second == again


async def test_a_prompt_beyond_the_endpoints_context_is_refused_and_not_billed() -> None:
    async with endpoint(context=5) as server, model(server.url) as m:
        await m.complete(ask("just five words, not more"))
        with pytest.raises(ContextExceeded, match="maximum context length is 5 tokens"):
            await m.complete(ask("but these are six words now"))
    assert [entry.billed for entry in server.log.entries] == [True, False]
