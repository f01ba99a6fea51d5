"""Counts sum to what was planned; errors are shown as missing, never as wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.outcome import REASONS, Outcome
from evalkit.run.summary import count
from evalkit.stats.intervals import wilson

outcomes = st.sampled_from([(o, r) for o in Outcome for r in (REASONS[o] or ("",))])


def rows(*outcomes: tuple[str, str, str]) -> list[dict[str, object]]:
    return [{"task_id": t, "outcome": o, "reason": r, "parts": {}} for t, o, r in outcomes]


@given(st.lists(st.tuples(st.sampled_from("abc"), outcomes), min_size=1, max_size=40))
def test_counts_always_sum_to_planned_and_bounds_hold_the_score(
    given_rows: list[tuple[str, tuple[Outcome, str]]],
) -> None:
    scores = count(rows(*((t, str(o), r) for t, (o, r) in given_rows)), {})
    assert sum(scores.counts.values()) == len(given_rows)
    assert sum(scores.reasons.values()) == len(given_rows) - scores.counts["passed"]
    low, high = scores.bounds
    assert low <= high
    excluded = scores.reasons.get("not_run/excluded", 0)
    missing = scores.counts["error"] + scores.counts["not_run"] - excluded
    assert (low == high) == (missing == 0 < len(given_rows) - excluded)
    assert ("pass@1" in scores.pass_at) == (missing < len(given_rows) - excluded)


def test_excluded_tasks_are_no_part_of_any_score() -> None:
    """Not of pass@k either, which wants k samples of every task, nor of figures by tag."""
    five = [("a", "passed", "")] * 5
    tags = {"a": {"difficulty": "easy"}, "b": {"difficulty": "easy"}}
    without = count(rows(*five), tags)
    scores = count(rows(*five, *[("b", "not_run", "excluded")] * 5), tags)
    assert scores.counts["not_run"] == scores.reasons["not_run/excluded"] == 5
    told = ("pass_at", "pass_hat", "bounds", "interval", "breakdown", "pass_at_by")
    assert [getattr(scores, name) for name in told] == [getattr(without, name) for name in told]


def test_an_error_is_neither_wrong_nor_dropped() -> None:
    scores = count(rows(("a", "passed", ""), ("b", "failed", "wrong"), ("c", "error", "api")), {})
    assert scores.pass_at == {"pass@1": 0.5}
    assert scores.interval == wilson(1, 2)
    assert scores.bounds == (pytest.approx(1 / 3), pytest.approx(2 / 3))
    assert scores.reasons == {"failed/wrong": 1, "error/api": 1}


def test_pass_at_5_only_when_every_task_has_five_scored_samples() -> None:
    five = [("a", "passed", "")] * 5 + [("b", "passed", "")] + [("b", "failed", "wrong")] * 4
    assert count(rows(*five), {}).pass_at == {"pass@1": pytest.approx(0.6), "pass@5": 1.0}
    broken = [*five[:-1], ("b", "error", "sandbox")]
    assert set(count(rows(*broken), {}).pass_at) == {"pass@1"}


def test_pass_hat_k_only_when_every_task_has_k_scored_samples() -> None:
    """4 of 5 and 5 of 5: C(4, k) / C(5, k) and 1, averaged."""
    five = [("a", "passed", "")] * 4 + [("a", "failed", "wrong")] + [("b", "passed", "")] * 5
    found = count(rows(*five), {}).pass_hat
    assert found == {
        "pass^2": pytest.approx(0.8),
        "pass^3": pytest.approx(0.7),
        "pass^4": pytest.approx(0.6),
        "pass^5": 0.5,
    }
    broken = [*five[:-1], ("b", "error", "sandbox")]
    assert set(count(rows(*broken), {}).pass_hat) == {"pass^2", "pass^3", "pass^4"}
    assert count(rows(*five, ("c", "not_run", "budget")), {}).pass_hat == {}


def test_breakdown_and_parts() -> None:
    sample = rows(("a", "passed", ""), ("b", "failed", "wrong"))
    sample[0]["parts"] = {"base": True, "plus": True}
    sample[1]["parts"] = {"base": True, "plus": False}
    scores = count(sample, {"a": {"difficulty": "easy"}, "b": {"difficulty": "hard"}})
    assert scores.parts == {"base": 1.0, "plus": 0.5}
    sample.append({"task_id": "z", "outcome": "failed", "reason": "no_answer"})
    assert count(sample, {}).parts["base"] == pytest.approx(2 / 3)  # nothing was answered: not passed either
    assert scores.breakdown == {"difficulty": {"easy": (1, 1), "hard": (0, 1)}}


def test_pass_at_k_by_tag_is_the_mean_over_its_tasks() -> None:
    five = [("a", "passed", "")] * 5 + [("b", "passed", "")] + [("b", "failed", "wrong")] * 4
    less = [("c", "failed", "wrong")] * 4 + [("c", "error", "api")]
    tags = {"a": {"level": "hard", "kind": "x"}, "b": {"level": "hard"}, "c": {"level": "easy"}, "d": {}}
    scores = count(rows(*five, *less, ("d", "passed", "")), tags)
    assert scores.pass_at_by == {
        "level": {
            "easy": {"tasks": 1, "pass@1": 0.0},
            "hard": {"tasks": 2, "pass@1": pytest.approx(0.6), "pass@5": 1.0},
        },
        "kind": {"x": {"tasks": 1, "pass@1": 1.0, "pass@5": 1.0}},
    }
    assert list(scores.breakdown["level"]) == ["easy", "hard"]


def test_tasks_that_cannot_be_run_here_are_counted_as_tasks() -> None:
    """One of two samples that was left out for another reason makes a task no such task."""
    scores = count(
        rows(
            ("a", "passed", ""),
            ("a", "not_run", "unavailable"),
            ("b", "not_run", "unavailable"),
            ("b", "not_run", "unavailable"),
            ("c", "not_run", "budget"),
            ("d", "not_run", "excluded"),
        ),
        {},
    )
    assert scores.unavailable == 1
