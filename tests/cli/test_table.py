"""evalkit table, as a command: what it prints, where it writes, what it refuses."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from evalkit.cli import main
from evalkit.report.published import load_published
from tests.cli.conftest import Ended, Evalkit
from tests.cli.test_machine_interface import documented
from tests.report import read_formats as read

PUBLISHED = ("table", "--published", "launch")
LAUNCH = load_published("launch").table("launch")


Table = Callable[..., str]


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Table:
    """`table("--format", "csv")`: what the command prints of the launch tables. In this process: half of each
    command's time goes into loading what it needs."""
    monkeypatch.chdir(tmp_path)

    def command(*words: str) -> str:
        assert main([*PUBLISHED, *words]) == 0
        out, err = capfd.readouterr()
        assert err == ""
        return out

    return command


def test_published_values(table: Table) -> None:
    shown = table()
    assert "Terminal-Bench                   37.5*" in shown
    assert "Summary table of the analysis, pass@1" in shown
    one = table("--table", "launch", "--intervals", "--sources")
    assert "Summary" not in one.splitlines()
    assert "27.7–48.5" in one
    assert "Sources: An analysis of Qwen3-Coder in Ukrainian" in one


def test_json_is_as_documented(table: Table) -> None:
    first, second = table("--format", "json").splitlines()
    assert (json.loads(first)["id"], json.loads(second)["id"]) == ("launch", "summary")
    found = json.loads(first)
    assert set(found) == documented("`table`")
    row = found["rows"][0]
    assert set(row) == documented("`table`", "A row:")
    assert set(row["cells"]["gpt-4.1"]) == documented("`table`", "A value:")


def test_the_same_bytes_in_every_process(evalkit: Evalkit) -> None:
    words = (*PUBLISHED, "--format", "latex", "--intervals", "--sources")
    one, other = (evalkit(*words, PYTHONHASHSEED=seed) for seed in ("1", "2"))
    assert (one.code, one.stderr) == (0, "")
    assert one.stdout == other.stdout
    assert r"\textbf{37.5}" in one.stdout


def test_columns_and_rows_that_are_chosen(table: Table) -> None:
    words = ("--models", "Claude Sonnet 4, gpt-4.1", "--suites", "aider-polyglot,SWE-bench Verified")
    shown = table("--table", "launch", *words, "--format", "csv")
    assert list(csv.reader(io.StringIO(shown))) == [
        ["group", "benchmark", "setting", "origin", "Claude Sonnet 4", "GPT-4.1"],
        ["Agentic Coding", "SWE-bench Verified", "w/ OpenHands, 500 turns", "published", "70.4", ""],
        ["Agentic Coding", "SWE-bench Verified", "w/ OpenHands, 100 turns", "published", "68.0", "48.6"],
        ["Agentic Coding", "SWE-bench Verified", "w/ Private Scaffolding", "published", "72.7", "63.8"],
        ["Agentic Coding", "Aider-Polyglot", "", "published", "56.4", "52.4"],
    ]


def test_into_a_file_whose_name_says_the_format(table: Table, tmp_path: Path) -> None:
    assert table("--table", "launch", "-o", "t.tex") == ""
    rows = read.latex((tmp_path / "t.tex").read_text(encoding="utf-8"))
    assert read.by_cell(LAUNCH, rows)["launch-01", "gpt-4.1"] == "25.3"
    assert [path.name for path in tmp_path.iterdir()] == ["t.tex"], "nothing is left beside it"


def test_csv_says_which_table_it_left_out(table: Table, capfd: pytest.CaptureFixture[str]) -> None:
    assert main([*PUBLISHED, "--format", "csv"]) == 0
    out, err = capfd.readouterr()
    assert err == "CSV holds one table: launch; --table names another: summary\n"
    assert len(out.splitlines()) == 16
    assert len(table("--format", "csv", "--long").splitlines()) == 1 + 75 + 28


def test_a_summary_within_its_limit(table: Table) -> None:
    shown = table("--format", "markdown", "--limit-bytes", "1500B")
    assert len(shown.encode()) <= 1500
    assert "more lines do not fit here" in shown.splitlines()[-1]


def test_on_a_terminal_that_has_no_such_characters(evalkit: Evalkit) -> None:
    words = (*PUBLISHED, "--table", "summary")
    assert r"\u041d/\u0414" in evalkit(*words, PYTHONIOENCODING="ascii").stdout
    assert "Н/Д" in evalkit(*words, "--format", "markdown", PYTHONIOENCODING="ascii").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), ("a table of what?", "--published launch")),
        (("--published", "lanch"), ("no published values 'lanch'", "did you mean launch?")),
        (("--published", "nowhere.json"), ("cannot read nowhere.json",)),
        (("--published", "launch", "--models", "gpt-4.2"), ("no model 'gpt-4.2'", "did you mean gpt-4.1")),
        (("--published", "launch", "--suites", "aider"), ("no benchmark 'aider'", "aider-polyglot")),
        (("--published", "launch", "--models", ","), ("',' names nothing",)),
        (
            ("--published", "launch", "--models", "gpt-4.1", "--suites", "spider2", "--table", "summary"),
            ("no table 'summary' here", "known: launch"),
        ),
        (("--published", "launch", "--models", "gpt-4o"), ("nothing is left of this selection",)),
        (("--published", "launch", "--table", "sumary"), ("no table 'sumary' here", "did you mean summary?")),
        (("--published", "launch", "--format", "latx"), ("'latx'", "did you mean latex")),
        (("--published", "launch", "--language", "de"), ("'de' is none of en, uk, tr",)),
        (("--published", "launch", "--bold", "tide"), ("'tide'", "did you mean tied")),
        (("--published", "launch", "--long"), ("--long is of CSV, and this is text", "--format csv")),
        (("--published", "launch", "-o", "."), ("cannot write .: a folder",)),
        (("--published", "launch", "-o", "no/t.md"), ("its folder does not exist",)),
        (("no-such-run",), ("no run 'no-such-run' in results",)),
    ],
)
def test_what_cannot_be(
    words: tuple[str, ...],
    said: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    code = main(["table", *words])
    Ended(code, *capfd.readouterr()).refused(2, *said)
    assert not list(tmp_path.iterdir())
