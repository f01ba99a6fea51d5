"""A report in Ukrainian and Turkish: our own words are of that language, documents keep theirs."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from importlib import resources

import pytest

from evalkit.report.content import Report
from evalkit.report.gather import gather
from evalkit.report.labels import labels
from evalkit.report.page import page
from evalkit.report.published import NOT_WHOLE, SHIPPED, load_published
from tests.report.invented import invented
from tests.report.runs import Runs

ENGLISH = re.compile(r"\b(the|is|are|of|and|with|not|no|by|runs?|samples?|scored|tasks?|printed|over)\b")


def own_words(report: Report) -> Iterator[str]:
    """What evalkit itself says in a report, without what is in the documents' file."""
    yield report.lead
    for found in report.findings:
        yield from (found.figure, found.sentence)
    for forest in report.forests:
        yield forest.family
        yield from (difference.incomparable for difference in forest.differences)
    yield from report.warnings
    yield from (report.facts[key] for key in ("settings", "measured") if key in report.facts)
    yield from (run.state for run in report.runs)
    printed = resources.files(SHIPPED).joinpath("launch.json").read_text(encoding="utf-8")
    notes = [note for table in report.tables for note in table.notes.values()]
    yield from (note for note in notes if json.dumps(note, ensure_ascii=False)[1:-1] not in printed)


@pytest.mark.parametrize("code", ["uk", "tr"])
def test_published_values_alone(code: str) -> None:
    report = gather([], [load_published("launch")], said=labels(code))
    left = {text for text in own_words(report) if ENGLISH.search(text)}
    assert "\n".join(sorted(left)) == ""


@pytest.mark.parametrize("code", ["uk", "tr"])
def test_with_runs_of_all_sorts(runs: Runs, code: str) -> None:
    folders = [getattr(runs, field.name) for field in dataclasses.fields(runs)]
    report = gather(folders, [load_published("launch")], said=labels(code))
    left = {text for text in own_words(report) if ENGLISH.search(text)}
    assert "\n".join(sorted(left)) == ""


def test_a_documents_own_words_stay() -> None:
    english = gather([], [load_published("launch")])
    other = gather([], [load_published("launch")], said=labels("uk"))
    assert other.title == english.title
    assert other.conflicts == english.conflicts
    assert [row.label for row in other.tables[0].rows] == [row.label for row in english.tables[0].rows]
    assert other.tables[0].cells == english.tables[0].cells
    assert "GPT-4.1's own announcement" in " ".join(other.tables[0].notes.values())
    assert labels("en")["note.not_whole"] == NOT_WHOLE


@pytest.mark.parametrize("code", ["en", "uk", "tr"])
def test_every_section_of_a_page_finds_its_texts(code: str) -> None:
    """With runs, costs and several samples a task: a text that the catalog lacks is an error."""
    report = invented(5)
    text = page(report, labels=labels(code))
    for section in ("accounts", "reliability", "cost", "specifications", "notes", "reproduce"):
        assert f'<section class="section" id="{section}"' in text, section
