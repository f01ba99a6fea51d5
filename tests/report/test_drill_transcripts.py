"""Transcripts in a report: within the file while there is room, else beside it; hostile words are text."""

from __future__ import annotations

import hashlib
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from evalkit.report.drill import drill
from evalkit.report.drill.packed import unpacked
from evalkit.report.drill.page import STEP, sample_page
from evalkit.report.drill.transcript import CAP, transcript
from evalkit.report.labels import labels
from evalkit.run.passages import Checks, Foreign, Passage
from evalkit.run.telling import tell
from evalkit.store import read_run
from evalkit.task import TestResult
from tests.browser.drill_page import facts, report
from tests.cli.stored import HOSTILE, make_run

MARKUP = (
    "</script><script>window.__x=1</script>",
    "</pre><img src=x onerror=window.__x=1>",
    '"><svg onload=window.__x=1>',
    "<!--<script>",
    "{{ 7*7 }}{% raw %}",
    "]]>",
    "javascript:window.__x=1",
)


class Elements(HTMLParser):
    """What a page is made of: its elements, and the text within."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_long_event_is_cut_and_says_what_is_gone() -> None:
    text = "я" * CAP  # two bytes each
    said = transcript([Passage("reply", "reply", (Foreign("before"), Foreign(text), Foreign("after")))])
    first, long, last = said[0][2]
    assert first == {"text": "before"}
    kept = long["text"].encode()
    rest = text.encode()[len(kept) :]
    assert CAP - 8 < len(b"before" + kept) <= CAP
    assert long["rest"] == [len(rest), hashlib.sha256(rest).hexdigest()]
    assert "after".startswith(last["text"])
    assert last["rest"][0] == 5 - len(last["text"])


def test_what_is_short_is_whole() -> None:
    tests = Checks((TestResult("one", "passed"), TestResult("two", "wrong", "3 != 4")))
    said = transcript(
        [Passage("verdict", "by\nmini", ("failed/wrong", Foreign("+a\n-b", patch=True), tests))]
    )
    assert said == [
        [
            "verdict",
            "by‹U+000A›mini",
            [
                "failed/wrong",
                {"text": "+a\n-b", "patch": True},
                {"tests": [["passed", "one", ""], ["wrong", "two", "3 != 4"]], "of": 2},
            ],
        ]
    ]


@pytest.mark.parametrize(
    ("wanted", "samples"), [("none", []), ("failed", [1, 2, 5, 6]), ("all", [0, 1, 2, 4, 5, 6])]
)
def test_transcripts_that_were_asked_for_are_within(tmp_path: Path, wanted: str, samples: list[int]) -> None:
    run = facts(make_run(tmp_path / "run", HOSTILE), "r")
    made = drill(report([run]), transcripts=wanted)  # type: ignore[arg-type]
    assert [id for id in made.blocks if id.startswith("told-")] == [f"told-r-{n}" for n in samples]
    assert list(made.pages()) == []
    if samples:
        with read_run(run.folder) as store:
            told = transcript(tell(store, "t/1", 0, "cost"))
        assert unpacked(made.blocks["told-r-1"]) == told


def test_what_finds_no_room_is_a_page_of_its_own(tmp_path: Path) -> None:
    run = facts(make_run(tmp_path / "run", HOSTILE), "r")
    made = drill(report([run]), transcripts="failed", name="my report.html", largest=500_100)
    assert not [id for id in made.blocks if id.startswith("told-")]
    assert unpacked(made.blocks["drill-data"])["beside"] == "my%20report-samples"
    pages = dict(made.pages())
    assert list(pages) == [f"my report-samples/r/{n}.html" for n in (1, 2, 5, 6)]
    page = Elements(pages["my report-samples/r/1.html"])
    assert "script" not in page.elements
    assert unquote(page.links[0]) == "../../my report.html#run=r&task=t/1&sample=0"
    assert "script-src" not in pages["my report-samples/r/1.html"]
    assert "default-src 'none'" in pages["my report-samples/r/1.html"]
    assert "‹U+202E›" in page.text
    assert not set(pages["my report-samples/r/1.html"]) & set(
        "\x1b\x07\x9b\u202e\u200b\u2028\x00\x7f\ud800\r"
    )


def test_markup_of_a_model_is_text_on_a_page(tmp_path: Path) -> None:
    """The same elements and attributes as with harmless words, and each word as it was said."""
    run = facts(make_run(tmp_path / "run"), "r")
    row = {"task_id": "t/1", "sample": 0, "outcome": "failed", "reason": "wrong"}

    def page(text: str) -> Elements:
        told = transcript(
            [
                Passage("reply", text, (text, Foreign(text), Foreign(text, patch=True))),
                Passage("verdict", "verdict", (Checks((TestResult(text, "wrong", text),)),)),
            ]
        )
        return Elements(sample_page(run, {**row, "task_id": text}, {text: text}, told, "#", labels()))

    harmless = page("harmless")
    for text in MARKUP:
        hostile = page(text)
        assert hostile.elements == harmless.elements
        assert hostile.attributes == harmless.attributes
        assert hostile.links == harmless.links
        assert hostile.text.count(text) == harmless.text.count("harmless")


def test_a_long_story_is_folded(tmp_path: Path) -> None:
    run = facts(make_run(tmp_path / "run"), "r")
    row = {"task_id": "t/1", "sample": 1, "outcome": "passed", "reason": ""}
    told = transcript(Passage("act", f"act {n}", (Foreign(str(n)),)) for n in range(2 * STEP + 7))
    html = sample_page(run, row, {}, told, "#", labels())
    assert html.count("<details>") == 2
    assert "Show 200 more events" in html
    assert "Show 7 more events" in html
    assert html.index("act 199") < html.index("<details>") < html.index("act 200")
