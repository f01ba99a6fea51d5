"""Measured rows beside published ones: where they stand, which run is shown, what is said of the others."""

from __future__ import annotations

import dataclasses

import pytest

from evalkit.errors import UsageError
from evalkit.report.content import Report
from evalkit.report.gather import gather
from evalkit.report.labels import labels
from evalkit.report.merge import labels_of, nearest, with_columns
from evalkit.report.names import parse_aliases
from evalkit.report.published import load_published
from evalkit.report.values import Model, Setting, Value
from tests.report.runs import Runs

docker = pytest.mark.docker
QWEN = "qwen3-coder-480b-a35b-instruct"


def value(report: Report, row: str, model: str) -> Value:
    return report.tables[0].cells[row, model]


def notes(report: Report, found: Value) -> list[str]:
    return [report.tables[0].notes[letter] for letter in found.notes]


# -- one table -------------------------------------------------------------------------------------


@docker
def test_a_run_stands_under_the_printed_row_of_its_benchmark(runs: Runs) -> None:
    launch = load_published("launch")
    report = gather([runs.terminal], [launch], aliases={"oracle": "GPT-4.1"})
    main = report.tables[0]
    assert [row.id for row in main.rows][:3] == [
        "launch-01",
        "measured-terminal-bench-1",
        "launch-02-heading",
    ]
    row = main.rows[1]
    assert (row.origin, row.level, row.group, row.n) == ("measured", 1, "Agentic Coding", 20)
    assert row.label == "one-turn, 80 turns, mini"
    found = value(report, row.id, "gpt-4.1")
    assert (found.origin, found.printed, found.value, found.n) == ("measured", "100.0", 100, 20)
    assert found.interval
    assert not found.interval.implied
    assert found.source == runs.terminal.name
    assert found.id == report.runs[0].id
    (note,) = notes(report, found)
    assert note == (
        "Beside the printed row, not comparable with it: it does not state: data, scaffold, prompt."
    )
    assert main.models == launch.tables[0].models  # no column is new
    assert {key: v for key, v in main.cells.items() if v.origin == "published"} == launch.tables[0].cells
    assert report.tables[1:] == launch.tables[1:]


@docker
def test_a_benchmark_that_nobody_printed_has_rows_of_its_own(runs: Runs) -> None:
    report = gather([runs.qwen, runs.kimi, runs.null], [load_published("launch")])
    main = report.tables[0]
    assert [(row.label, row.group, row.level) for row in main.rows[-1:]] == [("Mini", "Code Generation", 0)]
    assert main.columns_by == {
        "Open models": (QWEN, "kimi-k2-instruct", "deepseek-v3-0324", "kimi-k2"),
        "Proprietary models": ("claude-sonnet-4", "gpt-4.1"),
        "Other models": ("null",),
    }
    assert [m.id for m in main.models] == [m for ids in main.columns_by.values() for m in ids]
    assert value(report, "measured-mini-1", QWEN).origin == "measured"  # by its repository's name
    assert value(report, "measured-mini-1", "kimi-k2").id != value(report, "measured-mini-1", QWEN).id


@docker
def test_runs_alone(runs: Runs) -> None:
    report = gather([runs.qwen, runs.kimi], [])
    assert report.title == "Qwen3-Coder-480B-A35B-Instruct and Kimi-K2-Instruct-0905 on Mini"
    assert [m.id for m in report.tables[0].models] == ["qwen3-coder", "kimi-k2"]
    assert len(report.tables) == 1
    assert report.facts["measured"] == "2 runs, 1 benchmark: 320 of 320 samples scored"
    assert report.warnings == ()


def test_the_nearest_printed_row() -> None:
    rows = [row for row in load_published("launch").table("launch").rows if row.label.startswith("w/")]
    assert [r.setting.turns for r in rows] == [500, 100, None]

    def near(scaffold: str, turns: int | None) -> tuple[str, bool]:
        row, fits = nearest(rows, Setting("swe-bench-verified", scaffold=scaffold, turns=turns))
        return row.label, fits

    assert near("openhands 1", 100) == ("w/ OpenHands, 100 turns", True)
    assert near("openhands 1", 30) == ("w/ OpenHands, 500 turns", True)  # its scaffold, other turns
    assert near("tool-loop 1", 100) == ("w/ Private Scaffolding", False)


def test_labels_tell_rows_apart() -> None:
    one = Setting("s", "aaa", "one-turn 1", protocol="p 1", limits={"scorer": "x 1"})
    settings = [one, dataclasses.replace(one, revision="bbb"), dataclasses.replace(one, protocol="q 1")]
    assert list(labels_of(settings, labels()).values()) == [
        "one-turn, p, data aaa",
        "one-turn, p, data bbb",
        "one-turn, q",
    ]
    other = dataclasses.replace(one, limits={"scorer": "x 2"})
    assert list(labels_of([one, other], labels()).values()) == [
        "one-turn, p, scorer x 1",
        "one-turn, p, scorer x 2",
    ]


def test_a_new_column_stands_under_models_as_open_as_it() -> None:
    table = load_published("launch").table("launch")
    new = [Model("a", "A", access="proprietary"), Model("b", "B"), table.models[0]]
    models, headings = with_columns(table, new, "Other models")
    assert headings["Proprietary models"][-1] == "a"
    assert headings["Other models"] == ("b",)
    assert len(models) == 7


# -- who is who ------------------------------------------------------------------------------------


@docker
@pytest.mark.parametrize(
    ("aliases", "words"),
    [
        ({"orakel": "gpt-4.1"}, ("no run of a model 'orakel'", "oracle")),
        ({"oracle": "gpt-4.2"}, ("no model 'gpt-4.2'", "gpt-4.1")),
        ({"oracle": "DeepSeek-V3"}, ("is 2 published models", "deepseek-v3-0324, deepseek-v3-unspecified")),
    ],
)
def test_names_that_do_not_fit(runs: Runs, aliases: dict[str, str], words: tuple[str, str]) -> None:
    with pytest.raises(UsageError) as raised:
        gather([runs.oracle], [load_published("launch")], aliases=aliases)
    assert all(word in str(raised.value) for word in words)


def test_aliases_as_typed() -> None:
    assert parse_aliases(["a=b", "x=y=z"]) == {"a": "b", "x=y": "z"}
    for words in (["a"], ["=b"], ["a="], ["a=b", "a=c"]):
        with pytest.raises(UsageError):
            parse_aliases(words)


@docker
def test_a_selection_of_runs(runs: Runs) -> None:
    given = [runs.qwen, runs.kimi, runs.oracle, runs.terminal]
    report = gather(given, [load_published("launch")], models=["oracle", "qwen3-coder"], suites=["mini"])
    main = report.tables[0]
    assert [m.id for m in main.models] == [QWEN, "oracle"]
    assert [row.label for row in main.rows] == ["Mini"]
    assert {run.model.id for run in report.runs} == {QWEN, "oracle"}
    assert len(report.runs) == 2
    assert report.facts["subject"] == "Qwen3-Coder 480B-A35B-Instruct"  # named first but for the reference


@docker
def test_a_name_selects_all_that_are_called_so(runs: Runs) -> None:
    """Kimi-K2 is a printed model, and what the catalog calls a later release by."""
    report = gather([runs.kimi, runs.qwen], [load_published("launch")], models=["kimi-k2"])
    assert [m.id for m in report.tables[0].models] == ["kimi-k2-instruct", "kimi-k2"]
    assert [run.model.id for run in report.runs] == ["kimi-k2"]


@docker
def test_runs_stand_in_the_order_of_rows_and_columns(runs: Runs) -> None:
    report = gather([runs.terminal, runs.null, runs.kimi, runs.qwen, runs.again], [load_published("launch")])
    places = [(run.setting.suite, run.model.id) for run in report.runs]
    assert places == [
        ("terminal-bench", "oracle"),
        ("mini", QWEN),
        ("mini", QWEN),
        ("mini", "kimi-k2"),
        ("mini", "null"),
    ]


@docker
@pytest.mark.parametrize("language", ["uk", "tr"])
def test_a_report_in_another_language(runs: Runs, language: str) -> None:
    """The same numbers, and none of the report's own sentences left in English."""
    given = [runs.broken, runs.oracle, runs.qwen, runs.again, runs.cooler, runs.terminal]
    english = gather(given, [load_published("launch")])
    report = gather(given, [load_published("launch")], said=labels(language))
    numbers = [{key: v.value for key, v in r.tables[0].cells.items()} for r in (english, report)]
    assert numbers[0] == numbers[1]
    for mine, theirs in (
        ([report.lead, *report.warnings], [english.lead, *english.warnings]),
        ([f.sentence for f in report.findings], [f.sentence for f in english.findings]),
        ([f.family for f in report.forests], [f.family for f in english.forests]),
        ([run.state for run in report.runs if run.state], [run.state for run in english.runs if run.state]),
        (list(report.tables[0].notes.values())[-4:], list(english.tables[0].notes.values())[-4:]),
    ):
        assert len(mine) == len(theirs) > 0
        assert not set(mine) & set(theirs)
