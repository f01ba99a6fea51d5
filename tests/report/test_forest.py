"""Differences of printed scores: the intervals of the research's reference page, and what has none."""

from __future__ import annotations

from typing import Any

import pytest

from evalkit.report.content import Difference
from evalkit.report.forest import adjust, forests, printed_difference
from evalkit.report.labels import labels
from evalkit.report.published import load_published
from evalkit.report.values import Model, Setting, Value
from evalkit.stats.paired import two_shares

SETTING = Setting("some")


def printed(value: float, n: int | None = 225, **more: Any) -> Value:
    return Value("m", SETTING, "published", "number", str(value), value, n=n, **more)


def test_two_printed_scores() -> None:
    """Aider-Polyglot, Qwen3-Coder less Claude Sonnet 4, as the research has it."""
    d = printed_difference("Aider-Polyglot", printed(61.8), printed(56.4), labels())
    assert d.delta == 5.4
    assert d.interval
    assert (d.interval.low, d.interval.high) == pytest.approx((-3.7, 14.3), abs=0.05)
    assert d.detectable == pytest.approx(13.0, abs=0.05)
    assert d.interval.implied
    assert not d.paired


@pytest.mark.parametrize(
    ("one", "other", "word"),
    [
        (printed(55.8, None), printed(47.4, None), "not stated"),
        (printed(55.8), printed(47.4, 300), "not stated"),
        (printed(69.6, approximate=True), printed(65.2), "approximate"),
    ],
)
def test_without_a_number_of_tasks_there_is_no_interval(one: Value, other: Value, word: str) -> None:
    d = printed_difference("some", one, other, labels())
    assert d.delta == pytest.approx((one.value or 0) - (other.value or 0))
    assert (d.interval, d.detectable, d.p, d.adjusted) == (None, None, None, None)
    assert word in d.method


def test_two_shares_is_the_pooled_z_test() -> None:
    proportion = pytest.importorskip("statsmodels.stats.proportion", reason="statsmodels is not installed")
    for k1, n1, k2, n2 in ((139, 225, 127, 225), (3, 20, 9, 30), (0, 10, 4, 10)):
        assert two_shares(k1, n1, k2, n2) == pytest.approx(
            proportion.proportions_ztest([k1, k2], [n1, n2])[1]
        )
    assert two_shares(0, 10, 0, 20) == two_shares(10, 10, 20, 20) == 1.0


def test_the_launch_table() -> None:
    """In all 12 settings with a known number of tasks the interval to Claude Sonnet 4 holds 0."""
    table = load_published("launch").table("launch")
    found = {forest.b.id: forest for forest in forests([table], table.models[0], labels())}
    assert list(found) == [model.id for model in table.models[1:]]
    claude = found["claude-sonnet-4"]
    intervals = [d.interval for d in claude.differences if d.interval]
    assert (len(claude.differences), len(intervals)) == (14, 12)
    assert all(interval.low < 0 < interval.high for interval in intervals)
    deltas = [d.delta for d in claude.differences]
    assert deltas == sorted(deltas, reverse=True)
    assert (claude.differences[0].label, claude.differences[-1].label) == ("Mind2Web", "BFCL-v3")
    assert "SWE-bench Verified, w/ OpenHands, 500 turns" in [d.label for d in claude.differences]
    assert claude.family == "Benjamini-Hochberg over 39 pairs of printed scores"


def test_families_are_adjusted_apart() -> None:
    """The research's p = .01 .04 .03 .005: Holm for runs, Benjamini-Hochberg for printed scores."""
    ps = (0.01, 0.04, 0.03, 0.005)

    def group(*, paired: bool) -> list[Difference]:
        return [Difference("x", SETTING, 1, 0, 9, 1, p=p, paired=paired) for p in ps]

    measured, published = adjust(
        [group(paired=True), [*group(paired=False), Difference("y", SETTING, 1, 0, None, 1)]]
    )
    assert [d.adjusted for d in measured] == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert [d.adjusted for d in published[:4]] == pytest.approx([0.02, 0.04, 0.04, 0.02])
    assert published[4].adjusted is None


def test_a_model_without_a_shared_setting_has_no_forest() -> None:
    table = load_published("launch").table("launch")
    assert forests([table], Model("other", "Other"), labels()) == ()
