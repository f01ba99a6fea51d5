"""The data behind the drill-down: what a run's samples become, and what a page can hold of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from evalkit.nightly.page.detail import script as nightly
from evalkit.report.drill import drill
from evalkit.report.drill.columns import columns
from evalkit.report.drill.fallback import texts
from evalkit.report.drill.packed import packed, unpacked
from evalkit.report.drill.scripts import script
from evalkit.store import read_run
from tests.browser.drill_page import facts, report
from tests.cli.stored import PLAN, make_run


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    return make_run(tmp_path / "run")


def test_columns_say_what_the_store_says(stored: Path) -> None:
    with read_run(stored) as store:
        rows, found = list(store.samples()), columns(store)
    assert unpacked(packed(found)) == found
    by_name = {column["name"]: texts(column, len(rows)) for column in found["columns"]}
    assert list(zip(by_name["task"], map(int, by_name["sample"]), strict=True)) == PLAN
    assert by_name["outcome"] == [row["outcome"] for row in rows]
    assert by_name["reason"] == ["", "wrong", "api", "budget"] * 2, (
        "what was never begun has the run's reason"
    )
    assert by_name["difficulty"] == ["easy", "hard", "", ""] * 2
    assert by_name["cost"] == ["0.25", "0.25", "", ""] * 2
    assert by_name["suspect"] == [""] * 5 + ["suspect", "", ""]
    assert "calls" not in by_name, "one call each: of no interest"


def test_equal_runs_give_equal_blocks(stored: Path) -> None:
    one, other = (drill(report([facts(stored, "a")]), transcripts="all") for _ in range(2))
    assert one.blocks == other.blocks
    assert one.script == other.script


@pytest.mark.parametrize("made", [script, nightly])
def test_a_pages_script_writes_no_markup(made: Callable[[], str]) -> None:
    """Text of models reaches the page as text only."""
    markup = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "DOMParser", "srcdoc")
    code = ("eval", "new Function", "import", "Worker", "setTimeout", "setInterval")
    network = ("fetch", "XMLHttpRequest", "WebSocket", "EventSource", "sendBeacon", "localStorage")
    for forbidden in (*markup, *code, *network):
        assert not re.search(rf"\b{re.escape(forbidden)}\b", made()), forbidden
    assert "</" not in made(), "nothing that could end its element"
    assert "<!--" not in made()
    assert len(made().encode()) <= 30_000
