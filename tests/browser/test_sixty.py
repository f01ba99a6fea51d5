"""The sixty nights of tests/nightly/sixty.py, some of them really run, as they are read in a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import pytest
from playwright.sync_api import Locator

from tests.browser.chromium import Scheme, Watch
from tests.nightly.receivers import Hook, hook
from tests.nightly.sixty import (
    BROKEN,
    DATA,
    FLAKY,
    MOVED,
    OLD_DATA,
    QUARANTINED,
    REAL,
    RENAMED,
    REVISED,
    Made,
    lost,
    make,
    short,
)
from tests.nightly.test_sixty import tells_each_night, tells_the_drop

pytestmark = (
    pytest.mark.full
)  # a minute of real nights; tests/nightly/test_sixty.py has the same ones made up


@dataclass(frozen=True)
class Sixty:
    made: Made
    hook: Hook


@pytest.fixture(scope="module")
def sixty(tmp_path_factory: pytest.TempPathFactory, docker_engine: object) -> Iterator[Sixty]:
    with hook() as receiver, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIXTY_HOOK", receiver.url)
        made = make(tmp_path_factory.mktemp("sixty"), alerts='[alerts]\nwebhook = "env:SIXTY_HOOK"\n')
        yield Sixty(made, receiver)


def test_nights_that_are_run_end_as_they_should_and_people_are_told_twice(sixty: Sixty) -> None:
    broken, *later = [n for n in REAL if n >= BROKEN[1]]
    assert sixty.made.codes == {20: 0, MOVED: 0, broken: 10, **dict.fromkeys(later, 10)}
    messages = [got.body for got in sixty.hook.got]
    assert [(one["kind"], one["date"]) for one in messages] == [
        ("drop", "2026-11-21"),
        ("incomplete", "2026-11-21"),
    ]
    assert messages[0]["title"].startswith("Regression: Coder on Mini, −")
    assert set(messages[1]["missing"]) == {"Mini--Coder", "Mini--Helper"}


def test_the_feed_says_what_happened_and_which_nights_were_really_run(sixty: Sixty) -> None:
    tells_the_drop(sixty.made.feed())
    tells_each_night(sixty.made)
    nights = sixty.made.feed("Mini--Helper")["nights"]
    assert tuple(n for n, row in enumerate(nights) if not row["simulated"]) == REAL
    assert {end for end in nights[BROKEN[1]]["ends"] if end.startswith("error")} == {"error/api"}


def test_built_twice_it_is_the_same_bytes(sixty: Sixty, tmp_path: Path) -> None:
    for name in ("one", "two"):
        done = sixty.made.evalkit("nightly", "report", "nightly.toml", "-o", str(tmp_path / name))
        assert done.returncode == 10, done.stderr
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert files == sorted(path.name for path in sixty.made.reports.iterdir())
    for name in files:
        once = (tmp_path / "one" / name).read_bytes()
        assert once == (tmp_path / "two" / name).read_bytes() == (sixty.made.reports / name).read_bytes()


def test_the_page_says_the_drop_first_and_of_nothing_else_that_it_got_worse(
    sixty: Sixty, watch: Watch
) -> None:
    page = watch.open(sixty.made.page)
    feed = sixty.made.feed()
    assert text(page.locator("h1")) == "One regression"
    assert text(page.locator(".lead")) == feed["lede"]
    figures = [text(one) for one in page.locator(".figures .figure").all()][:4]
    assert figures == ["2", "1", "0", "0"]
    assert "110 of 120 nights" in text(page.locator(".warnings"))
    coder = page.locator("#series-Mini--Coder")
    [event] = feed["series"][0]["events"]
    assert event["told"] in (coder.locator("svg[role=img]").first.get_attribute("aria-label") or "")
    beside = text(coder.locator(".beside"))
    assert f"Before {100 * event['before']:.1f} After {100 * event['after']:.1f} " in beside
    assert f"First bad night {short(MOVED)} " in beside
    differs = [text(one) for one in coder.locator(".beside ol li").all()]
    assert differs == [f"model version coder-0828 → coder-1113, {short(MOVED)}"]
    assert folded(coder, "not compared") == [
        (short(BROKEN[0]), "10.0% of its samples broke by infrastructure"),
        (short(BROKEN[1]), "7.5% of its samples broke by infrastructure"),
    ]
    [(night, why)] = folded(coder, "New baselines")
    assert (night, f"data was {OLD_DATA} and is {DATA}" in why) == (short(REVISED), True)
    changed = folded(coder, "Changes of the environment")
    assert [night for night, _ in changed] == [short(REVISED), short(MOVED)]
    assert "coder-1113" in changed[1][1]
    behind = page.locator("#tasks-0 .behind tbody th")
    assert {text(one) for one in behind.all()[: len(lost())]} == set(lost())
    alarms = page.locator("#t-alarms tbody tr")
    assert [one.get_attribute("data-state") for one in alarms.all()] == ["new"]
    watch.quiet()


def test_the_page_says_of_the_other_series_what_was_and_no_more(sixty: Sixty, watch: Watch) -> None:
    page = watch.open(sixty.made.page, anchor="series-Mini--Helper")
    helper = page.locator("details.series", has=page.locator("#series-Mini--Helper"))
    assert helper.evaluate("details => details.open")
    assert "steady" in text(helper.locator("summary").first)
    assert helper.locator(".told").count() == 0
    changed = folded(helper, "Changes of the environment")
    assert [night for night, _ in changed] == [short(REVISED), short(RENAMED)]
    assert "helper-1113" in changed[1][1]
    assert [night for night, _ in folded(helper, "not compared")] == [short(n) for n in BROKEN]
    assert [night for night, _ in folded(helper, "New baselines")] == [short(REVISED)]
    flaky = {
        text(row.locator("th")): text(row)
        for row in helper.locator("table", has_text="Flip rate").locator("tbody tr").all()
    }
    assert flaky[FLAKY].endswith("left out")
    assert all(row.endswith("counts") for task, row in flaky.items() if task != FLAKY)
    [quarantine] = page.locator("#t-quarantine tbody tr").all()
    for said in (FLAKY, "Mini", "depends on the clock", "ada", "#12", short(QUARANTINED), "15 Jan 2027"):
        assert said in text(quarantine)
    watch.quiet()


@pytest.mark.parametrize("scheme", get_args(Scheme))
@pytest.mark.parametrize("width", [1440, 1020, 390])
def test_it_fits(width: int, scheme: Scheme, sixty: Sixty, watch: Watch) -> None:
    page = watch.open(sixty.made.page, width, scheme, anchor="series-Mini--Helper")
    for fold in page.locator("details").all():
        fold.evaluate("details => { details.open = true }")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    for section in page.locator("section").all():
        section.scroll_into_view_if_needed()
    page.wait_for_function("document.querySelectorAll('.heat canvas').length == 2")
    watch.quiet()


def folded(series: Locator, title: str) -> list[tuple[str, str]]:
    """Days of a fold and what they say, oldest first."""
    fold = series.locator("details", has=series.page.locator(f"summary:has-text('{title}')")).last
    fold.evaluate("details => { details.open = true }")
    found = []
    for item in reversed(fold.locator("li").all()):
        day, _, rest = text(item).partition(" ")
        month, _, rest = rest.partition(" ")
        found.append((f"{day} {month}", rest))
    return found


def text(found: Locator) -> str:
    return re.sub(r"\s+", " ", found.inner_text()).strip()
