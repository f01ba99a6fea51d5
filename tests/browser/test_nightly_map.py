"""The dashboard's map of tasks and nights in a real Chromium: drawn when it is seen, moved over by keys,
filtered, in both themes; and what stands in for it on paper and without scripts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Position, expect

from evalkit.nightly.history import Night, Series
from evalkit.nightly.look import outlook
from evalkit.nightly.page import page as made
from evalkit.nightly.standing import Outlook, Quarantined
from evalkit.nightly.states import Put, States
from tests.browser.chromium import Watch
from tests.browser.page import findings, overflow
from tests.nightly.nights import FIRST, broken, shares, simulated

Open = Callable[..., Page]
NIGHTS, TASKS, FELL = 50, 80, 40
ALL = shares(TASKS, 3)
HARD = sorted(range(TASKS), key=lambda task: -ALL[task])[:16]  # that fall


def nights(fell: int = FELL, *, real: bool = True) -> list[Night]:
    low = [0.02 if task in HARD else p for task, p in enumerate(ALL)]
    found = simulated(NIGHTS, lambda night: low if night >= fell else ALL, seed=4)
    return [
        replace(
            night,
            run="suite--model" if real else "",
            simulated=not real,
            reasons={task: "failed/timeout" for task, (k, _) in night.tasks.items() if not k},
        )
        for night in found
    ]


@cache
def the_outlook() -> Outlook:
    """One that fell, with a hollow night, a gap, a night whose run is gone and a quarantined task; a steady
    one, in a closed section."""
    fallen = nights()
    fallen[1] = replace(fallen[1], run="")
    fallen[30] = broken(fallen[30], 0.1)
    del fallen[20]
    steady = [
        replace(night, reasons={task: f"failed/{task}-{at % 3}" for task in night.reasons})
        for at, night in enumerate(nights(999))
    ]
    series = [
        Series("suite", "fallen", tuple(fallen), title="A suite", id="suite--fallen"),
        Series("suite", "steady", tuple(steady), title="A suite", id="suite--steady"),
    ]
    put = Quarantined("suite", "task-5", "waits for the network", "ada", FIRST, FIRST + timedelta(90), "#7")
    return outlook("plan", series, States(quarantined=(Put(put),)))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("nightly") / "index.html"
    out.write_text(made(the_outlook(), folder=Path("results/plan")), encoding="utf-8")
    return out


@pytest.fixture
def heat(path: Path, open_report: Open) -> Locator:
    """The map of the series that fell, drawn."""
    return drawn(open_report(path))


def drawn(page: Page) -> Locator:
    heat = page.locator(".heat").first
    heat.scroll_into_view_if_needed()
    heat.locator("canvas").wait_for()
    return heat


def colours(heat: Locator) -> Mapping[str, list[int]]:
    """Of the legend, and of the cells of the first row at the first and the last night."""
    found: Mapping[str, list[int]] = heat.evaluate(
        """(heat) => {
          const rgb = (css) => css.match(/[\\d.]+/g).slice(0, 3).map(Number);
          const of = (css) => rgb(getComputedStyle(heat.querySelector(`.key .${css}`)).backgroundColor);
          const canvas = heat.querySelector("canvas"), box = heat.querySelector(".box");
          const width = heat.querySelector(".space").offsetWidth, y = 22 + 7;
          const left = +box.dataset.left, night = 14;
          const copy = new OffscreenCanvas(canvas.width, canvas.height);
          const pen = copy.getContext("2d", { willReadFrequently: true });
          pen.drawImage(canvas, 0, 0);
          const at = (x) => [...pen.getImageData(x, y, 1, 1).data].slice(0, 3);
          const [first, last] = [at(left + night / 2), at(left + 48 * night + night / 2)];
          return { pass: of("v-pass"), fail: of("v-fail"), first, last };
        }"""
    )
    return found


def words(heat: Locator) -> str:
    return heat.locator("output.at").inner_text()


def test_a_closed_section_has_none_until_it_is_opened(path: Path, open_report: Open) -> None:
    page = open_report(path)
    page.locator(".heat canvas").wait_for()  # the first one by itself
    assert page.locator(".heat canvas").count() == 1
    assert not page.locator(".heat .still").first.is_visible()
    closed = page.locator("details.series").first
    closed.locator("summary").first.click()
    closed.locator(".heat").scroll_into_view_if_needed()
    closed.locator(".heat canvas").wait_for()
    assert page.locator(".heat canvas").count() == 2


def test_its_colours_are_those_of_its_legend_in_every_theme(heat: Locator) -> None:
    light = colours(heat)
    assert (light["first"], light["last"]) == (light["pass"], light["fail"])
    heat.page.locator("label[for=theme-dark]").click()
    dark = colours(heat)
    assert (dark["first"], dark["last"]) == (dark["pass"], dark["fail"])
    assert dark["fail"] != light["fail"]


def test_keys_move_and_words_say_where(heat: Locator) -> None:
    box = heat.locator(".box")
    box.focus()
    first = the_outlook().standings[0].events[0].moved[0]
    before, after = (f"{k} of {n}" for k, n in (first.before, first.after))
    box.press("ArrowDown")
    assert words(heat) == f"{first.task}, 19 Feb 2026: failed/timeout. Before {before}, after {after}."
    box.press("Home")
    assert words(heat).startswith(f"{first.task}, 1 Jan 2026: passed.")
    for _ in range(20):
        box.press("ArrowRight")
    assert "1 day before it without a night." in words(heat)
    for _ in range(9):
        box.press("ArrowRight")
    assert "31 Jan 2026" in words(heat)
    assert "This night is not compared: 10.0% of its samples broke by infrastructure." in words(heat)
    box.press("Control+End")
    assert ", 19 Feb 2026: " in words(heat)
    assert heat.locator(".box").evaluate("box => box.scrollTop") > 0
    box.press("Control+Home")
    box.press("Enter")
    kept = heat.locator(".kept")
    assert kept.locator("h4").inner_text() == first.task
    assert (
        kept.locator("code").inner_text() == f"evalkit show results/plan/2026-01-01/suite--model {first.task}"
    )
    box.press("ArrowRight")
    box.press("Enter")
    assert kept.locator("code").count() == 0
    assert "Its run is not here any more" in kept.inner_text()


def test_search_choices_and_order(heat: Locator) -> None:
    found, search = heat.locator("output.found"), heat.locator("input[type=search]")
    assert found.inner_text() == "80 tasks"
    search.fill("TASK-7")
    assert found.inner_text() == "11 of 80 tasks"
    search.fill("nothing")
    assert (found.inner_text(), words(heat)) == ("0 of 80 tasks", "No task is like that.")
    for key in ("ArrowDown", "Enter", "Home"):
        heat.locator(".box").press(key)
    search.fill("")
    which = heat.get_by_label("Which tasks")
    options = {one.split(" (")[0]: one for one in which.locator("option").all_inner_texts()}
    assert "In quarantine" in options
    last, before = the_outlook().standings[0].series.nights[-1], the_outlook().standings[0].series.nights[-2]
    flipped = sum(last.tasks[task] != before.tasks[task] for task in last.tasks)
    assert options["Flipped since the night before"] == f"Flipped since the night before ({flipped})"
    which.select_option("apart")
    assert found.inner_text() == "1 of 80 tasks"
    heat.locator(".box").focus()
    heat.locator(".box").press("ArrowUp")
    assert words(heat).startswith("task-5, ")
    heat.locator(".box").press(" ")
    assert "Quarantine until 1 April 2026: waits for the network (ada)" in heat.locator(".kept").inner_text()
    which.select_option("")
    heat.get_by_label("Order").select_option("name")
    heat.locator(".box").press("ArrowUp")
    assert words(heat).startswith("task-0, ")
    heat.locator(".box").press("ArrowDown")
    assert words(heat).startswith("task-1, ")


def test_without_names_all_tasks_are_in_sight(heat: Locator) -> None:
    high = "box => [box.scrollHeight > box.clientHeight + 1, box.clientHeight]"
    many, before = heat.locator(".box").evaluate(high)
    heat.get_by_label("names").uncheck()
    none, after = heat.locator(".box").evaluate(high)
    assert (many, none) == (True, False)
    assert after <= before + 20


def test_the_mouse_says_what_it_is_over(heat: Locator) -> None:
    canvas, left = heat.locator("canvas"), heat.locator(".box").get_attribute("data-left")
    first = Position(x=int(left or 0) + 7, y=30)
    canvas.hover(position=first)
    expect(heat.locator("output.at")).to_contain_text(", 1 Jan 2026: passed.")
    canvas.click(position=first)
    heat.locator(".kept h4").wait_for()
    assert heat.locator(".kept h4").inner_text() in words(heat)


@pytest.mark.parametrize("width", [1440, 1020, 390])
def test_it_fits(path: Path, open_report: Open, width: int) -> None:
    page = open_report(path, width)
    heat = drawn(page)
    assert overflow(page) == 0
    assert heat.locator("canvas").evaluate("canvas => canvas.offsetWidth") <= width


def test_a_screen_reader_finds_its_way(path: Path, watch: Watch) -> None:
    page = watch.open(path)
    heat = drawn(page)
    heat.locator(".box").press("ArrowDown")
    heat.locator(".box").press("Enter")
    assert findings(page) == []


def test_on_paper_and_without_scripts_the_largest_changes_stand_in(path: Path, watch: Watch) -> None:
    page = watch.open(path)
    heat = drawn(page)
    page.emulate_media(media="print")
    assert (heat.locator(".live").is_visible(), heat.locator(".still").is_visible()) == (False, True)
    plain = watch.open(path, script=False)
    assert plain.locator(".heat .still").first.is_visible()
    assert not plain.locator(".heat .live").first.is_visible()
    assert plain.locator("table.marked tbody tr").count() == 8
    watch.quiet()


def test_each_cell_says_what_its_night_says(path: Path, open_report: Open) -> None:
    """Of a series whose verdicts are of many kinds: more than there are plain letters for them."""
    page = open_report(path)
    heat = page.locator(".heat").nth(1)
    page.locator("details.series").first.locator("summary").first.click()
    heat.scroll_into_view_if_needed()
    heat.locator("canvas").wait_for()
    said = heat.evaluate(
        """(heat) => {
          const [box, at] = [heat.querySelector(".box"), heat.querySelector("output.at")], said = [];
          const press = (key) => box.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
          for (let task = 0; task < 80; task++) {
            press("ArrowDown");
            for (const key of ["Home", "ArrowRight", "ArrowRight", "End"]) {
              press(key);
              said.push(at.textContent);
            }
          }
          return said;
        }"""
    )
    nights = the_outlook().standings[1].series.nights
    told = {one.split(". ")[0] for one in said}
    expected = {
        f"{task}, {night.day.day} {night.day:%b %Y}: {night.reasons.get(task, 'passed')}"
        for night in (*nights[:3], nights[-1])
        for task in night.tasks
    }
    assert told == expected
    assert len({one.split(": ")[1] for one in told}) > 91
