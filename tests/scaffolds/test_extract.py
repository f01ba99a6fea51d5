"""Extractors on ugly replies: each rule by example, and none of them ever fails."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.scaffolds import extract
from evalkit.scaffolds.extract import (
    FIRST_FENCED,
    PLAIN,
    before_stop,
    closed_block,
    fenced,
    without_reasoning,
)
from evalkit.task import Task

TASK = Task("t/1", {})
PIECES = [
    "```",
    "```python\n",
    "```js\n",
    "\n",
    "\r\n",
    "<think>",
    "</think>",
    "x = 1",
    "\0",
    "\ud800",
    "\x1b[1m",
]
UGLY = st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=30).map("".join)


@pytest.mark.parametrize(
    ("reply", "rest"),
    [
        ("<think>a ```python\nx\n``` b</think>\ny = 1", "\ny = 1"),
        ("no tag at the start</think>y", "y"),
        ("<think>one</think>two<THINK>three</THINKING>four", "four"),
        ("<think>never closed\nx = 1", "<think>never closed\nx = 1"),
        ("plain", "plain"),
        ("", ""),
    ],
)
def test_reasoning_ends_at_the_last_closing_tag(reply: str, rest: str) -> None:
    assert without_reasoning(reply) == rest


@pytest.mark.parametrize(
    ("reply", "inside"),
    [
        ("```python\nx = 1\n```", "x = 1\n"),
        ("a\n```\nx\n```\nb\n```python\ny\n```", "x\n"),
        ("```python\nnever closed", "never closed"),
        ("```python\r\nx = 1\r\n```", "x = 1\r\n"),
        ("```one line```", None),
        ("no fence at all", None),
        ("~~~\nx\n~~~", None),
        ("``` \n\n```", "\n"),
    ],
)
def test_first_fenced_block(reply: str, inside: str | None) -> None:
    assert fenced(reply) == inside


def test_a_language_may_be_asked_for() -> None:
    reply = "```bash\npip install x\n```\n```Python\ny = 2\n```"
    assert fenced(reply, "python") == "y = 2\n"
    assert fenced(reply, "rust") is None


@pytest.mark.parametrize(
    ("reply", "opening", "inside"),
    [
        ("```python\nx\n``` ```python\ny\n```", "```python\n", "x\n"),
        ("```python\nx", "```python\n", None),
        ("```python3\nx\n```", "```python\n", None),
        ("```Python\nx\n```", "```python\n", None),
    ],
)
def test_closed_block_wants_both_fences(reply: str, opening: str, inside: str | None) -> None:
    assert closed_block(reply, opening) == inside


def test_closed_block_may_overlook_case() -> None:
    assert closed_block("```Python\nx\n```", "```python\n", ignore_case=True) == "x\n"


@pytest.mark.parametrize(
    ("text", "stops", "kept"),
    [
        ("a\ndef b\nclass c", ("\nclass", "\ndef"), "a"),  # the earliest, whatever their order
        ("\ndef at once", ("\ndef",), ""),
        ("returned with the stop\n#", ("\n#",), "returned with the stop"),
        ("none", ("\nif", ""), "none"),  # an empty stop string stops nothing
        ("abc", (), "abc"),
    ],
)
def test_cut_at_the_earliest_stop(text: str, stops: tuple[str, ...], kept: str) -> None:
    assert before_stop(text, stops) == kept


def test_ansi_escapes_go() -> None:
    assert extract.without_ansi("\x1b[31mred\x1b[0m \x1bMup [31m") == "red up [31m"


@given(UGLY)
def test_no_extractor_ever_fails(reply: str) -> None:
    for extractor in (PLAIN, FIRST_FENCED, extract.until(("\n", "```"))):
        code = extractor.extract(reply, TASK)
        assert code is None or (code and code in reply)


def test_first_fenced_falls_back_to_the_whole_reply() -> None:
    assert FIRST_FENCED.extract("x = 1", TASK) == "x = 1"
    assert FIRST_FENCED.extract("<think>```\nno\n```</think>\n```py\nyes\n```", TASK) == "yes\n"
    assert FIRST_FENCED.extract("```python\n```", TASK) is None


@pytest.mark.parametrize("piece", ["```\n", "```python\n", "</think>", "\x1b[", "\n", "a", "\0"])
def test_a_megabyte_is_no_problem(piece: str) -> None:
    reply = piece * (1_000_000 // len(piece))
    assert PLAIN.extract(reply, TASK) == reply
    FIRST_FENCED.extract(reply, TASK)
    extract.without_ansi(reply)
    closed_block(reply, "```python\n")
