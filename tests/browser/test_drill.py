"""The drill-down in a real Chromium: from a score to samples, transcripts and differences, and back."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from evalkit.model import Message, Reply, Request
from evalkit.outcome import Outcome
from evalkit.report.drill.columns import label
from evalkit.report.pairs import compare, side_of
from evalkit.store import create_run, read_run
from evalkit.suite import Scorer
from evalkit.task import Answer, Task, TestResult, Verdict
from evalkit.text import shown
from tests.browser.chromium import Watch
from tests.browser.drill_page import facts, write_page
from tests.browser.page import findings
from tests.cli.stored import HOSTILE, make_run, manifest
from tests.report.synthetic import synthetic_run

Open = Callable[..., Page]
TASKS = 300
LONG = 110  # calls: twice as many events, and a few


def apart(work: Callable[[], Any]) -> None:
    """In another thread: playwright keeps this one's event loop running."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.set_event_loop(None)
            work()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page over two runs of the same tasks and one of hostile words, with every transcript."""
    made = tmp_path_factory.mktemp("drill")

    def write() -> None:
        synthetic_run(made / "one", TASKS, seed=1, share=0.6)
        synthetic_run(made / "two", TASKS, seed=2, share=0.5, calls=2)
        make_run(made / "bad", HOSTILE)
        synthetic_run(made / "long", 1, share=1, calls=LONG)
        runs = [facts(made / "one", "one", model="Ada"), facts(made / "two", "two", model="Bob")]
        write_page(made, [*runs, *(facts(made / name, name) for name in ("bad", "long"))], "all")

    apart(write)
    return made


@pytest.fixture
def opened(folder: Path, open_report: Open) -> Callable[[str], Page]:
    def at(anchor: str) -> Page:
        page = open_report(folder / "report.html", anchor=anchor)
        page.locator("html[data-drill=ready]").wait_for()
        return page

    return at


def hash_of(page: Page) -> str:
    """What the page itself says: the browser's word of it comes a moment later."""
    return str(page.evaluate("location.hash.slice(1)"))


def column(page: Page, number: int) -> list[str]:
    """The texts of a column, as far as it is mounted; 1 is the first."""
    cells = f"dialog .scroller tbody tr:not(.space) > :nth-child({number})"
    return page.locator(cells).all_text_contents()


def heading(page: Page, name: str) -> Any:
    return page.locator("dialog .scroller thead th").filter(
        has=page.get_by_role("button", name=name, exact=True)
    )


def test_a_score_opens_to_its_samples(opened: Callable[[str], Page]) -> None:
    page = opened("")
    page.click("#open-one")
    table = page.get_by_role("dialog").get_by_role("table")
    expect(table).to_have_attribute("aria-rowcount", str(TASKS + 1))
    expect(page.get_by_role("dialog")).to_have_accessible_name("Ada · Mini")
    rows = page.locator("dialog .scroller tbody tr:not(.space)")
    assert 20 < rows.count() < 60, "only what is in sight"
    assert column(page, 1)[0] == "Synthetic/0"
    assert page.locator("dialog output").text_content() == f"{TASKS} of {TASKS}"
    assert hash_of(page) == "run=one"


def test_scrolling_mounts_what_comes_into_sight(opened: Callable[[str], Page]) -> None:
    page = opened("run=one")
    page.locator("dialog .scroller").evaluate("scroller => { scroller.scrollTop = scroller.scrollHeight }")
    last = page.locator(f"dialog tbody tr[aria-rowindex='{TASKS + 1}']")
    expect(last.locator("th")).to_have_text(f"Synthetic/{TASKS - 1}")


def test_sorting_by_the_heading(opened: Callable[[str], Page]) -> None:
    page = opened("run=one")
    cost = page.get_by_role("button", name="cost", exact=True)
    cost.click()
    expect(heading(page, "cost")).to_have_attribute("aria-sort", "descending")
    expect(cost).to_be_focused()
    assert hash_of(page) == "run=one&sort=-cost"
    names = page.locator("dialog thead button").all_text_contents()
    dear = column(page, names.index("cost") + 1)
    assert dear == sorted(dear, key=lambda text: -float(text[1:]))
    cost.click()
    expect(heading(page, "cost")).to_have_attribute("aria-sort", "ascending")
    cheap = column(page, names.index("cost") + 1)
    assert cheap == sorted(cheap, key=lambda text: float(text[1:]))
    assert float(cheap[0][1:]) < float(dear[0][1:])
    cost.click()
    assert page.locator("dialog thead [aria-sort]").count() == 0
    assert column(page, 1)[:3] == ["Synthetic/0", "Synthetic/1", "Synthetic/2"]
    page.go_back()
    expect(heading(page, "cost")).to_have_attribute("aria-sort", "ascending")


def test_difficulty_has_an_order_of_its_own(opened: Callable[[str], Page]) -> None:
    page = opened("run=one&sort=difficulty")
    names = page.locator("dialog thead button").all_text_contents()
    assert set(column(page, names.index("difficulty") + 1)) == {"easy"}
    page.goto(f"{page.url.partition('#')[0]}#run=one&sort=-difficulty")
    expect(page.locator("dialog tbody tr:not(.space)").first).to_contain_text("hard")


def test_filters_and_search_leave_what_fits(opened: Callable[[str], Page], folder: Path) -> None:
    with read_run(folder / "one") as store:
        rows = list(store.samples())
        tags = store.manifest["tags"]
    page = opened("run=one")
    page.get_by_role("combobox", name="outcome").select_option("failed")
    page.get_by_role("combobox", name="reason").select_option("wrong")
    page.get_by_role("combobox", name="language").select_option("python")
    wrong = [
        row["task_id"]
        for row in rows
        if (row["outcome"], row["reason"]) == ("failed", "wrong")
        and tags[row["task_id"]]["language"] == "python"
    ]
    expect(page.locator("dialog output")).to_have_text(f"{len(wrong)} of {TASKS}")
    assert column(page, 1) == wrong
    assert hash_of(page) == "run=one&f.outcome=failed&f.reason=wrong&f.language=python"
    page.get_by_role("button", name="Show all").click()
    expect(page.locator("dialog output")).to_have_text(f"{TASKS} of {TASKS}")
    page.get_by_label("date from").fill("2024-01-01")
    page.get_by_label("date to").fill("2024-03-31")
    early = [row for row in rows if "2024-01-01" <= tags[row["task_id"]]["date"] <= "2024-03-31"]
    expect(page.locator("dialog output")).to_have_text(f"{len(early)} of {TASKS}")
    page.get_by_role("button", name="Show all").click()
    page.get_by_label("Search tasks and tags").fill("synthetic/29")
    found = [row["task_id"] for row in rows if "Synthetic/29" in row["task_id"]]
    expect(page.locator("dialog output")).to_have_text(f"{len(found)} of {TASKS}")
    page.get_by_label("Search tasks and tags").fill("no such thing")
    expect(page.locator("dialog tbody")).to_contain_text("Nothing matches.")


def test_columns_are_hidden_and_stay_so(opened: Callable[[str], Page]) -> None:
    page = opened("run=one")
    page.locator("dialog .columns summary").click()
    page.get_by_role("checkbox", name="language").uncheck()
    assert "language" not in page.locator("dialog thead button").all_text_contents()
    assert hash_of(page) == "run=one&hide=language"
    page.reload()
    page.locator("html[data-drill=ready]").wait_for()
    assert "language" not in page.locator("dialog thead button").all_text_contents()


def test_a_sample_opens_to_its_whole_story(opened: Callable[[str], Page]) -> None:
    page = opened("run=two&f.outcome=failed")
    task = column(page, 1)[0]
    page.locator("dialog tbody a").first.click()
    sample = page.get_by_role("dialog", name=task)
    expect(sample.get_by_role("heading", name="prompt: user").first).to_be_visible()
    titles = [title.partition(" (")[0] for title in sample.locator(".told h4").all_text_contents()]
    assert titles == [
        "prompt: user",
        "reply",
        "prompt: user",
        "reply",
        "extracted code",
        "official verdict by mini 1",
        "usage",
    ]
    assert "3 != 4" in (sample.locator("table").text_content() or "")
    assert f"Write a function for {task}." in (sample.locator("pre").first.text_content() or "")
    sample.get_by_role("link", name="Next").click()
    expect(page.locator("#drill-sample")).not_to_have_text(task)


def test_a_long_story_comes_by_and_by(opened: Callable[[str], Page]) -> None:
    page = opened("run=long&task=Synthetic%2F0")
    events = page.locator(".told section")
    expect(events).to_have_count(200)
    page.get_by_role("button", name="more events").click()
    expect(events).to_have_count(2 * LONG + 3)
    expect(events.nth(200)).to_be_focused()
    expect(page.get_by_role("button", name="more events")).to_have_count(0)


def test_a_permalink_opens_all_again(opened: Callable[[str], Page]) -> None:
    anchor = "run=one&f.outcome=passed&sort=-cost&q=synthetic%2F1&task=Synthetic%2F1&sample=0"
    page = opened(anchor)
    expect(page.locator("#drill-sample")).to_have_text("Synthetic/1")
    assert page.get_by_label("Search tasks and tags").input_value() == "synthetic/1"
    page.reload()
    expect(page.locator("#drill-sample")).to_have_text("Synthetic/1")
    page.keyboard.press("Escape")
    expect(page.locator("#drill-sample")).to_be_hidden()
    expect(page).to_have_url(re.compile(r"#run=one&f.outcome=passed&sort=-cost&q=synthetic%2F1$"))
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page).to_have_url(re.compile("report.html#$"))
    page.go_back()
    expect(page.get_by_role("dialog")).to_have_accessible_name("Ada · Mini")
    page.go_back()
    expect(page.locator("#drill-sample")).to_have_text("Synthetic/1")


BAD = (
    "run=none",
    "run=__proto__&task=constructor",
    "run=one&task=none",
    "run=one&sort=-nothing&f.none=1&hide=none&f.outcome=%00",
    "flips=one~none",
    "flips=one~two~bad",
    "run=%E0%A4%A&q=%",
    "run=<img src=x onerror=window.__x=1>&q=<script>window.__x=1</script>",
    "=&&==&t.sort=constructor&t.hide=none",
    "notes",
)


def test_a_bad_address_does_nothing(opened: Callable[[str], Page]) -> None:
    """At first, and when it is typed; what comes after it works."""
    page = opened(BAD[0])
    for anchor in BAD:
        page.evaluate("anchor => { location.hash = anchor }", anchor)
        page.evaluate("() => new Promise(done => setTimeout(done, 20))")
        assert page.evaluate("window.__x") is None
        assert page.locator("#drill-sample").is_hidden()
    page.evaluate("location.hash = 'run=two'")
    expect(page.get_by_role("dialog")).to_have_accessible_name("Bob · Mini")


def test_by_keyboard_alone(opened: Callable[[str], Page]) -> None:
    page = opened("")
    page.locator("#open-one").focus()
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for()
    expect(page.locator("#drill-title")).to_be_focused()
    page.locator("dialog tbody a").first.focus()
    for key in ("ArrowDown", "ArrowDown", "End", "Home", "PageDown", "ArrowUp"):
        page.keyboard.press(key)
    task = page.evaluate("document.activeElement.textContent")
    row = int(page.evaluate("document.activeElement.closest('tr').ariaRowIndex"))
    assert task == f"Synthetic/{row - 2}"
    page.keyboard.press("Enter")
    expect(page.locator("#drill-sample")).to_have_text(task)
    expect(page.locator("#drill-sample")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("dialog tbody a", has_text=task).first).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#open-one")).to_be_focused()


def test_two_runs_show_what_differs_and_nothing_else(opened: Callable[[str], Page], folder: Path) -> None:
    with read_run(folder / "one") as one, read_run(folder / "two") as two:
        same = {"data": "the same"}
        sides = [side_of(one, folder / "one"), side_of(two, folder / "two")]
        outcomes = [{row["task_id"]: row["outcome"] for row in store.samples()} for store in (one, two)]
    for side in sides:
        side.identity.update(same)  # type: ignore[attr-defined]
    pair = compare(*sides)
    page = opened("")
    page.click("#flips")
    changed = len(pair.better) + len(pair.worse)
    expect(page.locator("dialog output")).to_have_text(f"{changed} of {changed}")
    note = page.locator("dialog .note").first.text_content()
    assert note == (
        f"Of {pair.shared} tasks with verdicts on both sides Ada passes {len(pair.better)} more often, "
        f"Bob {len(pair.worse)}."
    )
    for task, a, b in zip(column(page, 1), column(page, 2), column(page, 3), strict=True):
        assert [a.partition("/")[0], b.partition("/")[0]] == [side[task] for side in outcomes]
        assert task in pair.better or task in pair.worse
    page.locator("dialog tbody a").first.click()
    panes = page.locator(".panes .pane")
    expect(panes).to_have_count(2)
    assert panes.locator("h3").all_text_contents() == ["Ada", "Bob"]
    assert [panes.nth(at).locator(".told .is-reply").count() for at in (0, 1)] == [1, 2]


def test_hostile_words_are_shown_and_do_nothing(opened: Callable[[str], Page]) -> None:
    page = opened("run=bad&task=t%2F1&sample=1")
    page.locator(".told").wait_for()
    text = page.locator(".told").text_content() or ""
    assert not set(text) & set("\x1b\x07\x9b\u202e\u200b\u2028\x00\x7f\ud800")
    assert "‹U+001B›]0;owned‹U+0007›" in text
    assert "‹U+202E›" in text
    titles = page.locator(".told h4").all_text_contents()
    assert titles.count("official verdict by mini 1") == 1, "a reply cannot forge a heading of ours"
    page.keyboard.press("Escape")
    links = page.locator("dialog tbody a").all_text_contents()
    assert links == [f"t/{n}" for _ in range(2) for n in range(4)]


def test_samples_of_one_task_lead_to_one_another(opened: Callable[[str], Page]) -> None:
    page = opened("run=bad&task=t%2F1&sample=0")
    expect(page.locator("#drill-sample")).to_have_text("t/1 · sample 0")
    page.locator(".others a", has_text="1 failed/wrong").click()
    expect(page.locator("#drill-sample")).to_have_text("t/1 · sample 1")
    assert page.locator(".others [aria-current=true]").text_content() == "1 failed/wrong"


def test_what_has_no_transcript_says_where_to_look(opened: Callable[[str], Page]) -> None:
    page = opened("run=bad&task=t%2F3&sample=0")
    expect(page.locator(".pane code")).to_have_text("evalkit show bad t/3 --sample 0")


def rows_of_main(page: Page) -> list[str]:
    rows = page.locator("#t-scores tbody tr:visible")
    return [str(name) for name in rows.evaluate_all("rows => rows.map(row => row.cells[0].textContent)")]


def test_the_main_table_sorts_within_its_groups(opened: Callable[[str], Page]) -> None:
    page = opened("")
    assert rows_of_main(page) == [
        "Group one", "Zebra", "measured", "Apple", "Mango", "Group two", "Kiwi", "Fig"
    ]  # fmt: skip
    ada = page.locator("#t-scores").get_by_role("button", name="Ada")
    ada.click()
    assert rows_of_main(page) == [
        "Group one", "Apple", "Zebra", "measured", "Mango", "Group two", "Fig", "Kiwi"
    ]  # fmt: skip
    expect(page.locator("#t-scores th[data-model=a]")).to_have_attribute("aria-sort", "descending")
    page.locator("#t-scores").get_by_role("button", name="Benchmark").click()
    assert rows_of_main(page) == [
        "Group one", "Apple", "Mango", "Zebra", "measured", "Group two", "Fig", "Kiwi"
    ]  # fmt: skip
    page.reload()
    page.locator("html[data-drill=ready]").wait_for()
    assert rows_of_main(page)[1] == "Apple"
    page.go_back()
    expect(page.locator("#t-scores th[data-model=a]")).to_have_attribute("aria-sort", "descending")
    assert rows_of_main(page)[1:4] == ["Apple", "Zebra", "measured"]


def test_the_main_table_filters_rows_and_columns(opened: Callable[[str], Page]) -> None:
    page = opened("")
    page.get_by_label("Filter rows").fill("measured")
    assert rows_of_main(page) == ["Group one", "Zebra", "measured"]
    page.get_by_label("Filter rows").fill("two")
    assert rows_of_main(page) == ["Group two", "Kiwi", "Fig"]
    page.locator("#tools summary").click()
    page.locator("#tools").get_by_label("Bob").uncheck()
    assert page.locator("#t-scores thead th:visible").all_text_contents() == ["Benchmark", "Ada", "marks"]
    assert page.locator("#t-scores tbody [data-model=a] circle:visible").count() == 2
    assert page.locator("#t-scores tbody [data-model=b] circle:visible").count() == 0
    assert hash_of(page) == "t.q=two&t.hide=b"
    page.click("#open-one")
    page.keyboard.press("Escape")
    assert rows_of_main(page) == ["Group two", "Kiwi", "Fig"], "what was set before stays"


def test_a_transcript_beside_the_report(folder: Path, tmp_path: Path, watch: Watch) -> None:
    """A page of its own, found by a plain link, without any script; its link leads back to the sample."""
    run = facts(folder / "bad", "bad")
    made = write_page(tmp_path, [run], "all", largest=500_100)
    page = watch.open(made, anchor="run=bad&task=t%2F1&sample=1")
    page.get_by_role("link", name="Open the transcript").click()
    page.wait_for_url("**/report-samples/bad/5.html")
    assert page.title().startswith("t/1 · ")
    assert "‹U+202E›" in (page.locator("main").text_content() or "")
    assert page.locator("script").count() == 0
    page.get_by_role("link", name="Back to the report").click()
    expect(page.locator("#drill-sample")).to_have_text("t/1 · sample 1")
    assert (watch.console, watch.errors, watch.dialogs) == ([], [], [])


EVIL = (
    "</script><script>window.__x=1</script>",
    "<img src=x onerror=window.__x=1>",
    "javascript:window.__x=1",
    "__proto__",
    "constructor",
    "a&task=b#c=%d+e{n}",
    "task",
    "\u202egnp.exe\x1b[31m\n",
    "x" * 1_000_000,
)


async def evil_run(folder: Path) -> None:
    """Tasks, tags, their values, replies and findings: all of them words that want to be more than text."""
    tags = {word: dict.fromkeys(EVIL[:-1], word) for word in EVIL}
    facts = {**manifest(), "tags": tags, "identity": {"tasks": {"count": len(EVIL)}}}
    with create_run(folder, facts, [(word, 0) for word in EVIL]) as store:
        judged = await store.verdict_set(Scorer("mini", "1"), {})
        for word in EVIL:
            rollout = await store.begin(word, 0)
            said = Reply(word, reasoning=word, served_model=word, finish_reason=word)
            request = Request(Task(word, {}), 0, (Message("user", word),))
            await store.model_call(rollout, 0, word, request, said)
            await store.answer(rollout, Answer(word, "patch"), {"finish_reason": word})
            tests = (TestResult(word, "wrong", word),)
            verdict = Verdict(Outcome.FAILED, "wrong", word, official=word, extracted=word, tests=tests)
            await store.verdict(judged, word, 0, "official", verdict)


def test_no_word_of_a_run_is_more_than_text(tmp_path: Path, open_report: Open) -> None:
    apart(lambda: asyncio.run(evil_run(tmp_path / "evil")))
    page = open_report(write_page(tmp_path, [facts(tmp_path / "evil", "evil")], "all"), anchor="run=evil")
    links = page.locator("dialog tbody a")
    expect(links).to_have_count(len(EVIL))
    assert links.all_text_contents() == [label(word) for word in EVIL]
    elements = "() => [...new Set([...document.querySelectorAll('dialog *')].map(e => e.localName))].sort()"
    for at, word in enumerate(EVIL):
        links.nth(at).click()
        expect(page.locator("#drill-sample")).to_have_text(label(word))
        page.locator(".told table").wait_for()
        assert not {"img", "script", "iframe", "svg"} & set(page.evaluate(elements))
        expect(page.locator(".told .is-reply pre")).to_have_text(shown(word)[:65_536])
        if at % 3 == 0:
            page.reload()
            expect(page.locator("#drill-sample")).to_have_text(label(word))
        page.keyboard.press("Escape")
        expect(page.locator("#drill-sample")).to_be_hidden()
    assert page.evaluate("window.__x") is None
    for heading in page.locator("dialog thead button").all():
        heading.click()
    page.get_by_label("Search tasks and tags").fill(EVIL[1])
    expect(page.locator("dialog output")).to_have_text("1 of 9")
    assert page.evaluate("window.__x") is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_screen_reader_finds_its_way(folder: Path, open_report: Open, scheme: str) -> None:
    page = open_report(folder / "report.html", scheme=scheme, anchor="run=one")
    page.locator("dialog tbody a").first.wait_for()
    assert findings(page) == []
    page.locator("dialog tbody a").first.click()
    page.locator(".told").wait_for()
    assert findings(page) == []
    page.evaluate("location.hash = 'flips=one~two'")
    page.locator("dialog h2", has_text="differ").wait_for()
    assert findings(page) == []
