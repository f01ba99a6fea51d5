"""The dashboard in a real Chromium: it fits, links lead to what they name, and it works by keyboard, without
scripts and on paper."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from pypdf import PdfReader

from evalkit.nightly.latest import latest
from evalkit.nightly.look import outlook
from evalkit.nightly.page import page as made
from evalkit.nightly.page.days import change, points
from evalkit.nightly.standing import Note, Outlook
from evalkit.nightly.states import Ack, States
from tests.browser.chromium import Scheme, Watch
from tests.browser.hostile import TEXTS
from tests.browser.page import findings, overflow
from tests.browser.test_hostile_page import nothing_happened
from tests.nightly.nights import FIRST, broken
from tests.nightly.outlooks import LITTLE, a_plan, one

Open = Callable[..., Page]


@cache
def plan() -> Outlook:
    return a_plan(only=LITTLE)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(plan(), tmp_path_factory.mktemp("nightly"))


def written(outlook: Outlook, folder: Path) -> Path:
    out = folder / "index.html"
    out.write_text(made(outlook, plan="coding plan.toml", folder=Path("results/coding")), encoding="utf-8")
    return out


def series(page: Page, id: str) -> Locator:
    return page.locator(f'[id="series-{id}"]')


@pytest.mark.parametrize("width", [1440, 1020, 390])
def test_it_is_no_wider_than_its_window(path: Path, open_report: Open, width: int) -> None:
    page = open_report(path, width)
    assert overflow(page) == 0
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert overflow(page) == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_screen_reader_meets_no_obstacle(path: Path, watch: Watch, scheme: Scheme) -> None:
    page = watch.open(path, scheme=scheme)
    page.locator("details.series > summary").last.click()
    assert findings(page) == []


def test_the_grid_says_how_each_series_stands(path: Path, open_report: Open) -> None:
    page = open_report(path)
    for standing in plan().standings:
        cell = page.locator(f'#t-all a[data-series="{standing.series.id}"]')
        now = latest(standing.watched)
        assert cell.locator(".now").inner_text() == points(now.score)
        assert cell.locator(".dv").inner_text() == change(now.change)
        assert cell.locator(".sign").inner_text() == standing.stands


def test_each_alarm_stands_in_the_list_with_what_was_said(path: Path, open_report: Open) -> None:
    page = open_report(path)
    rows = page.locator("#t-alarms tbody tr")
    wanted = [(event.id, event.state) for one in plan().standings for event in one.events]
    found = [(row.get_attribute("id"), row.get_attribute("data-state")) for row in rows.all()]
    assert sorted(found) == sorted(wanted)
    known = page.locator("#t-alarms tr[data-state=acknowledged]")
    assert "ada, 14 Feb: quantised weights, on purpose. Until 21 Mar" in known.inner_text()
    assert known.get_by_role("link", name="https://example.org/issues/7").count() == 1


def test_a_link_to_a_series_opens_its_section(path: Path, open_report: Open) -> None:
    steady = next(one.series.id for one in plan().standings if one.stands == "steady")
    closed = series(open_report(path), steady)
    assert not closed.is_visible()
    page = open_report(path, anchor=f"series-{steady}")
    expect(series(page, steady)).to_be_visible()
    page = open_report(path)
    page.locator(f'#t-all a[data-series="{steady}"]').click()
    expect(series(page, steady)).to_be_visible()
    heading = page.locator("details.series[open]").filter(has=series(page, steady)).locator("h3").first
    assert heading.evaluate("h => h.getBoundingClientRect().top >= 0")


def test_by_keyboard(path: Path, open_report: Open) -> None:
    page = open_report(path)
    box = page.locator("details.series").last
    assert box.get_attribute("open") is None
    box.locator("summary").first.press("Enter")
    assert box.get_attribute("open") is not None
    page.locator("#theme-dark").focus()
    page.keyboard.press("Space")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 19, 23)"
    chart = page.locator(".newest").first
    chart.focus()
    assert chart.evaluate("e => e === document.activeElement")


def test_a_narrow_window_sees_the_newest_nights(path: Path, open_report: Open) -> None:
    for width in (1440, 390):
        page = open_report(path, width)
        named = page.locator("svg.chart").first.locator("text", has_text="1 Mar").first
        assert named.evaluate("t => t.getBoundingClientRect().right <= innerWidth")


def test_without_scripts_charts_are_there(path: Path, open_report: Open) -> None:
    page = open_report(path, script=False)
    assert page.locator("svg.chart").first.is_visible()
    regressed = next(one for one in plan().standings if one.stands == "regressed")
    dots = series(page, regressed.series.id).locator("svg.chart circle.dot")
    assert dots.count() == len(regressed.series.nights)


def test_on_paper(path: Path, watch: Watch) -> None:
    reader = PdfReader(io.BytesIO(watch.open(path).pdf(prefer_css_page_size=True, print_background=True)))
    sizes = {(round(float(p.mediabox.width)), round(float(p.mediabox.height))) for p in reader.pages}
    assert sizes == {(842, 595)}
    text = re.sub(r"\s+", " ", " ".join(page.extract_text() for page in reader.pages))
    for words in (
        "One regression",
        "All series",
        "What changed",
        "Tasks behind the regression",
        "Quarantine",
    ):
        assert words in text
    assert len(reader.pages) < 12


def test_what_people_say_does_nothing(tmp_path: Path, watch: Watch) -> None:
    """Hostile notes, issues, and a series whose id is by hand."""
    fallen = one("mbpp", TEXTS[2], 16, nights=40, off=-0.12, since=30)
    nasty = replace(fallen, id=TEXTS[2] + " #?%2f", model=TEXTS[16])
    last = FIRST + timedelta(39)
    acks = tuple(
        Ack(nasty.id, "drop", last - timedelta(12), last, Note(text, text, last, issue, last + timedelta(9)))
        for text, issue in ((TEXTS[0], "javascript:window.__x=1"),)
    )
    found = outlook(TEXTS[0], [nasty], States(acks=acks))
    assert [event.state for event in found.standings[0].open] == ["acknowledged"]
    page = watch.open(written(found, tmp_path))
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    nothing_happened(page, watch)
    page.locator("#t-all a").click()
    expect(page.locator(":target")).to_have_count(1)
    nothing_happened(page, watch)
    assert overflow(page) == 0


def other_plans() -> Iterator[Outlook]:
    """No night, one night, hollow ones only, and more models with longer names than fit."""
    few = one("mbpp", "m", 1, nights=6)
    yield outlook("none", [replace(few, nights=())])
    yield outlook("one", [replace(few, nights=few.nights[:1])])
    yield outlook("hollow", [replace(few, nights=tuple(broken(night, 0.3) for night in few.nights))])
    long = [replace(few, model=f"a-model-of-a-provider/with-a-long-name-{n}", id=f"s{n}") for n in range(12)]
    yield outlook("many", long)


@pytest.mark.full
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1920, 1440, 1020, 768, 390, 320])
def test_every_width_theme_and_plan(tmp_path: Path, open_report: Open, width: int, scheme: str) -> None:
    for found in (plan(), *other_plans()):
        page = open_report(written(found, tmp_path), width, scheme)
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        assert overflow(page) == 0, found.name
        if width in (1440, 390):
            assert findings(page) == [], found.name
