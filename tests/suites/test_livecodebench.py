"""LiveCodeBench without a sandbox: records as they come, prompts as sent, replies as read, jobs as made."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import pickle
import zlib
from typing import Any

import pytest
from evalkit_suites.livecodebench import records
from hypothesis import given
from hypothesis import strategies as st

from evalkit.errors import DataError
from evalkit.outcome import Outcome
from evalkit.program import Judgement
from evalkit.registry import open_suite
from evalkit.suite import Suite
from evalkit.task import Answer, Task
from tests.suites.told import Told

PUBLIC = [{"input": "1 2\n", "output": "3\n", "testtype": "stdin"}]
PRIVATE = [{"input": "3 4\n", "output": "7\n", "testtype": "stdin"}]
CALLED = [{"input": '[1, 2]\n"x"', "output": "[2]", "testtype": "functional"}]
STARTER = "class Solution:\n    def pick(self, xs: List[int], key: str) -> List[int]:\n        "
RECORD: dict[str, Any] = {
    "question_title": "Sum",
    "question_content": "Print the sum.",
    "platform": "atcoder",
    "question_id": "abc000_a",
    "contest_id": "abc000",
    "contest_date": "2024-01-01T00:00:00",
    "starter_code": "",
    "difficulty": "easy",
    "public_test_cases": json.dumps(PUBLIC),
    "private_test_cases": json.dumps(PRIVATE),
    "metadata": "{}",
}
METHOD = RECORD | {
    "question_id": "1000",
    "starter_code": STARTER,
    "public_test_cases": json.dumps(CALLED),
    "private_test_cases": "[]",
    "metadata": json.dumps({"func_name": "pick"}),
}


def suite(**options: Any) -> Suite:
    return open_suite("livecodebench", options)


def task(record: dict[str, Any]) -> Task:
    [only] = suite().tasks([record])
    return only


def packed(value: Any, protocol: int = 4) -> str:
    """As the data set packs private tests."""
    return base64.b64encode(zlib.compress(pickle.dumps(value, protocol))).decode()


# -- records -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_packed_tests_are_read(protocol: int) -> None:
    found = records.tests_of(RECORD | {"private_test_cases": packed(json.dumps(PRIVATE), protocol)})
    assert found == records.tests_of(RECORD)
    assert found == records.Tests(("1 2\n", "3 4\n"), ("3\n", "7\n"), "")


@given(st.text())
def test_any_text_is_unpacked(text: str) -> None:
    assert records.unpack(packed(text)) == text


class Evil:
    def __reduce__(self) -> Any:
        return os.putenv, ("EVALKIT_WAS_FOOLED", "1")


@pytest.mark.parametrize(
    "value", [Evil(), ["[]"], {"a": "[]"}, b"[]", 1, None, ("[]", "[]"), [Evil()], "x" * 10 + "\0"]
)
def test_nothing_but_one_text_is_unpacked(value: Any) -> None:
    if isinstance(value, str):
        assert records.unpack(packed(value)) == value
        return
    with pytest.raises(ValueError, match=r"more than a text|no text"):
        records.unpack(packed(value))
    assert "EVALKIT_WAS_FOOLED" not in os.environ


@pytest.mark.parametrize(
    "text", ["", "no base64!", "AAAA", packed("x")[:-8], base64.b64encode(zlib.compress(b"")).decode()]
)
def test_what_is_not_packed_so_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 # each its own words
        records.unpack(text)


@given(st.binary(max_size=200))
def test_bytes_of_any_sort_are_a_text_or_refused(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(records.unpack(base64.b64encode(zlib.compress(data)).decode()), str)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the escapes in a text of protocol 0
@given(st.text(max_size=50), st.integers(0, 5), st.data())
def test_spoilt_pickles_are_a_text_or_refused(text: str, protocol: int, data: st.DataObject) -> None:
    spoilt = bytearray(pickle.dumps(text, protocol))
    at = data.draw(st.integers(0, len(spoilt) - 1))
    spoilt[at] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ValueError):
        assert isinstance(records.unpack(base64.b64encode(zlib.compress(spoilt)).decode()), str)


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "MOST_BYTES", 1000)
    with pytest.raises(ValueError, match="larger"):
        records.unpack(packed("x" * 2000))


def test_tests_may_be_plain_lists_and_the_method_may_be_found_in_the_starter_code() -> None:
    plain = METHOD | {"public_test_cases": CALLED, "metadata": None, "private_test_cases": None}
    assert records.tests_of(plain) == records.tests_of(METHOD)
    assert records.tests_of(METHOD).function == "pick"


async def test_an_item_without_tests_does_not_pass() -> None:
    empty = RECORD | {"public_test_cases": "[]", "private_test_cases": "[]"}
    assert task(empty).unavailable == "the data holds no test of it"
    unpacked = task(empty | {"private_test_cases": packed("[]")})  # which only shows when they are needed
    told = Told(Judgement("passed"))
    for found in (task(empty), unpacked):
        verdict = await suite().score(found, Answer("print(3)", "solution"), told)
        assert (verdict.outcome, verdict.reason) == (Outcome.ERROR, "grader")
        assert "abc000_a has no tests" in verdict.detail
    assert told.jobs == []


@pytest.mark.parametrize(
    "broken",
    [
        {"public_test_cases": "{"},
        {"public_test_cases": json.dumps([{"input": "1"}]), "private_test_cases": ""},
        {"public_test_cases": json.dumps([{"input": 1, "output": "1"}]), "private_test_cases": ""},
        {"public_test_cases": CALLED, "private_test_cases": ""},
        {"public_test_cases": "[" * 100_000},
        {"public_test_cases": "7"},
        {"public_test_cases": "{}"},
        {"public_test_cases": "[7]", "private_test_cases": ""},
        {"metadata": "[7]", "private_test_cases": ""},
    ],
)
def test_unreadable_tests_are_named(broken: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="abc000_a"):
        suite().tasks([RECORD | broken])


@pytest.mark.parametrize("private", ["AAAA", "[7]", "[" * 100_000, packed("[" * 100_000), packed("{}"), 7])
async def test_unreadable_private_tests_are_no_wrong_answer(private: Any) -> None:
    found = task(RECORD | {"private_test_cases": private})
    verdict = await suite().score(found, Answer("print(3)", "solution"), Told(Judgement("passed")))
    assert (verdict.outcome, verdict.reason) == (Outcome.ERROR, "grader")


def test_tasks_are_in_order_of_their_ids_as_texts() -> None:
    ids = ["abc000_a", "2727", "1873_A", "999"]
    found = suite().tasks([RECORD | {"question_id": name} for name in ids])
    assert [t.id for t in found] == ["1873_A", "2727", "999", "abc000_a"]
    assert found[0].tags == {"difficulty": "easy", "platform": "atcoder"}


def test_problems_of_ones_own_may_have_a_solution() -> None:
    assert task(RECORD).gold is None
    assert task(RECORD | {"solution": "print(3)"}).gold == Answer("print(3)", "solution")


# -- protocol ------------------------------------------------------------------------------------------
def test_the_prompt_is_the_authors() -> None:
    system, user = suite().protocol().prompt(task(RECORD)).messages
    assert (system.role, user.role) == ("system", "user")
    assert system.content.startswith("You are an expert Python programmer. You will be given a question ")
    assert user.content == (
        "### Question:\nPrint the sum.\n\n### Format: Read the inputs from stdin solve the problem and write "
        "the answer to stdout (do not directly test on the sample inputs). Enclose your code within "
        "delimiters as follows. Ensure that when the python program runs, it reads the inputs, runs the "
        "algorithm and writes output to STDOUT.\n```python\n# YOUR CODE HERE\n```\n\n"
        "### Answer: (use the provided format with backticks)\n\n"
    )
    _, user = suite().protocol().prompt(task(METHOD)).messages
    assert f"within delimiters.\n```python\n{STARTER}\n```\n\n### Answer" in user.content


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        ("```python\na\nb\n```", "a\nb"),
        ("```\na\n```\nthen\n```py\nb\n```", "b"),
        ("text ``` text\na\n  ``` more", "a"),
        ("```python\na\n```\nbut\n```", "but"),
        ("```\n```", ""),
        ("```python\na", None),
        ("no code", None),
        ("<think>\n```\nx\n```\n</think>\n```\na\n```", "a"),
    ],
)
def test_code_is_what_stands_between_the_last_two_fences(reply: str, code: str | None) -> None:
    found = suite().protocol().extract(task(RECORD), Answer(reply))
    assert (found.text if found else None) == code


# -- jobs ----------------------------------------------------------------------------------------------
async def test_what_the_judge_is_told() -> None:
    told = Told(Judgement("wrong", "line 1", data={"official": "-2"}))
    verdict = await suite().score(task(RECORD), Answer("print(3)", "solution"), told)
    assert (verdict.reason, verdict.official) == ("wrong", "-2")
    await suite(scorer="real", timeout=2.0).score(task(METHOD), Answer("x", "solution"), told)
    official, real = told.jobs
    assert (official.guard, real.guard) == ("livecodebench", "none")
    assert (official.limits.wall_s, real.limits.wall_s) == ((6 + 1) * 2 + 5, 2 + 1 + 5)
    assert official.task["inputs"] == ("1 2\n", "3 4\n")
    assert official.program == "print(3)"
    assert (official.task["function"], real.task["function"]) == ("", "pick")
    assert real.task["scorer"] == "real"


def test_scorers_are_part_of_the_verdict() -> None:
    assert suite().scorer() == open_suite("livecodebench", {"scorer": "lcb-2025-05"}).scorer()
    assert suite(scorer="real").scorer() != suite().scorer()
