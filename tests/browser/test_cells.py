"""Cells as Chromium shows them beside the data: every published one, their ranks, and measured ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.reports import Cell, Key, cells, write_report
from tests.browser.runs import played
from tests.run.command import run

LAUNCH = Path(__file__).parents[2] / "results" / "published" / "launch.json"
TABLES: list[dict[str, Any]] = json.loads(LAUNCH.read_text())["tables"]
SPECIFICATIONS: list[dict[str, Any]] = json.loads(LAUNCH.read_text())["specifications"]
IDS = {"launch": "t-scores", "summary": "t-summary"}  # the page's first table is the main one
MISSING = "–"
Open = Callable[..., Page]


def shown(printed: str) -> str:
    """A hyphen for a missing score is drawn as a dash; all else is as printed."""
    return MISSING if printed == "-" else printed


def ranks(row: Mapping[str, float]) -> tuple[set[str], set[str]]:
    """Best and second of scores by model: ties share the first place and leave no second."""
    best = {model for model, score in row.items() if score == max(row.values())}
    rest = {model: score for model, score in row.items() if model not in best}
    if len(row) < 2:
        return set(), set()
    second = {m for m, score in rest.items() if score == max(rest.values())} if len(best) == 1 else set()
    return best, second


def drawn(found: Mapping[Key, Cell], row: str) -> tuple[set[str], set[str]]:
    of_row = {model: cell for (r, model), cell in found.items() if r == row}
    return {m for m, c in of_row.items() if c.bold}, {m for m, c in of_row.items() if c.underlined}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: str(table["id"]))
def test_every_published_cell(launch_page: Path, open_report: Open, table: dict[str, Any]) -> None:
    found = cells(open_report(launch_page), IDS[table["id"]])
    printed = {(cell["row"], cell["model"]): shown(cell["printed"]) for cell in table["cells"]}
    assert {key: cell.text for key, cell in found.items()} == printed


def test_best_and_second_of_every_row(launch_page: Path, open_report: Open) -> None:
    found = cells(open_report(launch_page), "t-scores")
    for row in TABLES[0]["rows"]:
        numbers = {
            c["model"]: c["value"] for c in TABLES[0]["cells"] if c["row"] == row["id"] and "value" in c
        }
        assert drawn(found, row["id"]) == ranks(numbers), row


def test_the_summary_ranks_nothing(launch_page: Path, open_report: Open) -> None:
    """Its rows hold values that are approximate, ranges or words: any of them might be the best."""
    found = cells(open_report(launch_page), "t-summary")
    assert not any(cell.bold or cell.underlined for cell in found.values())


@pytest.mark.parametrize(("language", "words"), [("en", "english"), ("uk", "printed")])
def test_every_fact_about_a_model(
    report_in: Callable[[str], Path], open_report: Open, language: str, words: str
) -> None:
    page = open_report(report_in(language))
    found = page.locator("td[data-field]").evaluate_all(
        "all => all.map(td => [td.dataset.model, td.dataset.field, td.innerText])"
    )
    assert [tuple(fact) for fact in found] == [(s["model"], s["field"], s[words]) for s in SPECIFICATIONS]


def test_every_cell_equals_the_transcription(launch_page: Path, open_report: Open, data_dir: Path) -> None:
    """The same against the facts that launch.json was made from, which it must not have lost."""
    source = json.loads((data_dir / "published" / "published.json").read_text())
    page = open_report(launch_page)
    ids = {cell["id"]: (t["id"], cell["row"], cell["model"]) for t in TABLES for cell in t["cells"]}
    found = {
        (table["id"], *key): cell.text
        for table in TABLES
        for key, cell in cells(page, IDS[table["id"]]).items()
    }
    assert len(source["cells"]) == len(found) == 103
    for cell in source["cells"]:
        assert found[ids[cell["id"]]] == shown(cell["value_as_printed"]), cell["id"]


@pytest.mark.full
def test_measured_beside_published(
    mixed_page: Path, launch_page: Path, runs: list[Path], open_report: Open
) -> None:
    """Every run's score stands in a cell of its own; no published cell changes."""
    published = cells(open_report(launch_page), "t-scores")
    found = cells(open_report(mixed_page), "t-scores")
    assert texts(found, "published") == texts(published, "published")
    assert texts(found, "measured") == scores(runs)
    assert len({cell.run for cell in found.values() if cell.run}) == len(runs)


@pytest.mark.full
def test_whole_benchmarks_beside_published(
    launch_page: Path, data_dir: Path, docker_engine: object, tmp_path: Path, open_report: Open
) -> None:
    whole = played(tmp_path, ["humaneval", "mbpp"], data_dir)
    page = open_report(write_report(tmp_path / "whole.html", *whole, "--published", "launch"))
    found = cells(page, "t-scores")
    assert texts(found, "published") == texts(cells(open_report(launch_page), "t-scores"), "published")
    assert texts(found, "measured") == scores(whole)


def texts(found: Mapping[Key, Cell], origin: str) -> list[str]:
    return sorted(cell.text for cell in found.values() if cell.origin == origin)


def scores(runs: list[Path]) -> list[str]:
    """What `evalkit show` says of each, in points."""
    said = [run("show", str(path), "--json").summary["pass@1"] for path in runs]
    return sorted(f"{100 * score:.1f}" for score in said)
