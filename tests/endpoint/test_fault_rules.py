"""When faults strike, and how they are written."""

from __future__ import annotations

import pytest

from evalkit.endpoint.faults import KINDS, choose, parse_fault, parse_faults
from evalkit.endpoint.timing import parse_latency
from evalkit.errors import UsageError


def test_the_first_attempts_of_each_request() -> None:
    fault = parse_fault("500 first=2")
    assert [fault.strikes(0, "k", attempt, 9) for attempt in (1, 2, 3)] == [True, True, False]


def test_every_nth_arrival() -> None:
    fault = parse_fault("reset every=3")
    assert [n for n in range(1, 10) if fault.strikes(0, "k", 1, n)] == [3, 6, 9]


def test_a_probability_depends_on_request_and_attempt_and_not_on_order() -> None:
    fault = parse_fault("cut p=0.3")
    struck = [fault.strikes(7, str(i), 1, 1) for i in range(2000)]
    assert 500 < sum(struck) < 700
    assert struck == [fault.strikes(7, str(i), 1, 1000 - i) for i in range(2000)]
    assert struck != [fault.strikes(8, str(i), 1, 1) for i in range(2000)]
    assert struck != [fault.strikes(7, str(i), 2, 1) for i in range(2000)]


def test_two_faults_of_the_same_probability_draw_apart() -> None:
    faults = parse_faults(["cut p=0.3", "reset p=0.3"])
    hits = [choose(faults, 1, str(i), 1, 1) for i in range(2000)]
    kinds = [hit.kind for hit in hits if hit]
    assert 500 < kinds.count("cut") < 700
    assert 340 < kinds.count("reset") < 500


@pytest.mark.parametrize("kind", [*sorted(KINDS), "429", "503"])
def test_every_kind_is_read(kind: str) -> None:
    assert parse_fault(kind).strikes(0, "k", 1, 1)


@pytest.mark.parametrize("text", ["399", "600", "boom", "cut q=1", "cut p=often", "cut p"])
def test_what_cannot_be_read(text: str) -> None:
    with pytest.raises(UsageError):
        parse_fault(text)


def test_latencies() -> None:
    assert parse_latency("0.2").draw(0, "k", 1) == 0.2
    uniform, lognormal = parse_latency("uniform:0.1,0.5"), parse_latency("lognormal:0.2,0.6")
    draws = [uniform.draw(3, str(i), 1) for i in range(500)]
    assert 0.1 <= min(draws) < 0.15
    assert 0.45 < max(draws) <= 0.5
    middle = sorted(lognormal.draw(3, str(i), 1) for i in range(501))[250]
    assert 0.17 < middle < 0.23
    assert lognormal.draw(3, "k", 1) == lognormal.draw(3, "k", 1)
    for text in ("x", "uniform:1", "lognormal:0,1", "-1", "normal:1,2"):
        with pytest.raises(UsageError):
            parse_latency(text)
