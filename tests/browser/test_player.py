"""Recorded terminals in a real Chromium: played, looked through, read out, printed, and hostile ones."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from pypdf import PdfReader

from tests.browser.chromium import Watch
from tests.browser.drill_page import facts, write_page
from tests.browser.page import findings, overflow
from tests.browser.recorded import recorded_run
from tests.browser.test_drill import Open, apart
from tests.report.casts import HOSTILE, SESSION, cast, recorded
from tests.steady import steady

PLAYED = {"session": cast(SESSION), "vim": recorded("vim"), "wide": cast([(0, "o", "漢字 " * 40)], width=160)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page that holds every recording, and one that has them beside it (beside/)."""
    made = tmp_path_factory.mktemp("player")
    (made / "beside").mkdir()

    def write() -> None:
        asyncio.run(recorded_run(made / "run", {**PLAYED, **HOSTILE}))
        asyncio.run(recorded_run(made / "few", PLAYED))
        write_page(made, [facts(made / "run", "r")], "all")
        write_page(made / "beside", [facts(made / "few", "r")], "all", largest=500_100)

    apart(write)
    return made


@pytest.fixture
def opened(folder: Path, open_report: Open) -> Callable[..., Page]:
    def at(task: str, **how: object) -> Page:
        page = open_report(folder / "report.html", anchor=f"run=r&task={task}", **how)
        page.locator("#drill-sample", has_text=task).wait_for()
        return page

    return at


def screen(page: Page) -> Locator:
    return page.get_by_role("group", name="Screen of the terminal")


def text(page: Page) -> str:
    return "\n".join(line.rstrip() for line in (screen(page).text_content() or "").rstrip().split("\n"))


def position(page: Page) -> Locator:
    return page.get_by_role("slider", name="Position")


def drawn_again(page: Page) -> None:
    """Wait while the page draws three times: what moves would have moved."""
    frame = "await new Promise(requestAnimationFrame);"
    page.evaluate(f"async () => {{ {frame * 3} }}")


def test_a_session_plays_to_its_end(opened: Callable[..., Page]) -> None:
    page = opened("session")
    assert text(page).endswith("done\n$"), "at first its last screen"
    expect(page.locator(".cast .rest")).to_have_text("the terminal was made anew")
    page.get_by_label("Speed").select_option("2×")
    position(page).fill("5000")
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(screen(page)).to_contain_text("a full screen")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    assert text(page).endswith("done\n$")
    expect(page.locator(".time")).to_have_text("5:06 / 5:06")
    page.get_by_label("Speed").select_option("0.5×")
    end = int(position(page).input_value())
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Pause").click()
    stopped = position(page).input_value()
    assert int(stopped) < end
    drawn_again(page)
    assert position(page).input_value() == stopped


def test_any_moment_is_found_at_once(opened: Callable[..., Page]) -> None:
    page = opened("session")
    for at, shown, typed, clock in (
        ("500", "$", "", "0:00"),
        ("1200", "$ ls -la\nfolder  notes.txt  run.sh\n$", "ls -la⏎", "0:01"),
        ("5600", "a full screen" + "\n" * 23 + "its last line", "echo 漢字 | tee ^C", "5:03"),
        ("1200", "$ ls -la\nfolder  notes.txt  run.sh\n$", "ls -la⏎", "0:01"),
    ):
        position(page).fill(at)
        assert text(page) == shown
        expect(page.locator(".typed kbd")).to_have_text(typed)
        expect(position(page)).to_have_attribute("aria-valuetext", f"{clock} of 5:06")
    blue = page.locator(".screen .f4.is-b")
    assert blue.text_content() == "folder"
    assert blue.evaluate("e => getComputedStyle(e).color") == "rgb(130, 170, 255)"


def test_by_keyboard_alone(opened: Callable[..., Page]) -> None:
    page = opened("session")
    screen(page).focus()
    page.keyboard.press("Home")
    assert text(page) == "$"
    page.keyboard.press(".")
    assert "run.sh" in text(page)
    page.keyboard.press(",")
    assert text(page) == "$"
    page.keyboard.press("<")
    assert page.get_by_label("Speed").input_value() == "0.5"
    page.keyboard.press("k")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    position(page).focus()
    page.keyboard.press("End")
    before = int(position(page).input_value())
    page.keyboard.press("ArrowLeft")
    assert int(position(page).input_value()) == before - 5000
    page.keyboard.press("Escape")
    expect(page.locator("#drill-sample")).to_be_hidden()


def test_what_is_closed_stops(opened: Callable[..., Page]) -> None:
    page = opened("session")
    page.get_by_role("button", name="Play").click()
    kept = position(page).element_handle()
    page.keyboard.press("Escape")
    expect(page.locator("#drill-sample")).to_be_hidden()
    drawn_again(page)
    before = kept.input_value() if kept else None
    drawn_again(page)
    assert (kept.input_value() if kept else "") == before


def test_a_full_screen_program_is_seen_and_gone(opened: Callable[..., Page]) -> None:
    page = opened("vim")
    assert text(page).endswith("$ echo back\nback\n$")
    position(page).fill("5000")
    assert text(page).count("f.txt [+]") == 2
    assert page.locator(".screen .fpaper.bink").count() >= 1, "its status lines are inverse"


@pytest.mark.parametrize("width", [320, 1440])
def test_no_page_is_wider_than_its_window(opened: Callable[..., Page], width: int) -> None:
    page = opened("wide", width=width)
    assert overflow(page) == 0
    dialog = page.locator("dialog", has=page.locator(".cast"))
    assert dialog.evaluate("d => d.scrollWidth - d.clientWidth") == 0
    size = screen(page).evaluate("e => parseFloat(getComputedStyle(e).fontSize)")
    assert size == 7 if width == 320 else 11 < size <= 13
    wide = page.locator(".screen .wide").first.bounding_box()
    assert wide is not None
    one = screen(page).evaluate(
        "e => { const i = e.querySelector('i'); return i.getBoundingClientRect().width }"
    )
    assert abs(wide["width"] - 2 * one) < 0.1, "two cells"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_screen_reader_finds_its_way(opened: Callable[..., Page], scheme: str) -> None:
    page = opened("session", scheme=scheme)
    position(page).fill("3600")
    assert findings(page) == []


TOOK = """seek => ["min", "max"].map(end => {
    const before = performance.now();
    seek.value = seek[end];
    seek.dispatchEvent(new Event("input"));
    return performance.now() - before;
})"""
ELEMENTS = "section => [...new Set([...section.querySelectorAll('*')].map(e => e.localName))]"
OURS = {"button", "div", "h4", "i", "input", "kbd", "option", "p", "pre", "select", "span"}


@steady
def test_a_hostile_recording_runs_nothing_and_freezes_nothing(opened: Callable[..., Page]) -> None:
    """That the page stays quiet is what `open_report` sees to."""
    page = opened("session")
    for task in HOSTILE:
        page.evaluate("task => { location.hash = `run=r&task=${task}` }", task)
        expect(page.locator("#drill-sample")).to_have_text(task)
        section = page.locator(".is-recording")
        if task in ("none", "text", "third", "sizes"):
            expect(section).to_contain_text("The recording cannot be played")
            continue
        assert max(position(page).evaluate(TOOK)) < 1000, "milliseconds for any moment"
        assert set(section.evaluate(ELEMENTS)) <= OURS
        shown = section.text_content() or ""
        assert not set(shown) & set("\x1b\x07\x9b\u202e\u2066\u200b\u2028\x00\ud800")
    assert page.evaluate("window.__x") is None


def test_what_is_left_out_is_said(opened: Callable[..., Page]) -> None:
    expect(opened("line").locator(".is-recording")).to_contain_text("1,500,004 bytes")
    expect(opened("bytes").locator(".is-recording")).to_contain_text("2 lines of the recording could not")


def test_a_page_beside_the_report_plays_too(folder: Path, open_report: Open) -> None:
    page = open_report(folder / "beside" / "report-samples" / "r" / "0.html")
    page.locator(".cast").wait_for()
    assert text(page).endswith("done\n$")
    position(page).fill("1200")
    assert text(page) == "$ ls -la\nfolder  notes.txt  run.sh\n$"
    assert findings(page) == []
    expect(page.locator(".still")).to_be_hidden()
    page.emulate_media(media="print")
    expect(page.locator(".still")).to_contain_text("done")
    expect(screen(page)).to_be_hidden()


def test_on_paper_an_open_sample_is_its_last_screen_and_its_story(opened: Callable[..., Page]) -> None:
    page = opened("session")
    position(page).fill("1200")
    printed = "\n".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(page.pdf())).pages)
    assert "$ echo done" in printed
    assert "Do session." in printed
    assert "Zebra" not in printed, "nothing of what lies below it"
    assert "Play" not in printed
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    printed = "\n".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(page.pdf())).pages)
    assert "Zebra" in printed


def test_without_a_script_it_shows_the_last_screen(folder: Path, watch: Watch) -> None:
    page = watch.open(folder / "beside" / "report-samples" / "r" / "0.html", script=False)
    expect(page.locator("#still")).to_contain_text("turned\n$ echo done\ndone")
    expect(page.locator("main")).to_contain_text("With scripts allowed, the whole recording plays here.")
    assert watch.requests == []
    other = watch.open(folder / "beside" / "report-samples" / "r" / f"{len(PLAYED)}.html")
    assert other.locator("script").count() == 0, "where nothing was recorded"
