"""One Chromium for this folder's tests; every page is watched, and must be quiet when its test is over.

The browser keeps this thread's event loop running: runs that a test needs are made in another process.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.chromium import Watch, chromium, executable
from tests.browser.reports import write_report
from tests.browser.runs import played
from tests.report.runs import Runs


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


@pytest.fixture(scope="session")
def report_in(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The launch table's page in a language, made once."""
    folder = tmp_path_factory.mktemp("launch")

    def made(language: str) -> Path:
        out = folder / f"{language}.html"
        return out if out.exists() else write_report(out, "--published", "launch", "--language", language)

    return made


@pytest.fixture(scope="session")
def launch_page(report_in: Callable[[str], Path]) -> Path:
    """`evalkit report --published launch`."""
    return report_in("en")


@pytest.fixture(scope="session")
def runs(
    tmp_path_factory: pytest.TempPathFactory, real_runs: Runs, request: pytest.FixtureRequest
) -> list[Path]:
    """Two models over mini, four samples a task, and where their data is, 8 tasks of humaneval and mbpp."""
    found = [real_runs.qwen, real_runs.kimi]
    try:
        data: Path = request.getfixturevalue("data_dir")
    except pytest.skip.Exception:
        return found
    return found + played(tmp_path_factory.mktemp("runs"), ["humaneval", "mbpp"], data, limit=8)


@pytest.fixture(scope="session")
def mixed_page(runs: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The launch table with every run beside it."""
    return write_report(tmp_path_factory.mktemp("mixed") / "mixed.html", *runs, "--published", "launch")
