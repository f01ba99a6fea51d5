"""The page as a reader gets it, read back with an HTML parser: every cell, links, policy, hostile text.

What needs a browser is in tests/browser.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

import pytest

from evalkit.report.cells import interval_of, text_of
from evalkit.report.content import Report
from evalkit.report.gather import gather
from evalkit.report.labels import LANGUAGES, labels
from evalkit.report.page import page
from evalkit.report.published import load_published
from evalkit.report.ranks import ranks
from evalkit.report.values import Model, Row, Setting, Table, Value
from tests.report.html_tree import Element, tree

HOSTILE = (
    "</script><script>window.__x=1</script>",
    "<!--<script>",
    '"><img src=x onerror=window.__x=1>',
    "' onmouseover='window.__x=1",
    "{{7*7}}{% raw %}",
    "]]></text></svg><b>",
    "</title></style></caption></table>",
    "a\u202eb\u2066c\u200bd\x00e\x1b[31mf\ud800",
)


def read(report: Report, language: str = "en") -> Element:
    return tree(page(report, labels=labels(language)))


@pytest.fixture(scope="module")
def launch() -> Report:
    return gather([], [load_published("launch")], command="evalkit report --published launch")


@pytest.fixture(scope="module")
def drawn(launch: Report) -> Element:
    return read(launch)


def cells(drawn: Element, table: Table) -> dict[tuple[str, str], Element]:
    """By row and model, whichever way the table is drawn."""
    element = next(e for e in drawn.all("table") if e.attributes.get("id") == f"t-{table.id}")
    found = {}
    if "data-transposed" in element.attributes:
        heads = [th.attributes["data-row"] for th in element.all("th") if "data-row" in th.attributes]
        for tr in element.all("tr"):
            for row, td in zip(heads, tr.all("td"), strict=False):
                found[row, td.attributes["data-model"]] = td
    else:
        for tr in element.all("tr"):
            for td in tr.all("td"):
                if "data-model" in td.attributes:
                    found[tr.attributes["data-row"], td.attributes["data-model"]] = td
    return found


def scores(launch: Report, drawn: Element) -> Iterator[tuple[Table, Row, Model, Element]]:
    for i, table in enumerate(launch.tables):
        named = dataclasses.replace(table, id="scores") if i == 0 else table
        shown = cells(drawn, named)
        for row in table.rows:
            for model in table.models if not row.heading else ():
                yield table, row, model, shown[row.id, model.id]


def test_every_cell_is_there_as_it_was_printed(launch: Report, drawn: Element) -> None:
    seen = 0
    for table, row, model, td in scores(launch, drawn):
        value = table.cells.get((row.id, model.id))
        [score] = td.all("span", "score")
        assert score.text == text_of(value, row)
        below = "".join(e.text for e in td.all("span", "ci"))
        assert below == interval_of(value), (row.id, model.id)
        assert td.attributes.get("data-value") == (f"{value.value:g}" if value and value.value else None)
        seen += 1
    assert seen == 75 + 28


def test_best_and_second_are_seen_and_said(launch: Report, drawn: Element) -> None:
    for table in launch.tables:
        expected = ranks(table)
        for mine, row, model, td in scores(launch, drawn):
            if mine is not table:
                continue
            looks = "best" if any(td.all("b")) else "second" if any(td.all("u")) else None
            said = next(
                (w for w in ("best", "second") if any(w in e.text for e in td.all("span", "sr"))), None
            )
            assert looks == said == expected.get((row.id, model.id))


def test_notes_are_linked_there_and_back(launch: Report, drawn: Element) -> None:
    ids = [e.attributes["id"] for e in drawn.all() if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    links = [e.attributes["href"] for e in drawn.all("a")]
    for link in links:
        assert not link.startswith("#") or link[1:] in ids, link
    texts = {e.attributes["id"]: e.text for e in drawn.all("li") if "id" in e.attributes}
    for table, row, model, td in scores(launch, drawn):
        value = table.cells.get((row.id, model.id))
        [*references] = [a for refs in td.all("span", "refs") for a in refs.all("a")]
        for reference, note in zip(references, value.notes if value else (), strict=True):
            assert table.notes[note] in texts[reference.attributes["href"][1:]]
            assert f"#{reference.attributes['id']}" in links


def test_the_policy_comes_first_and_nothing_is_loaded(drawn: Element) -> None:
    head = next(drawn.all("head"))
    first = next(e for e in head.inside if isinstance(e, Element))
    assert first.attributes["http-equiv"] == "Content-Security-Policy"
    assert first.attributes["content"] == (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    for element in drawn.all():
        assert element.tag not in ("script", "link", "img", "iframe", "object", "embed", "form", "base")
        assert not {"src", "srcset", "action", "data", "poster"} & set(element.attributes)
        assert not any(name.startswith("on") for name in element.attributes)
    [style] = drawn.all("style")
    assert "url(" not in style.text
    assert "@import" not in style.text


def test_links_out_are_to_pages_and_say_nothing_of_us(launch: Report, drawn: Element) -> None:
    out = [a for a in drawn.all("a") if not a.attributes["href"].startswith("#")]
    assert len(out) == len(launch.sources)
    for link in out:
        assert re.match(r"https?://", link.attributes["href"])
        assert link.attributes["rel"] == "noopener noreferrer"
    odd = dataclasses.replace(
        launch, sources={"1": "javascript:alert(1)", "2": "data:text/html,x", "3": "a book"}
    )
    assert all(a.attributes["href"].startswith("#") for a in read(odd).all("a"))


def test_the_same_report_gives_the_same_bytes(launch: Report) -> None:
    again = gather([], [load_published("launch")], command="evalkit report --published launch")
    assert page(launch, labels=labels()) == page(again, labels=labels())


def test_budget(launch: Report) -> None:
    text = page(launch, labels=labels())
    [style] = re.findall("<style>.*</style>", text)
    assert len(style.encode()) < 35_000  # of the shell's 60 kB; the script has 25
    assert len(text.encode()) < 150_000


def test_what_has_no_data_is_left_out(launch: Report, drawn: Element) -> None:
    def ids(report: Report) -> list[str]:
        return [e.attributes["id"] for e in read(report).all("section", "section")]

    expected = ["scores", "differences", "documents", "specifications", "notes", "reproduce"]
    assert ids(launch) == expected
    assert [a.attributes["href"][1:] for nav in drawn.all("nav") for a in nav.all("a")] == expected
    bare = Report(launch.title, "", launch.tables[:1])
    assert ids(bare) == ["scores", "notes"]


@pytest.mark.parametrize("code", LANGUAGES)
def test_it_speaks_the_language_that_was_asked_for(launch: Report, code: str) -> None:
    [html] = read(launch, code).all("html")
    assert html.attributes["lang"] == code
    assert labels(code)("scores.title") in html.text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_only_text(launch: Report, text: str) -> None:
    report = everywhere(launch, text)
    harmless = everywhere(launch, "x y" if " " in text else "x")
    found = read(report)
    assert shape(found) == shape(read(harmless))
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\x00\x1b\ud800]", page(report, labels=labels()))
    [heading] = found.all("h1")
    assert heading.text == text.translate(
        {c: f"‹U+{c:04X}›" for c in (0x202E, 0x2066, 0x200B, 0, 0x1B, 0xD800)}
    )


def shape(root: Element) -> list[tuple[str, list[str]]]:
    """Elements and the names of their attributes."""
    return [(e.tag, sorted(e.attributes)) for e in root.all()]


def everywhere(launch: Report, text: str) -> Report:
    """The launch report with `text` wherever a document, a run or a user has a say."""
    table = launch.tables[0]
    models = tuple(dataclasses.replace(m, display=text, detail=text, organisation=text) for m in table.models)
    rows = tuple(dataclasses.replace(row, label=text, group=text) for row in table.rows)
    setting = Setting("s", scaffold=text)
    spoiled = Value(models[0].id, setting, "published", "qualitative", text, notes=("a",))
    main = dataclasses.replace(
        table,
        title=text,
        models=models,
        rows=rows,
        cells={**table.cells, (rows[0].id, models[0].id): spoiled},
        notes=dict.fromkeys(table.notes, text),
        columns_by={text: tuple(m.id for m in models)},
    )
    return dataclasses.replace(
        launch,
        title=text,
        lead=text,
        tables=(main, *(dataclasses.replace(t, title=text, caption=text) for t in launch.tables[1:])),
        findings=tuple(dataclasses.replace(f, figure=text, sentence=text) for f in launch.findings),
        forests=tuple(
            dataclasses.replace(
                f, family=text, differences=tuple(dataclasses.replace(d, label=text) for d in f.differences)
            )
            for f in launch.forests
        ),
        conflicts=tuple(dataclasses.replace(c, summary=text) for c in launch.conflicts),
        specifications=tuple(dataclasses.replace(s, field=text, english=text) for s in launch.specifications),
        warnings=(text,),
        documents={"d": text},
        sources={"1": text},
        facts={text: text},
        made=text,
    )
