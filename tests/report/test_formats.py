"""Every format holds the same table: each cell of the published ones is read back out of each."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest

from evalkit.errors import UsageError
from evalkit.report.cells import text_of
from evalkit.report.formats import FORMATS, Show, render, render_all
from evalkit.report.gather import gather
from evalkit.report.labels import LANGUAGES, labels
from evalkit.report.published import load_published
from evalkit.report.values import Interval, Row, Setting, Table, Value
from tests.report import read_formats as read
from tests.report.runs import Runs
from tests.report.test_ranks import LAUNCH

EN = labels("en")
FILE = load_published("launch")
TABLES = {table.id: table for table in FILE.tables}
READERS = {"latex": read.latex, "markdown": read.markdown, "text": read.text, "csv": read.csv_wide}


def expected(table: Table, missing: str) -> dict[tuple[str, str], str]:
    return {key: missing if value.printed == "-" else value.printed for key, value in table.cells.items()}


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("format", READERS)
def test_each_cell_as_printed(name: str, format: str) -> None:
    table = TABLES[name]
    found = read.by_cell(table, READERS[format](render(table, format, EN)))
    assert found == expected(table, "" if format == "csv" else "–")


@pytest.mark.parametrize("name", TABLES)
def test_each_cell_of_a_page(name: str) -> None:
    page = read.Page(render(TABLES[name], "html", EN))
    assert read.by_cell(TABLES[name], page.rows) == expected(TABLES[name], "–")


@pytest.mark.parametrize("name", TABLES)
def test_each_value_whole(name: str) -> None:
    """JSON has every field, long CSV all of a value and where it is from."""
    table = TABLES[name]
    objects = read.json_cells(render(table, "json", EN))
    lines = read.csv_long(render_all(FILE.tables, "csv", EN, Show(long=True)), name)
    assert set(objects) == set(lines) == set(table.cells)
    for key, value in table.cells.items():
        fields = json.loads(json.dumps(asdict(value)))
        del fields["model"]
        rank = objects[key].pop("rank")
        assert objects[key] == {**fields, "complete": True}
        line = lines[key]
        assert (line["printed"].lstrip("'"), line["kind"], line["rank"]) == (
            value.printed,
            value.kind,
            rank or "",
        )
        assert line["value"] == ("" if value.value is None else str(value.value))
        assert line["source"] == "analysis"


def test_best_and_second_are_marked_in_each_format() -> None:
    table = TABLES["launch"]
    marks = {
        "latex": (r"\textbf{", r"\underline{"),
        "markdown": ("**", "<ins>"),
        "html": ("<b>", "<u>"),
        "text": ("*", "+"),
    }
    for row in table.rows:
        if row.heading:
            continue
        alone = replace(table, rows=(replace(row, group="", level=0),), notes={})
        for format, (best, second) in marks.items():
            text = render(alone, format, EN)
            found = ""
            for model in table.models:
                printed = table.cells[row.id, model.id].printed
                found += next(
                    (
                        mark
                        for mark, sign in (("B", best), ("U", second))
                        if (printed + sign if format == "text" else sign + printed) in text
                    ),
                    "-",
                )
            assert found == LAUNCH[row.id], (row.id, format)


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_bytes_twice(format: str) -> None:
    show = Show(intervals=True, long=True, sources=FILE.documents)
    again = load_published("launch")
    assert render_all(FILE.tables, format, EN, show) == render_all(again.tables, format, EN, show)


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("format", FORMATS)
def test_every_language(format: str, code: str) -> None:
    shown = render(TABLES["summary"], format, labels(code), Show(intervals=True, sources=FILE.documents))
    assert shown.endswith("\n")
    if format not in ("json", "csv"):
        assert labels(code)("table.proprietary") in render(TABLES["launch"], format, labels(code)), format
        assert labels(code)("formats.range") in shown.replace("\n", " ") or format == "latex"


def test_intervals_with_their_numbers_of_tasks() -> None:
    shown = render(TABLES["launch"], "text", EN, Show(intervals=True))
    assert "Terminal-Bench (n = 80)" in shown
    assert "27.7–48.5" in shown
    assert "computed here, not published" in shown.replace("\n", " ")
    assert "27.7–48.5" not in render(TABLES["launch"], "text", EN)
    header, first = render(TABLES["launch"], "csv", EN, Show(intervals=True)).splitlines()[:2]
    assert header.endswith(
        "Qwen3-Coder low,Qwen3-Coder high,Kimi-K2 low,Kimi-K2 high,DeepSeek-V3 low,"
        "DeepSeek-V3 high,Claude Sonnet 4 low,Claude Sonnet 4 high,GPT-4.1 low,GPT-4.1 high"
    )
    assert first.startswith("Agentic Coding,Terminal-Bench,,published,37.5,30.0,2.5,35.5,25.3,27.69,48.45,")


def test_notes_are_lettered_anew_where_rows_are_left_out() -> None:
    table = TABLES["launch"]
    fewer = replace(table, rows=tuple(row for row in table.rows if row.id == "launch-09"))
    shown = render(fewer, "text", EN)
    assert "60.0+a" in shown
    assert "a  Aider's data file lists 59.1" in shown
    assert "whole number" not in shown
    assert "Aider's" not in render(fewer, "text", EN, Show(notes=False))


def test_columns_of_one_name_are_told_apart_in_csv() -> None:
    table = TABLES["launch"]
    twice = tuple(replace(model, display="M", detail="d") for model in table.models)
    header = render(replace(table, models=twice), "csv", EN).splitlines()[0]
    assert header.split(",")[4] == "M d (qwen3-coder-480b-a35b-instruct)"
    assert len(set(header.split(","))) == 9


def test_csv_holds_one_wide_table() -> None:
    with pytest.raises(UsageError, match="CSV holds one table"):
        render_all(FILE.tables, "csv", EN)


def test_an_unknown_format_is_named() -> None:
    with pytest.raises(UsageError, match="no format 'latx'"):
        render(TABLES["launch"], "latx", EN)


def measured() -> Table:
    """A measured row under a published one: one run is not complete, one model has none."""
    published = Setting("s")
    ours = Setting("s", revision="1", scaffold="one-turn")
    rows = (Row("p", "Suite", published, n=50), Row("m", "measured", ours, level=1, origin="measured", n=50))
    cells = {
        ("p", "a"): Value("a", published, "published", "number", "60.0", 60.0, n=50),
        ("m", "a"): Value("a", ours, "measured", "number", "58.0", 58.0, interval=Interval(44.2, 70.6), n=50),
        ("m", "b"): Value(
            "b", ours, "measured", "number", "9.5", 9.5, n=50, scored=40, planned=50, bounds=(8.0, 28.0)
        ),
    }
    models = tuple(replace(FILE.models["gpt-4.1"], id=name, display=name.upper()) for name in "abc")
    return Table("t", "T", models, rows, cells)


def test_measured_rows() -> None:
    shown = render(measured(), "text", EN, Show(intervals=True))
    assert "  measured (measured with evalkit, n = 50)" in shown
    assert "58.0" in shown
    assert "*" not in shown, "one complete value alone is not the best of anything"
    assert "·: not run." in shown
    assert "–: not reported." in shown
    assert "†: B, incomplete: 40 of 50 samples scored; between 8.0 and 28.0 once all is scored." in shown
    assert "9.5†" in shown
    assert "Intervals: 95%, over the tasks of the run." in shown
    for format in ("latex", "markdown", "html"):
        assert "†" in render(measured(), format, EN), format
    assert r"& 9.5\rlap{\textsuperscript{†}}" in render(measured(), "latex", EN)


@pytest.mark.docker
def test_runs_beside_published_values_in_each_format(runs: Runs) -> None:
    """Real runs, one broken and one killed, under the printed row of their benchmark or of their own."""
    folders = [runs.qwen, runs.kimi, runs.again, runs.broken, runs.killed, runs.terminal]
    table = gather(folders, [FILE]).tables[0]
    assert sum(value.origin == "measured" for value in table.cells.values()) >= 4
    shown = {
        (row.id, model.id): text_of(table.cells.get((row.id, model.id)), row)
        for row in table.rows
        if not row.heading
        for model in table.models
    }
    for format, reader in READERS.items():
        found = read.by_cell(table, reader(render(table, format, EN)))
        empty = {key: "" if format == "csv" and text in "–·" else text for key, text in shown.items()}
        assert found == empty, format
    assert read.by_cell(table, read.Page(render(table, "html", EN)).rows) == shown
    assert set(read.json_cells(render(table, "json", EN))) == set(table.cells)


def test_markdown_ends_within_its_limit_on_the_border_of_a_row() -> None:
    table = TABLES["launch"]
    row = table.rows[0]
    many = replace(table, rows=tuple(replace(row, id=f"r{n}", label=f"Row {n} é") for n in range(500)))
    whole = render(many, "markdown", EN)
    shown = render(many, "markdown", EN, Show(limit=9_000))
    *rows, empty, last = shown.splitlines()
    assert 8_000 < len(shown.encode()) <= 9_000
    assert whole.splitlines()[: len(rows)] == rows
    assert rows[-1].startswith("| Row ")
    left = len(whole.splitlines()) - len(rows)
    assert (empty, last) == ("", f"**{left} more lines do not fit here.**")
    assert render(many, "markdown", EN, Show(limit=len(whole.encode()))) == whole
