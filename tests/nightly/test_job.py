"""A job's summary: within the limit in bytes, and whatever a name holds prints as it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from evalkit.nightly.job import CUT, add_to_summary, summary
from evalkit.nightly.look import outlook
from evalkit.nightly.standing import Outlook
from tests.nightly.outlooks import a_plan
from tests.report.test_hostile_tables import HOSTILE


@pytest.fixture(scope="module")
def whole() -> Outlook:
    return a_plan(nights=40)


def test_every_series_has_a_row_and_what_is_open_is_told(whole: Outlook) -> None:
    said = summary(whole)
    rows = [line for line in said.splitlines() if line.startswith("| ") and not line.startswith("| :")]
    going = [one for one in whole.standings if not one.ended]
    assert len(rows) >= len(going) + 1
    for event in (event for one in going for event in one.open):
        assert f"{event.first.day} {event.first:%b}" in said


@pytest.mark.parametrize("limit", [0, 40, 70, 500, 2000, 3000])
def test_it_is_cut_on_the_border_of_a_line(whole: Outlook, limit: int) -> None:
    uncut, said = summary(whole), summary(whole, limit)
    assert len(said.encode()) <= limit
    if len(said) > len(CUT):
        assert said.endswith("\n" + CUT)
        assert uncut.startswith(said.removesuffix(CUT).removesuffix("\n"))
    else:
        assert said in ("", CUT)


def test_what_stands_in_the_file_counts_and_stays(whole: Outlook, tmp_path: Path) -> None:
    file = tmp_path / "summary.md"
    file.write_text("x" * 899_500)
    add_to_summary(whole, file)
    assert 899_500 < file.stat().st_size <= 900_000
    file.write_text("x" * 900_001)
    add_to_summary(whole, file)
    assert file.stat().st_size == 900_001


def test_hostile_names_are_text(whole: Outlook) -> None:
    series = [one.series for one in whole.standings][: len(HOSTILE)]
    named = [
        replace(one, suite=text, title=text, model=text) for one, text in zip(series, HOSTILE, strict=False)
    ]
    clean = summary(outlook("plan", series))
    said = summary(outlook("plan", named))
    assert len(said.splitlines()) == len(clean.splitlines())
    for line, like in zip(said.splitlines(), clean.splitlines(), strict=True):
        assert line.replace("\\|", "").count("|") == like.replace("\\|", "").count("|")
        assert line.count("<") == line.count("<span>$</span>") * 2 + line.count("<!-- -->")
