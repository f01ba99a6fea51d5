"""One Chromium for this folder's tests; every page is watched, and must be quiet when its test is over.

The browser keeps this thread's event loop running: runs that a test needs are made in another process.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.chromium import Watch, chromium, executable


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Skips where there is none; with EVALKIT_BROWSER=required (CI) that is a failure."""
    path = executable()
    if path is None:
        words = "no Chromium: scripts/browser installs one, EVALKIT_CHROMIUM names another"
        (pytest.fail if os.environ.get("EVALKIT_BROWSER") == "required" else pytest.skip)(words)
    with chromium(path) as started:
        yield started


@pytest.fixture
def watch(browser: Browser) -> Iterator[Watch]:
    """Pages that may do as they please; the test says what they did."""
    pages = Watch(browser)
    yield pages
    pages.close()


@pytest.fixture
def open_report(watch: Watch) -> Iterator[Callable[..., Page]]:
    """`open_report(path, width=1440, scheme="light", ...)`: a page, which must stay quiet (see `Watch`)."""
    yield watch.open
    watch.quiet()
