"""Best and second of a row: the launch table's by hand, and everything that has no rank."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evalkit.report.published import load_published
from evalkit.report.ranks import Rank, rank_row, ranks
from evalkit.report.values import Interval, Kind, Row, Setting, Table, Value

# per row of the launch table, over Qwen3-Coder, Kimi-K2, DeepSeek-V3, Claude Sonnet 4, GPT-4.1:
# B best, U second, by hand from the printed scores
LAUNCH = {
    "launch-01": "B--U-",
    "launch-02": "U--B-",
    "launch-03": "U--B-",
    "launch-04": "-U-B-",
    "launch-05": "U--B-",
    "launch-06": "B--U-",
    "launch-07": "B--U-",
    "launch-08": "B--U-",
    "launch-09": "BU---",
    "launch-10": "B--B-",
    "launch-11": "U--B-",
    "launch-12": "B---U",
    "launch-13": "U--B-",
    "launch-14": "U--B-",
    "launch-15": "B--B-",
}
MARKS = {"best": "B", "second": "U"}


def marks(table: Table, *, tied: bool = False) -> dict[str, str]:
    found = ranks(table, tied=tied)
    return {
        row.id: "".join(MARKS.get(found.get((row.id, model.id), ""), "-") for model in table.models)
        for row in table.rows
        if not row.heading
    }


def test_the_launch_table() -> None:
    assert marks(load_published("launch").table("launch")) == LAUNCH


def test_fewer_columns_are_ranked_among_themselves() -> None:
    table = load_published("launch").table("launch")
    models = tuple(m for m in table.models if m.id in ("kimi-k2-instruct", "deepseek-v3-0324"))
    found = marks(replace(table, models=models))
    assert found["launch-01"] == "BU"
    assert found["launch-02"] == "--", "nothing is reported"
    assert found["launch-04"] == "--", "one value alone is not the best of anything"


def test_no_row_of_the_summary_has_a_best() -> None:
    """Each has a value that is approximate, a range or only words, and might be above."""
    assert set(marks(load_published("launch").table("summary")).values()) == {"-------"}


ROW = Row("r", "Suite", Setting("suite"))


def value(model: str, points: float | None, kind: Kind = "number", **more: object) -> Value:
    printed = "-" if points is None else f"{points:.1f}"
    return replace(Value(model, ROW.setting, "published", kind, printed, points), **more)  # type: ignore[arg-type]


def ranked(*values: Value, tied: bool = False) -> dict[str, Rank]:
    return rank_row(ROW, list(values), tied=tied)


def test_exact_ties_are_all_best_and_leave_no_second() -> None:
    three = (value("a", 50.0), value("b", 50.0), value("c", 40.0))
    assert ranked(*three) == {"a": "best", "b": "best"}
    assert ranked(value("a", 60.0), *three[1:], value("d", 50.0)) == {
        "a": "best",
        "b": "second",
        "d": "second",
    }


def test_what_reads_the_same_is_a_tie() -> None:
    assert ranked(value("a", 50.04), value("b", 50.0)) == {"a": "best", "b": "best"}


@pytest.mark.parametrize(
    "other",
    [
        value("c", 45.0, approximate=True),
        value("c", None, "range", low=30.0, high=61.0),
        value("c", None, "qualitative"),
        value("c", 10.0, scored=5, planned=10, bounds=(5.0, 60.5)),
        value("c", 99.0, scored=9, planned=10),
        value("c", None, "text", scored=0, planned=10, bounds=(0.0, 100.0)),
    ],
    ids=["approximate", "range", "words", "incomplete", "incomplete, no bounds", "nothing scored yet"],
)
def test_what_might_be_above_leaves_no_best(other: Value) -> None:
    assert ranked(value("a", 60.0), value("b", 50.0), other) == {}


@pytest.mark.parametrize(
    ("other", "second"),
    [
        (value("c", None, "missing"), True),
        (value("c", None, "not_disclosed"), True),
        (value("c", None, "range", low=30.0, high=40.0), True),
        (value("c", None, "range", low=30.0, high=55.0), False),
        (value("c", 30.0, scored=5, planned=10, bounds=(20.0, 50.0)), True),
        (value("c", 30.0, scored=5, planned=10, bounds=(20.0, 60.0)), False),
    ],
)
def test_what_cannot_be_above_takes_nothing(other: Value, second: bool) -> None:
    expected: dict[str, Rank] = {"a": "best"}
    if second:
        expected["b"] = "second"
    assert ranked(value("a", 60.0), value("b", 50.0), other) == expected


def test_other_settings_are_not_compared() -> None:
    other = replace(value("c", 99.0), setting=Setting("suite", turns=100))
    assert ranked(value("a", 60.0), value("b", 50.0), other) == {"a": "best", "b": "second"}


def test_tied_marks_all_that_cannot_be_told_apart() -> None:
    table = load_published("launch").table("launch")
    found = marks(table, tied=True)
    assert found["launch-01"] == "BB-BB", "80 tasks tell 37.5 from 2.5, and from nothing else"
    assert found["launch-04"] == "-U-B-", "72.7 and 65.8 of 500"
    assert found["launch-12"] == "-----", "without a number of tasks nothing can be said"


def test_told_apart_by_the_interval_of_the_difference() -> None:
    """Newcombe, 56/70 and 48/80: 0.0524 to 0.3339. Overlapping intervals are not yet alike."""
    one = value("a", 80.0, interval=Interval(69.2, 87.7))
    other = value("b", 60.0, interval=Interval(49.0, 70.0))
    assert ranked(one, other, tied=True) == {"a": "best", "b": "second"}
    near = value("b", 66.0, interval=Interval(55.0, 75.5))
    assert ranked(one, near, tied=True) == {"a": "best", "b": "best"}
