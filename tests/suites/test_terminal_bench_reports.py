"""Reports of single tests that a verifier leaves, and answers, whatever stands in them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from evalkit_suites.terminal_bench.ctrf import MOST_TESTS, read_tests
from evalkit_suites.terminal_bench.rewards import Forged, NoReward, headline, mean, read_rewards, short_of
from evalkit_suites.terminal_bench.state import State, Verified, is_order, read_state

from evalkit.errors import DataError
from evalkit.task import TestResult
from evalkit.workspace import File


def of(name: str, text: str) -> list[tuple[str, str, str, float | None]]:
    found = read_tests({name: File(text.encode())})
    return [(test.name, test.status, test.detail, test.wall_s) for test in found]


def ctrf(*tests: Any, tool: str = "jest") -> str:
    return json.dumps({"results": {"tool": {"name": tool}, "tests": list(tests)}})


def test_ctrf() -> None:
    whole = {"name": "a", "status": "passed", "duration": 1500}
    assert of("ctrf.json", ctrf(whole)) == [("a", "passed", "", 1.5)]
    assert of("ctrf.json", ctrf({**whole, "duration": 1.5}, tool="pytest")) == [("a", "passed", "", 1.5)]
    odd = [{"status": "other", "trace": "why"}, {"name": 3, "status": None, "duration": -1}, "no test", None]
    assert of("ctrf.json", ctrf(*odd)) == [("", "wrong", "why", None), ("3", "wrong", "None", None)]


def test_junit() -> None:
    text = """<?xml version="1.0"?><testsuites><testsuite>
      <testcase classname="t" name="a" time="0.5"/>
      <testcase name="b" time="soon"><failure message="no b">trace</failure></testcase>
      <testcase name="c"><error>broke</error></testcase>
      <testcase name="d"><skipped/></testcase></testsuite></testsuites>"""
    assert of("report.xml", text) == [
        ("t::a", "passed", "", 0.5),
        ("b", "wrong", "no b", None),
        ("c", "wrong", "broke", None),
        ("d", "passed", "skipped", None),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[",
        "[]",
        "{}",
        '{"results": []}',
        '{"results": {"tests": 3}}',
        '{"results": {"tests": []}}',
        '{"results": {"tool": 3, "tests": [{}]}}',
        "[" * 200_000,
        "<testsuite",
        "<other><testcase name='a'/></other>",
        "<!DOCTYPE x [<!ENTITY a 'aaaa'>]><testsuite><testcase name='&a;'/></testsuite>",
        "<testsuite><a>" * 50_000,
    ],
)
def test_what_is_no_report(text: str) -> None:
    assert of("ctrf.json", text) == of("report.xml", text) == []


def test_reports_are_bounded() -> None:
    assert len(of("ctrf.json", ctrf(*[{"name": "x" * 1000}] * (MOST_TESTS + 5)))) == MOST_TESTS
    cases = "<testcase name='a'/>" * (MOST_TESTS + 5)
    found = of("a.xml", f"<testsuite>{cases}</testsuite>")
    assert len(found) == MOST_TESTS


def test_whose_rewards_count() -> None:
    files = {"reward.txt": File(b"1", owner=1000)}
    assert read_rewards(files, [0, 1000]) == {"reward": 1.0}
    with pytest.raises(Forged, match="belongs to user 1000"):
        read_rewards(files, [0])
    with pytest.raises(Forged, match="is a link to /x"):
        read_rewards({"reward.json": File(link="/x"), **files}, [1000])
    with pytest.raises(NoReward, match="larger than"):
        read_rewards({"reward.json": File(b" " * (2 << 20))}, [0])


def test_rewards_of_steps() -> None:
    assert mean([{"reward": 1.0}, {"reward": 0.0, "style": 1.0}]) == {"reward": 0.5, "style": 0.5}
    assert headline({"style": 0.0, "reward": 1.0}) == 1.0
    assert headline({"a": 1.0, "b": 0.5}) == 0.5
    assert short_of({"reward": 0.5}, [("reward", 0.5)]) == ""
    assert short_of({"reward": 0.5}, [("style", 0.1)]) == "style -inf, at least 0.1 is asked"
    assert short_of(None, []) == ""


def test_answers_there_and_back() -> None:
    tests = (TestResult("a", "wrong", "why", 0.5), TestResult("b", "passed"))
    state = State(
        (Verified("one", {"reward": 1.0}, tests=tests, seconds=2.5), Verified("two", None, "test_timeout")),
        {"reward": 1.0},
        "two has no reward",
        strict={"outcome": "passed"},
    )
    answer = state.answer({"verifier.log": b"x"})
    assert read_state(answer.text) == state
    assert (answer.form, answer.files) == ("state", {"verifier.log": b"x"})
    assert not is_order(answer.text)
    broken = json.loads(answer.text)
    changes: tuple[dict[str, Any], ...] = (
        *({"version": 2}, {"steps": [{}]}, {"steps": None}, {"steps": [{**broken["steps"][0], "end": "x"}]}),
        *({"rewards": 1}, {"rewards": {"a": "b"}}, {"rewards": {"reward": "nan"}}, {"lost": "its way"}),
    )
    for change in changes:
        with pytest.raises(DataError, match="no state"):
            read_state(json.dumps({**broken, **change}))
