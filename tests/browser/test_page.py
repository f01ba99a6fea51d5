"""The page as a whole: it fits, asks for nothing, prints, and works by keyboard and without its script."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from tests.browser.chromium import Watch
from tests.browser.page import findings, overflow
from tests.browser.reports import cells, write_report

Open = Callable[..., Page]
A4 = (842, 595)  # points, landscape


@pytest.mark.parametrize("width", [1440, 1020, 390])
def test_it_is_no_wider_than_its_window(mixed_page: Path, open_report: Open, width: int) -> None:
    assert overflow(open_report(mixed_page, width)) == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_screen_reader_meets_no_obstacle(mixed_page: Path, open_report: Open, scheme: str) -> None:
    assert findings(open_report(mixed_page, scheme=scheme)) == []


@pytest.mark.full
@pytest.mark.parametrize("language", ["en", "uk", "tr"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1920, 1440, 1020, 768, 390, 320])
def test_every_width_theme_and_language(
    report_in: Callable[[str], Path], open_report: Open, width: int, scheme: str, language: str
) -> None:
    page = open_report(report_in(language), width, scheme)
    assert overflow(page) == 0
    assert findings(page) == []


@pytest.mark.parametrize("language", ["uk", "tr"])
def test_other_languages(report_in: Callable[[str], Path], open_report: Open, language: str) -> None:
    """The longest words must fit too, and the page says its language to a screen reader."""
    page = open_report(report_in(language), 390)
    assert page.locator("html").get_attribute("lang") == language
    assert overflow(page) == 0
    headings = page.locator("main h2").all_inner_texts()
    assert len(headings) >= 5
    assert not set(headings) & set(open_report(report_in("en")).locator("main h2").all_inner_texts())


def test_it_asks_for_nothing(mixed_page: Path, open_report: Open) -> None:
    """No request is even begun (`open_report` asserts it), and nothing in it could begin one."""
    page = open_report(mixed_page)
    page.keyboard.press("End")
    assert page.evaluate("performance.getEntriesByType('resource').length") == 0
    outside = Outside()
    outside.feed(mixed_page.read_text(encoding="utf-8"))
    assert outside.found == []
    assert (
        outside.metas[0] == {"charset": "utf-8"} or "content-security-policy" in str(outside.metas[0]).lower()
    )
    policy = next(m["content"] for m in outside.metas if m.get("http-equiv") == "Content-Security-Policy")
    rules = dict(rule.strip().split(" ", 1) for rule in str(policy).split(";") if rule.strip())
    assert rules["default-src"] == "'none'"
    assert re.fullmatch(r"'none'|'sha256-[\w+/=]+'", rules.get("script-src", "'none'"))
    assert rules["base-uri"] == rules["form-action"] == "'none'"


class Outside(HTMLParser):
    """Whatever leads out of a page but plain links, which wait for a click. `metas`: their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.metas: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "meta":
            self.metas.append(dict(attrs))
        for name, value in attrs:
            loads = name in ("src", "srcset", "data", "poster", "action", "background", "ping")
            linked = name in ("href", "xlink:href") and tag != "a"
            inside = (value or "").startswith(("data:", "#"))
            if name.startswith("on") or ((loads or linked) and not inside):
                self.found.append(f"<{tag} {name}={value!r}>")

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "style":
            self.found += re.findall(r"@import[^;]*|url\((?!['\"]?(?:data:|#))[^)]*\)", data)


def test_the_policy_holds(mixed_page: Path, watch: Watch) -> None:
    """Script that got into the page would not run, and could send nothing home."""
    page = watch.open(mixed_page)
    page.evaluate(
        """() => {
            const script = document.createElement('script');
            script.textContent = 'window.__x = 1';
            document.body.append(script);
            const div = document.createElement('div');
            div.innerHTML = '<img src="data:,x" onerror="window.__x = 2"><img src="http://192.0.2.1/x.png">';
            document.body.append(div);
        }"""
    )
    while sum("Content Security Policy" in said for said in watch.console) < 3:  # all were held back
        page.wait_for_timeout(20)
    assert page.evaluate("window.__x") is None
    sent = page.evaluate("fetch('http://192.0.2.1/').then(() => 'sent', () => 'held')")
    assert sent == "held"


def test_dark_and_light(mixed_page: Path, open_report: Open) -> None:
    """By the system's wish, and by the reader's own over it."""
    for scheme, other in (("light", "dark"), ("dark", "light")):
        page = open_report(mixed_page, scheme=scheme)
        before = paper(page)
        assert (before > 0.9) is (scheme == "light")
        page.locator(f"label[for=theme-{other}]").click()
        assert (paper(page) > 0.9) is (other == "light")
        page.locator("label[for=theme-auto]").click()
        assert paper(page) == before


def paper(page: Page) -> float:
    """Brightness of the page's ground, 0..1."""
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    red, green, blue = map(float, re.findall(r"[\d.]+", colour)[:3])
    return (red + green + blue) / (3 * 255)


def test_scores_without_their_intervals(mixed_page: Path, open_report: Open) -> None:
    page = open_report(mixed_page)
    tall = page.locator("#t-scores").bounding_box()
    page.locator("label[for=scores-only]").click()
    short = page.locator("#t-scores").bounding_box()
    assert tall
    assert short
    assert short["height"] < 0.9 * tall["height"]


def test_print(mixed_page: Path, open_report: Open) -> None:
    """A4 landscape; a table that goes on overleaf has its head again; what is for screens stays away."""
    page = open_report(mixed_page, scheme="dark")
    pages = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True, print_background=True))).pages
    assert {(round(p.mediabox.width), round(p.mediabox.height)) for p in pages} == {A4}
    texts = [p.extract_text() for p in pages]
    of_table = [text for text in texts if "Open models" in text]
    assert len(of_table) >= 2, "the main table's head was expected on more than one page"
    assert all("Kimi-K2" in text and "GPT-4.1" in text for text in of_table)
    assert ("Terminal-Bench" in of_table[0], "TAU-Bench Airline" in of_table[-1]) == (True, True)
    words = " ".join(of_table).split()  # what paper shows can be searched and copied, figures too
    assert [cell.text for cell in cells(page, "t-scores").values() if cell.text not in words] == []
    page.emulate_media(media="print")
    assert paper(page) > 0.95, "dark paper"
    assert not page.locator("label[for=theme-dark]").is_visible()


def test_without_its_script(mixed_page: Path, open_report: Open) -> None:
    """Everything but what only a script can do is there, and nothing is offered that does not work."""
    with_script, without = open_report(mixed_page), open_report(mixed_page, script=False)
    assert cells(without, "t-scores") == cells(with_script, "t-scores")
    assert without.locator("th button").count() == 0
    assert not without.locator("#tools").is_visible()
    for link in without.locator("a[href^='#']").all():
        target = (link.get_attribute("href") or "#")[1:]
        assert without.locator(f"[id='{target}']").count() == 1, f"#{target} leads nowhere"


_STOP = """() => {
    const here = document.activeElement, label = here.labels?.[0];
    const drawn = e => getComputedStyle(e).outlineStyle !== 'none';
    return [here.tagName, here.innerText ?? '', drawn(here) || Boolean(label && drawn(label))];
}"""


def test_by_keyboard(mixed_page: Path, open_report: Open) -> None:
    """The first stop leads past the head; every control can be reached and shows where one is."""
    page = open_report(mixed_page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    target = page.evaluate("document.activeElement.getAttribute('href')")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(re.escape(target) + "$"))
    seen = set()
    for _ in range(400):
        page.keyboard.press("Tab")
        stop = page.evaluate(_STOP)
        if stop[0] == "BODY":
            break
        assert stop[2], f"no focus is seen on {stop[:2]}"
        seen.add((stop[0], stop[1].strip()))
    wanted = page.locator("#t-scores th button").all_inner_texts()
    assert len(wanted) >= 6
    assert {("BUTTON", text.strip()) for text in wanted} <= seen


_ACCOUNTS = """all => all.map(tr => [
    tr.dataset.run,
    Object.fromEntries([...tr.querySelectorAll('[data-account]')].map(
        td => [td.dataset.account, Number(td.textContent.replace(',', ''))])),
])"""


def test_every_sample_is_accounted_for(mixed_page: Path, open_report: Open, runs: list[Path]) -> None:
    lines = open_report(mixed_page).locator("tr[data-run]:has([data-account])")
    found = lines.evaluate_all(_ACCOUNTS)
    assert len(found) == len(runs)
    for run, accounts in found:
        planned = accounts.pop("planned")
        assert sum(accounts.values()) == planned > 0, run


def test_built_twice_it_is_the_same_file(runs: list[Path], tmp_path: Path) -> None:
    first, second = (
        write_report(tmp_path / "report.html", *runs, "--published", "launch").read_bytes() for _ in range(2)
    )
    assert first == second
