"""Pictures for README and docs: the head of the launch table's page with measured rows, light and dark, a
recorded terminal, and the head of a dashboard.

    make screenshots     needs the data of humaneval and mbpp: EVALKIT_DATA

Runs, page and pictures come out the same every time where Chromium and fonts are the same.
"""

from __future__ import annotations

import asyncio
import io
import os
import sys
import tempfile
from pathlib import Path
from typing import get_args

from PIL import Image
from playwright.sync_api import Page

from tests.browser.chromium import Scheme, Watch, chromium, executable
from tests.browser.drill_page import facts, write_page
from tests.browser.recorded import recorded_run
from tests.browser.reports import write_report
from tests.browser.runs import played
from tests.nightly.sixty import make as sixty
from tests.report.casts import recorded

WIDTH, SCALE, WIDE = 1300, 1.6, 1440
TITLE = "An example: printed scores beside runs of scripted models"  # nobody may take these for measurements
BELOW = 40  # pixels under the main table
SUITES = (
    "terminal-bench,swe-bench-verified,swe-bench-multilingual,aider-polyglot,webarena,"
    "tau-bench-retail,tau-bench-airline,mini,humaneval,mbpp"
)


def player(page: Page, file: Path) -> None:
    """A recording while somebody edits a file in it."""
    page.locator(".cast input[type=range]").fill("5000")
    page.locator(".cast").evaluate("cast => { document.activeElement.blur(); cast.style.padding = '2px' }")
    save(page.locator(".cast").screenshot(animations="disabled"), file)


def picture(page: Page, file: Path) -> None:
    """The page down to the end of its main table."""
    table = page.locator("#t-scores").bounding_box()
    assert table
    page.set_viewport_size({"width": WIDTH, "height": round(table["y"] + table["height"]) + BELOW})
    save(page.screenshot(animations="disabled"), file)


def dashboard(page: Page, file: Path) -> None:
    """Down to the grid of all series."""
    grid = page.locator("#all").bounding_box()
    assert grid
    page.set_viewport_size({"width": WIDE, "height": round(grid["y"] + grid["height"]) + BELOW})
    save(page.screenshot(animations="disabled"), file)


def save(png: bytes, file: Path) -> None:
    """With 256 colours: a third of the bytes."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    few = image.quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE)
    few.save(file, optimize=True)
    print(f"{file}: {file.stat().st_size // 1000} kB")


def main(folder: Path) -> None:
    path = executable()
    if path is None:
        sys.exit("no Chromium: scripts/browser installs one")
    data = Path(os.environ.get("EVALKIT_DATA", "../shared/data"))
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        runs = [*played(Path(made), ["mini"], samples=4), *played(Path(made), ["humaneval", "mbpp"], data)]
        shown = ("--published", "launch", "--suites", SUITES, "--title", TITLE)
        report = write_report(Path(made) / "report.html", *runs, *shown)
        asyncio.run(recorded_run(Path(made) / "recorded", {"edit": recorded("edit")}))
        alone = write_page(Path(made), [facts(Path(made) / "recorded", "r")], "all")
        nights = sixty(Path(made)).page
        with chromium(path) as browser:
            watch = Watch(browser)
            for scheme in get_args(Scheme):
                picture(watch.open(report, WIDTH, scheme, scale=SCALE), folder / f"report-{scheme}.png")
            dashboard(watch.open(nights, WIDE), folder / "nightly.png")
            player(watch.open(alone, WIDTH, scale=SCALE, anchor="run=r&task=edit"), folder / "player.png")
            watch.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
