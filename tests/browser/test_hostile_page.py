"""Hostile text in every place that a report takes text from: it is shown, and does nothing.

The red-team corpus beside this repository joins in, where it is there.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Page

from evalkit.text import shown
from tests.browser.chromium import Watch
from tests.browser.hostile import TEXTS, corpus, hostile_published
from tests.browser.page import overflow
from tests.browser.reports import write_report
from tests.cli.stored import make_run

FOREIGN = "img, iframe, object, embed, base, meta[http-equiv=refresh], form[action], [href^='javascript:']"
ALL = (*TEXTS, *corpus())


@pytest.fixture(scope="module")
def hostile_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published file full of it, and for each text one run of that model, tasks, replies, tests, errors."""
    folder = tmp_path_factory.mktemp("hostile")
    # the store itself refuses a NUL in an id
    ids = [text.replace("\0", "") for text in ALL]
    with ThreadPoolExecutor(1) as aside:  # the browser's event loop runs in this thread
        runs = list(aside.map(make_run, map(folder.joinpath, map(str, range(len(ids)))), ALL, ids, ids))
    published = hostile_published(folder / "hostile.json")
    words = ("--title", " ".join(TEXTS[:3]), "--transcripts", "all")
    return write_report(folder / "hostile.html", *runs, "--published", published, *words)


@pytest.mark.parametrize("script", [True, False])
def test_it_does_nothing(hostile_page: Path, watch: Watch, script: bool) -> None:
    page = watch.open(hostile_page, script=script)
    nothing_happened(page, watch)
    if script:
        for element in page.locator("summary:visible, th button:visible").all():
            element.dispatch_event("mouseover")
            element.dispatch_event("click")
        nothing_happened(page, watch)


def nothing_happened(page: Page, watch: Watch) -> None:
    page.wait_for_timeout(50)
    assert page.evaluate("window.__x") is None
    watch.quiet()  # also no word of the policy on the console: there was nothing to hold back
    assert page.locator(FOREIGN).count() == 0
    names = set(page.evaluate("[...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames())"))
    assert [name for name in names if name.startswith("on")] == []
    assert page.evaluate("document.title") != "owned"


@pytest.mark.parametrize("width", [1440, 390])
def test_it_is_shown_as_what_it_is(hostile_page: Path, open_report: object, watch: Watch, width: int) -> None:
    page = watch.open(hostile_page, width)
    text = " ".join((page.locator("body").text_content() or "").split())
    for hostile in ALL:
        assert " ".join(shown(hostile).split())[:200] in text
    assert "\u202e" not in text
    assert overflow(page) == 0
