"""What a report holds: every printed cell, what is selected, what contradicts what, and errors in words."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from evalkit.errors import UsageError
from evalkit.report.gather import gather
from evalkit.report.published import Published, load_published


@pytest.fixture(scope="module")
def launch() -> Published:
    return load_published("launch")


def changed(file: Published, name: str, **cells: float) -> Published:
    """A file of somebody's own that has the launch table with some cells printed otherwise."""
    table = file.table("launch")
    return dataclasses.replace(
        file,
        id=name,
        documents={name: f"the table of {name}"},
        accessed={},
        conflicts=(),
        tables=(
            dataclasses.replace(
                table,
                cells={
                    key: dataclasses.replace(v, source=name, printed=f"{cells[v.id]}", value=cells[v.id])
                    if v.id in cells
                    else dataclasses.replace(v, source=name)
                    for key, v in table.cells.items()
                },
            ),
        ),
    )


def test_every_published_cell_is_there(launch: Published) -> None:
    report = gather([], [launch])
    assert [table.id for table in report.tables] == ["launch", "summary"]
    for made, read in zip(report.tables, launch.tables, strict=True):
        assert made == read
    assert report.specifications == launch.specifications
    assert report.conflicts == launch.conflicts
    assert len(report.forests) == 4
    assert report.title == "Qwen3-Coder and four peers"
    assert report.facts["settings"] == "15 rows, 64 published scores, 11 not reported"
    assert "2025-08-23" in report.facts["source"]
    assert report.facts["subject"] == "Qwen3-Coder 480B-A35B-Instruct"


def test_a_column_without_a_cell_stays_unless_something_is_selected(launch: Published) -> None:
    table = launch.table("launch")
    bare = {key: value for key, value in table.cells.items() if key[1] != "gpt-4.1"}
    file = dataclasses.replace(launch, tables=(dataclasses.replace(table, cells=bare),))
    assert gather([], [file]).tables[0].models == table.models
    assert len(gather([], [file], suites=["webarena"]).tables[0].models) == 4


def test_findings_are_counted(launch: Published) -> None:
    figures = {f.figure: f.sentence for f in gather([], [launch]).findings}
    assert list(figures) == ["13 of 13", "0 of 12", "9.2 points"]
    assert "published settings" in figures["13 of 13"]
    assert "Open models" in figures["13 of 13"]
    assert "Claude Sonnet 4" in figures["0 of 12"]
    assert "GPT-4.1, on SWE-bench Verified" in figures["9.2 points"]


def test_a_selection(launch: Published) -> None:
    report = gather([], [launch], models=["claude sonnet 4", "DeepSeek-V3"], suites=["SWE-bench Verified"])
    main, summary = report.tables
    assert [m.id for m in main.models] == ["deepseek-v3-0324", "claude-sonnet-4"]
    assert main.rows[0].label == "SWE-bench Verified"
    assert len(main.rows) == 4
    assert list(main.columns_by.values()) == [("deepseek-v3-0324",), ("claude-sonnet-4",)]
    assert [row.id for row in summary.rows] == ["summary-1"]
    assert [m.id for m in summary.models] == ["claude-sonnet-4", "deepseek-v3-unspecified"]
    assert set(main.notes) == {note for value in main.cells.values() for note in value.notes}
    assert {c.id for c in report.conflicts} == {"C1", "C2", "C6"}
    assert report.forests[0].a.id == "claude-sonnet-4"  # named first
    assert {s.model for s in report.specifications} == {"deepseek-v3-unspecified"}


def test_the_subject(launch: Published) -> None:
    report = gather([], [launch], subject="gpt-4.1")
    assert {forest.a.id for forest in report.forests} == {"gpt-4.1"}
    assert report.facts["subject"] == "GPT-4.1"


@pytest.mark.parametrize(
    ("selection", "words"),
    [
        ({"models": ["gpt-4.2"]}, ("no model 'gpt-4.2'", "did you mean gpt-4.1")),
        ({"suites": ["swe-bench-verifed"]}, ("no benchmark 'swe-bench-verifed'", "swe-bench-verified")),
        ({"models": ["gpt-4o"]}, ("nothing is left of this selection", "gpt-4o")),
        ({"models": ["gpt-4o"], "suites": ["mbpp"]}, ("nothing is left", "mbpp")),
        ({"subject": "claude-3-opus"}, ("claude-3-opus cannot be the subject", "gpt-4.1")),
    ],
)
def test_what_is_not_there(launch: Published, selection: dict[str, Any], words: tuple[str, str]) -> None:
    with pytest.raises(UsageError) as raised:
        gather([], [launch], **selection)
    assert all(word in str(raised.value) for word in words), raised.value


def test_nothing_to_report() -> None:
    with pytest.raises(UsageError, match="nothing to report"):
        gather([], [])


def test_files_that_contradict_each_other(launch: Published) -> None:
    other = changed(launch, "mine", **{"L-01-1": 38.75, "L-06-1": 54.7})
    report = gather([], [launch, other])
    found = [c for c in report.conflicts if c.id not in {c.id for c in launch.conflicts}]
    assert [(c.models, c.benchmark, c.spread) for c in found] == [
        (("qwen3-coder-480b-a35b-instruct",), "terminal-bench", 1.25)
    ]
    assert "37.5 in An analysis" in found[0].summary
    assert "38.75 in the table of mine" in found[0].summary
    values = {v.id: v for table in report.tables for v in table.cells.values()}
    assert [values[cell].printed for cell in found[0].cells] == ["37.5", "38.75"]
    assert [table.id for table in report.tables] == ["launch", "summary", "mine/launch"]
    assert report.tables[0] == launch.tables[0]  # nothing is averaged or overwritten


def test_a_file_that_is_given_twice(launch: Published) -> None:
    report = gather([], [launch, load_published("launch")])
    assert report.tables == launch.tables
    assert report.warnings == ("launch was given twice, and is shown once.",)


def test_rounding_is_no_contradiction(launch: Published) -> None:
    report = gather([], [launch, changed(launch, "mine", **{"L-01-1": 37.54})])
    assert report.conflicts == launch.conflicts
