"""Several runs of one model: which number is shown, what is said of the others, and what is not compared."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from evalkit.errors import UsageError
from evalkit.report.content import Report
from evalkit.report.gather import gather
from evalkit.report.ranks import ranks
from evalkit.report.values import Setting, Value
from tests.report.runs import Runs

docker = pytest.mark.docker


def value(report: Report, row: str, model: str) -> Value:
    return report.tables[0].cells[row, model]


def notes(report: Report, found: Value) -> list[str]:
    return [report.tables[0].notes[letter] for letter in found.notes]


@docker
def test_repeats_are_one_row(runs: Runs) -> None:
    report = gather([runs.qwen, runs.again, runs.kimi], [])
    found, one, again = value(report, "measured-mini-1", "qwen3-coder"), *report.runs[:2]
    if report.runs[1].model.id != "qwen3-coder":
        again = report.runs[2]
    assert one.score is not None
    assert again.score is not None
    assert found.value == pytest.approx((one.score + again.score) / 2)
    assert (found.planned, found.scored, found.n) == (320, 320, 40)
    assert notes(report, found) == [f"Mean of 2 runs: {one.score:.1f}, {again.score:.1f}."]
    assert found.interval
    assert one.interval
    assert found.interval.high - found.interval.low <= one.interval.high - one.interval.low
    assert len(report.runs) == 3  # each keeps its own entry


@docker
def test_runs_that_are_no_repeats_are_not_averaged(runs: Runs) -> None:
    report = gather([runs.qwen, runs.cooler], [])
    found = value(report, "measured-mini-1", "qwen3-coder")
    older, newest = report.runs
    assert (found.value, found.id) == (newest.score, newest.id)
    (note,) = notes(report, found)
    assert note.startswith(f"The newest run. {older.id} has {older.score:.1f}, and differs: ")
    assert "temperature: 0.5 -> 0.1" in note


@docker
def test_an_incomplete_run_is_no_part_of_the_mean(runs: Runs) -> None:
    report = gather([runs.killed, runs.qwen], [])
    found = value(report, "measured-mini-1", "qwen3-coder")
    whole = next(run for run in report.runs if not run.state)
    assert (found.value, found.complete) == (whole.score, True)
    (note,) = notes(report, found)
    assert "has no part in the mean" in note
    assert "in progress, or cut off" in note
    assert any("in progress, or cut off" in warning for warning in report.warnings)


def test_a_run_that_goes_on_has_no_rank_however_little_is_missing() -> None:
    one = Value("m", Setting("s"), "measured", "number", "50.0", 50.0, scored=999, planned=1000)
    assert one.complete
    assert not dataclasses.replace(one, finished=False).complete
    assert not dataclasses.replace(one, scored=989).complete


@docker
def test_an_incomplete_run_alone_has_no_rank(runs: Runs) -> None:
    report = gather([runs.broken, runs.oracle], [])
    found = next(v for v in report.tables[0].cells.values() if v.model == "kimi-k2")
    assert not found.complete
    assert not found.finished
    assert found.bounds
    assert found.bounds[0] < (found.value or 0) < found.bounds[1]
    assert notes(report, found) == [
        "No rank: incomplete: 21 of 24 samples scored, 3 broken by infrastructure."
    ]


@docker
def test_a_run_that_is_given_twice_is_shown_once(runs: Runs, tmp_path: Path) -> None:
    copy = shutil.copytree(runs.oracle, tmp_path / "copied")
    report = gather([runs.oracle, runs.oracle, copy], [])
    assert len(report.runs) == 1
    assert len(report.warnings) == 2
    assert all("was given twice" in warning for warning in report.warnings)


@docker
def test_other_data_is_kept_apart(runs: Runs) -> None:
    report = gather([runs.oracle, runs.null, runs.other], [])
    labels = [row.label for row in report.tables[0].rows]
    assert labels[0] == "Mini"
    assert all(label.startswith("one-turn, data ") for label in labels[1:])
    assert "runs over different data stand in rows of their own" in report.warnings[0]


@docker
def test_runs_of_other_settings_are_beside_each_other_and_not_tested(runs: Runs) -> None:
    report = gather([runs.qwen, runs.broken], [])
    ((difference,),) = [forest.differences for forest in report.forests]
    assert (difference.interval, difference.p, difference.adjusted, difference.paired) == (
        None,
        None,
        None,
        False,
    )
    assert difference.incomparable.startswith("tasks: – / 24/40 (")
    report = gather([runs.qwen, runs.kimi], [])
    ((difference,),) = [forest.differences for forest in report.forests]
    assert (difference.n, difference.paired, difference.incomparable) == (40, True, "")
    assert difference.p == difference.adjusted is not None
    assert difference.delta == pytest.approx((report.runs[0].score or 0) - (report.runs[1].score or 0))
    assert difference.runs == (report.runs[0].id, report.runs[1].id)
    assert (difference.better or 0) + (difference.worse or 0) <= 40
    assert report.forests[0].family == "Holm over 1 paired test"


@docker
def test_gold_answers_and_none_are_references(runs: Runs) -> None:
    """Never ranked, never the subject, compared with nobody, and in the last columns."""
    report = gather([runs.null, runs.oracle, runs.qwen, runs.kimi], [])
    main = report.tables[0]
    assert [m.id for m in main.models] == ["qwen3-coder", "kimi-k2", "oracle", "null"]
    assert [m.reference for m in main.models] == [False, False, True, True]
    assert [m.detail for m in main.models[2:]] == ["reference", "reference"]
    assert ranks(main) == {
        ("measured-mini-1", "qwen3-coder"): "best",
        ("measured-mini-1", "kimi-k2"): "second",
    }
    assert [(forest.a.id, forest.b.id) for forest in report.forests] == [("qwen3-coder", "kimi-k2")]
    assert report.findings[0].figure == "1 of 1"
    alone = gather([runs.null, runs.oracle], [])
    assert alone.forests == ()
    assert ranks(alone.tables[0]) == {}
    assert "subject" not in alone.facts
    with pytest.raises(UsageError, match="oracle cannot be the subject"):
        gather([runs.qwen, runs.oracle], [], subject="oracle")
