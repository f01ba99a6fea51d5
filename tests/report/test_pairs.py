"""Comparing two runs: the figures, and what is refused or said."""

from __future__ import annotations

from typing import Any

import pytest

from evalkit.errors import DataError
from evalkit.report.pairs import Side, compare


def side(tasks: dict[str, tuple[int, int]], missing: int = 0, suite: str = "mini", **identity: Any) -> Side:
    facts = {"data": "d", "protocol": {"name": "p"}, "model": {"id": "m"}, **identity}
    return Side("a-run", suite, "a-model", "p", facts, tasks, missing)


def single(passed: str) -> dict[str, tuple[int, int]]:
    return {f"t/{n}": (int(mark), 1) for n, mark in enumerate(passed)}


def test_one_sample_a_task() -> None:
    """The notes' table 1, 7, 1, 12: both, only A, only B, neither."""
    pair = compare(side(single("1" * 8 + "0" * 13)), side(single("1" + "0" * 7 + "1" + "0" * 12)))
    assert pair.shared == 21
    assert pair.delta == pytest.approx(6 / 21)
    assert pair.interval == pytest.approx((0.0260, 0.5172), abs=5e-5)
    assert pair.p == pytest.approx(0.0390625)
    assert pair.told_apart
    assert (len(pair.better), len(pair.worse)) == (7, 1)
    assert pair.detectable == pytest.approx(2.8015852 * (8 / 21 / 21) ** 0.5)
    assert "McNemar" in pair.method


def test_more_samples_a_task_are_no_more_tasks() -> None:
    a = {f"t/{n}": (c, 4) for n, c in enumerate((4, 3, 2, 1, 4, 4, 2, 3))}
    b = {f"t/{n}": (c, 4) for n, c in enumerate((2, 2, 2, 2, 1, 2, 2, 2))}
    pair = compare(side(a), side(b))
    assert pair.delta == 0.25  # the notes' differences: .5 .25 0 -.25 .75 .5 0 .25
    assert pair.p == 32 / 256
    assert not pair.told_apart
    assert (pair.interval[1] - pair.interval[0]) / 2 == pytest.approx(0.1157275 * 2.364624, abs=1e-6)


def test_tasks_that_never_waver_are_as_good_as_tried_once() -> None:
    """Student's t would put the difference at 100 points, give or take none."""
    a, b = {f"t/{n}": (4, 4) for n in range(10)}, {f"t/{n}": (0, 4) for n in range(10)}
    pair = compare(side(a), side(b))
    assert pair.interval == compare(side(single("1" * 10)), side(single("0" * 10))).interval
    assert pair.interval[0] < 0.75 < pair.interval[1]


def test_tasks_in_clusters() -> None:
    """Two tasks of each of four repositories, which change sides together, and one alone."""
    tags = {f"t/{n}": {"repository": "abcd"[n // 2]} for n in range(8)} | {"t/8": {"language": "x"}}
    a, b = side(single("111111001")), side(single("000000111"))
    alone, pair = compare(a, b), compare(a, b, tag="repository", tags=tags)
    assert alone.delta == pair.delta == pytest.approx(4 / 9)
    assert pair.clusters == ("repository", 5)
    assert pair.p == 10 / 16, "2 2 2 -2 0 of clusters: four coins, 4 or more apart in 10 of 16 ways"
    assert pair.interval[0] < alone.interval[0]
    assert pair.detectable == pytest.approx(2.8015852 * (16 / 81) ** 0.5)
    assert "clusters" in pair.method
    assert pair.to_json()["clusters"] == {"tag": "repository", "count": 5}
    with pytest.raises(DataError, match="no task of these runs has a tag 'repo'"):
        compare(a, b, tag="repo", tags=tags)
    with pytest.raises(DataError, match="all 2 tasks are of one repository"):
        compare(side(single("10")), side(single("01")), tag="repository", tags=tags)


def test_what_is_missing_is_left_out_and_said() -> None:
    a, b = single("1111"), single("10")
    pair = compare(side(a), side(b, missing=2))
    assert (pair.shared, pair.mean_a, pair.mean_b, pair.b.missing) == (2, 1.0, 0.5, 2)
    assert pair.to_json()["b"]["missing"] == 2
    assert pair.to_json()["b"]["bounds"] == [0.25, 0.75]
    assert pair.a.bounds == (1.0, 1.0)


def test_equal_runs() -> None:
    pair = compare(side(single("1010")), side(single("1010")))
    assert (pair.delta, pair.p, pair.detectable) == (0, 1, None)
    assert not pair.told_apart


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (side(single("11"), suite="humaneval"), "is of mini"),
        (side(single("11"), data="other"), "different data"),
        (side({"x": (1, 1)}), "no task in common"),
    ],
)
def test_what_cannot_be_compared_is_refused(other: Side, words: str) -> None:
    with pytest.raises(DataError, match=words):
        compare(side(single("11")), other)


def test_other_settings_than_the_models_are_said() -> None:
    pair = compare(side(single("11"), sampling={"t": 0}), side(single("10"), sampling={"t": 1}))
    assert pair.unlike == ()
    pair = compare(side(single("11")), side(single("10"), protocol={"name": "q"}))
    assert pair.unlike == ('protocol.name: "p" -> "q"',)
