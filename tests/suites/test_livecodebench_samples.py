"""LiveCodeBench's files of answers: what is read from them, what is refused, and what is written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from evalkit.errors import DataError
from evalkit.registry import open_suite
from evalkit.samples import SampleRecord
from evalkit.suite import Suite
from evalkit.task import Answer, Task
from tests.suites.livecodebench.record import OUTPUTS

REPLY = "So:\n```python\nprint(1)\n```\n"
CODE = "print(1)"


def suite(**options: Any) -> Suite:
    return open_suite("livecodebench", options)


def read(*rows: dict[str, Any], **options: Any) -> list[SampleRecord]:
    return list(suite(**options).read_samples(rows))


def answers(*rows: dict[str, Any], **options: Any) -> list[Any]:
    """(question, text, form) of each answer; None in place of text and form where there is none."""
    found = read(*rows, **options)
    return [(s.task_id, *((s.answer.text, s.answer.form) if s.answer else (None, None))) for s in found]


def test_raw_replies_are_replies_and_code_is_code() -> None:
    both = {"question_id": "a", "output_list": [REPLY, "no code"], "code_list": [CODE, ""]}
    assert answers(both) == [("a", REPLY, "reply"), ("a", "no code", "reply")]
    assert answers({"question_id": "a", "output_list": [REPLY]}) == [("a", REPLY, "reply")]
    custom = {"question_id": 7, "code_list": [CODE, "pass"]}
    assert answers(custom) == [("7", CODE, "solution"), ("7", "pass", "solution")]


def test_code_in_both_lists_is_code() -> None:
    """As the custom evaluator writes it: there are no fences to take it from."""
    row = {"question_id": "a", "output_list": [CODE], "code_list": [CODE]}
    assert answers(row) == [("a", CODE, "solution")]


def test_every_row_of_the_official_runner_is_read() -> None:
    rows = json.loads(OUTPUTS.read_text())
    found = read(*rows)
    assert [(s.task_id, s.answer and s.answer.text) for s in found] == [
        (row["question_id"], reply) for row in rows for reply in row["output_list"]
    ]
    codes = read(*({k: v for k, v in row.items() if k != "output_list"} for row in rows))
    assert [s.answer for s in codes] == [Answer(c, "solution") for row in rows for c in row["code_list"]]


def test_replies_of_another_style_are_refused() -> None:
    row = {"question_id": "a", "output_list": [REPLY, "\nprint(2)\n\n"], "code_list": [CODE, "print(2)"]}
    with pytest.raises(DataError, match="question a, answer 1: code_list has other code") as caught:
        read(row)
    assert "--protocol lcb-base" in str(caught.value.hint)
    base = {"question_id": "a", "output_list": ["\nprint(2)\n\n"], "code_list": ["print(2)"]}
    assert answers(base, protocol="lcb-base") == [("a", "\nprint(2)\n\n", "reply")]


def test_a_null_holds_the_place_of_an_answer() -> None:
    row = {"question_id": "a", "output_list": [None, REPLY], "code_list": [None, CODE]}
    assert answers(row) == [("a", None, None), ("a", REPLY, "reply")]
    assert answers({"question_id": "a", "code_list": [None, CODE]})[0] == ("a", None, None)
    half = {"question_id": "a", "output_list": [None, REPLY], "code_list": [CODE, None]}
    assert answers(half) == [("a", CODE, "solution"), ("a", REPLY, "reply")]


def test_answers_that_a_failed_request_shifted_are_refused() -> None:
    """The official runner puts n empty texts where one list belongs."""
    rows = [
        {"question_id": "a", "output_list": [REPLY, REPLY], "code_list": [CODE, CODE]},
        {"question_id": "b", "output_list": "", "code_list": []},
        {"question_id": "c", "output_list": "", "code_list": []},
        {"question_id": "d", "output_list": [REPLY, REPLY], "code_list": [CODE, CODE]},  # c's, in truth b's
    ]
    with pytest.raises(DataError, match=r"question b: .*to the wrong problems"):
        read(*rows)


def test_with_one_answer_each_a_failed_request_shifts_nothing() -> None:
    rows = [
        {"question_id": "a", "output_list": [REPLY], "code_list": [CODE]},
        {"question_id": "b", "output_list": "", "code_list": []},
        {"question_id": "c", "output_list": [REPLY], "code_list": [CODE]},
    ]
    assert answers(*rows) == [("a", REPLY, "reply"), ("b", None, None), ("c", REPLY, "reply")]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"output_list": [REPLY]}, "row 2 of the samples file has no question_id"),
        ({"samples": [CODE]}, "row 2 of the samples file has no question_id"),
        ({"pass@1": 0.5, "detail": {}}, "row 2 of the samples file has no question_id"),
        ({"question_id": "a", "code_list": [CODE]}, "question a is in rows 1 and 2"),
        ({"question_id": "b"}, "question b: no answers"),
        ({"question_id": "b", "code_list": CODE}, "question b: code_list is no list of texts"),
        ({"question_id": "b", "output_list": "x"}, "question b: output_list is no list of texts"),
        ({"question_id": "b", "code_list": [1]}, "question b: code_list is no list of texts"),
        ({"question_id": "b", "code_list": []}, "question b: code_list is empty"),
        ({"question_id": "b", "output_list": [[REPLY]]}, "question b: output_list is no list of texts"),
        (
            {"question_id": "b", "output_list": [REPLY], "code_list": [CODE, CODE]},
            "question b: 1 in output_list, 2 in code_list",
        ),
    ],
)
def test_what_cannot_be_read_is_named(row: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        read({"question_id": "a", "code_list": [CODE]}, row)


def test_lists_without_ids_say_what_to_write() -> None:
    with pytest.raises(DataError) as caught:
        read({"samples": [CODE]})
    assert "write question_id and code_list" in str(caught.value.hint)


def test_evalkits_own_rows_are_read_too() -> None:
    assert answers({"task_id": "a", "reply": REPLY}, {"question_id": "b", "solution": CODE}) == [
        ("a", REPLY, "reply"),
        ("b", CODE, "solution"),
    ]


def test_a_row_is_the_official_runners() -> None:
    rows = json.loads(OUTPUTS.read_text())
    for row in rows:
        task = Task(row["question_id"], row | {"metadata": "{}", "solution": "beside the point"})
        written = suite().official_row(task, [Answer(reply) for reply in row["output_list"]])
        added = {"graded_list", "pass@1", "metadata"}
        assert list(written.items()) == [(k, v) for k, v in row.items() if k not in added]


def test_answers_without_code_or_text() -> None:
    task = Task("own", {"question_id": "own", "question_content": "?"})
    row = suite().official_row(task, [Answer("none"), None, Answer(CODE, "solution")])
    assert row == {
        "question_content": "?",
        "question_id": "own",
        "output_list": ["none", None, CODE],
        "code_list": ["", None, CODE],
    }
    assert [s.answer for s in read(row)] == [Answer("none"), None, Answer(CODE, "solution")]
