"""The parser on hostile bodies: it either gives a complete reply or says why not; it never crashes."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.models.failure import AttemptError, error_words, is_context, one_line
from evalkit.models.parse import Parsed, parse_document
from evalkit.models.stream import Assembly, events
from evalkit.models.usage import Price, keep_raw, read_usage
from evalkit.store.codec import pack

GOOD: dict[str, Any] = {
    "id": "1",
    "model": "m",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hi"}}],
}
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def encoded(document: Any) -> bytes:
    return json.dumps(document).encode()


def test_a_plain_reply() -> None:
    assert parse_document(encoded(GOOD), chat=True).text == "hi"


def test_content_in_parts_is_joined() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "image"}, {"type": "text", "text": "b"}]
    choice = {"finish_reason": "stop", "message": {"content": parts}}
    assert parse_document(encoded({"choices": [choice]}), chat=True).text == "ab"


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({}, "no choices"),
        ([], "no JSON object"),
        ({"choices": None}, "no choices"),
        ({"choices": {}}, "no choices"),
        ({"choices": ["x"]}, "no choices"),
        ({"choices": [{"finish_reason": "stop"}]}, "no message"),
        ({"choices": [{"finish_reason": "stop", "message": None}]}, "no message"),
        ({"choices": [{"finish_reason": None, "message": {"content": "x"}}]}, "no finish_reason"),
        ({"choices": [{"message": {"content": "x"}}]}, "no finish_reason"),
        ({"choices": [{"finish_reason": "", "message": {"content": "x"}}]}, "no finish_reason"),
        ({"choices": [{"finish_reason": "abort", "message": {"content": "x"}}]}, "gave up"),
        ({"choices": [{"finish_reason": "error", "message": {"content": "x"}}]}, "gave up"),
        ({"choices": [{"finish_reason": "stop", "message": {"content": 3}}]}, "no text but int"),
        ({"choices": [{"error": {"message": "boom"}, "finish_reason": "stop"}]}, "boom"),
        ({**GOOD, "error": "overloaded"}, "overloaded"),
    ],
)
def test_what_is_no_complete_reply(document: Any, why: str) -> None:
    with pytest.raises(AttemptError, match=why):
        parse_document(encoded(document), chat=True)


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe{}", b"[" * 100_000, b"null", b"1" * 5000, b"<html>"])
def test_what_is_no_json_object(data: bytes) -> None:
    with pytest.raises(AttemptError):
        parse_document(data, chat=True)


@given(plain, st.sampled_from(["choices", "usage", "model", "error", "id"]))
def test_any_value_in_any_field_is_survived(value: Any, name: str) -> None:
    try:
        parsed = parse_document(encoded({**GOOD, name: value}), chat=True)
    except AttemptError:
        return
    assert parsed.text == "hi" or name == "choices"
    read_usage(parsed.usage, Price(1, 1))


@given(st.binary(max_size=200))
def test_any_bytes_are_survived(data: bytes) -> None:
    with pytest.raises(AttemptError):
        parse_document(data, chat=True)


@given(plain)
def test_any_usage_is_known_or_unknown_but_never_wrong(raw: Any) -> None:
    for value in (raw, {"prompt_tokens": raw, "completion_tokens": raw, "cost": raw}):
        usage = read_usage(value, Price(1, 1))
        for count in (usage.prompt_tokens, usage.completion_tokens, usage.cost):
            assert count is None or count >= 0


@pytest.mark.parametrize("absurd", [-1, 1.5, True, "12", None, 10**400, float("nan"), float("inf"), [], {}])
def test_an_absurd_count_is_unknown(absurd: Any) -> None:
    usage = read_usage({"prompt_tokens": absurd, "completion_tokens": 5}, Price(1, 1))
    assert (usage.prompt_tokens, usage.completion_tokens, usage.cost) == (None, 5, None)


# -- streams -------------------------------------------------------------------------------------------


async def streamed(data: bytes, cuts: list[int]) -> list[bytes]:
    async def chunks() -> AsyncIterator[bytes]:
        edges = sorted({0, len(data), *(c % (len(data) + 1) for c in cuts)})
        for start, end in itertools.pairwise(edges):
            yield data[start:end]

    return [event async for event in events(chunks())]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["lf", "crlf"])
async def test_events_are_found_however_the_bytes_are_cut(end: bytes) -> None:
    raw = [
        b": a comment",
        b"",
        b"event: x",
        b"data: one",
        b"",
        b"data:two",
        b"data: lines",
        b"",
        b"data: [DONE]",
    ]
    data = end.join(raw) + end
    for step in range(1, len(data)):
        assert await streamed(data, list(range(0, len(data), step))) == [b"one", b"two\nlines", b"[DONE]"]


def assembled(*chunks: Any) -> Parsed:
    assembly = Assembly(chat=True, started=0.0)
    for chunk in chunks:
        assembly.add(encoded(chunk))
    return assembly.parsed()


def delta(content: Any, finish: Any = None, index: int = 0) -> dict[str, Any]:
    return {"choices": [{"index": index, "delta": {"content": content}, "finish_reason": finish}]}


def test_a_stream_is_put_together() -> None:
    assert assembled(delta("a"), delta(None), delta("b", index=1), delta("c"), delta("", "stop")).text == "ac"


def test_a_stream_without_finish_reason_is_not_complete() -> None:
    with pytest.raises(AttemptError, match="no finish_reason"):
        assembled(delta("a"), delta("b"))


def test_an_error_in_a_stream_is_an_error() -> None:
    with pytest.raises(AttemptError, match="died"):
        assembled(delta("a"), {"error": {"message": "the engine died"}})


@given(st.lists(plain, max_size=4))
def test_any_chunks_are_survived(chunks: list[Any]) -> None:
    with pytest.raises(AttemptError):
        assembled(*chunks)


# -- errors --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": {"message": "m", "code": "c"}}, ("m", "c")),
        ({"error": {"message": "m", "code": None, "type": "t"}}, ("m", "t")),
        ({"error": "text"}, ("text", "")),
        ({"detail": [{"msg": "bad"}]}, ('[{"msg": "bad"}]', "")),
        ('{"message": "vllm", "code": 400}', ("vllm", "400")),
        ("<html>\n  502  </html>", ("<html> 502 </html>", "")),
        (None, ("", "")),
    ],
)
def test_the_words_of_an_error(body: Any, words: tuple[str, str]) -> None:
    assert error_words(body) == words


@pytest.mark.parametrize(
    ("message", "context"),
    [
        (
            "This model's maximum context length is 4096 tokens. Your messages resulted in 9000 tokens.",
            True,
        ),
        # only the asked-for max_tokens is too much: a wrong setting, not the model's doing
        (
            "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens "
            "(1000 in the messages, 4000 in the completion).",
            False,
        ),
        (
            "This model's maximum context length is 4096 tokens. However, you requested 9000 tokens "
            "(5000 in the messages, 4000 in the completion).",
            True,
        ),
        # vLLM 0.32, as it said it; the second for a text that it does not even count
        (
            "This model's maximum context length is 2048 tokens. However, your prompt contains at least"
            " 2049 input tokens, which exceeds this limit even without any output tokens. Please"
            " reduce the length of the"
            " input prompt. (parameter=input_tokens, value=2049)",
            True,
        ),
        (
            "This model's maximum context length is 2048 tokens. However, your prompt contains 90000"
            " characters (more than 40960 characters, which is the upper bound for 2048 input tokens).",
            True,
        ),
        (
            "max_tokens=5000 cannot be greater than max_model_len=2048. Please request fewer output tokens.",
            False,
        ),
        # SGLang 0.5.23, by its source
        ("The input (5000 tokens) is longer than the model's context length (4096 tokens).", True),
        (
            "Requested token count exceeds the model's maximum context length of 4096 tokens. You requested a"
            " total of 5000 tokens: 1000 tokens from the input messages and 4000 tokens for the completion.",
            False,
        ),
        ("prompt is too long: 210000 tokens > 200000 maximum", True),
        ("the request exceeds the available context size, try increasing it", True),
        ("Input is too long for requested model.", True),
        ("invalid temperature: only 1 is allowed for this model", False),
        ("max_tokens is too large: 5000. This model supports at most 4096 completion tokens", False),
    ],
)
def test_what_says_that_the_context_is_too_long(message: str, context: bool) -> None:
    assert is_context(message, "") is context


@given(st.text())
def test_one_line_is_one_printable_line(text: str) -> None:
    line = one_line(text)
    assert line.isprintable()
    assert len(line) <= 500


def test_usage_that_is_nested_without_end_costs_no_reply() -> None:
    """What the store cannot hold would end the whole run: a paid reply is worth more than odd usage."""
    body = encoded(GOOD)[:-1] + b', "usage": {"prompt_tokens": 3, "x": ' + b"[" * 900 + b"]" * 900 + b"}}"
    usage = parse_document(body, chat=True).usage
    assert pack(keep_raw(usage)).body == b"{}"
    assert read_usage(usage).prompt_tokens == 3
    nested = {"prompt_tokens_details": {"cached_tokens": 1}}
    assert keep_raw(nested) == nested
