"""Hostile names at every place of the dashboard that takes text: they are shown, and do nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from evalkit.nightly.history import Series
from evalkit.nightly.look import outlook
from evalkit.nightly.page import page as made
from evalkit.nightly.standing import Outlook, Quarantined
from evalkit.nightly.states import Put, States
from evalkit.text import shown
from tests.browser.chromium import Watch
from tests.browser.hostile import TEXTS, corpus
from tests.browser.page import overflow
from tests.browser.test_hostile_page import nothing_happened
from tests.nightly.nights import FIRST, simulated

NIGHTS, FELL = 50, 40


def hostile() -> Outlook:
    """Every text as a suite's, a model's, a task's, a run's name, a reason, a fact, and a note."""
    texts = (*TEXTS, *corpus())
    made = simulated(NIGHTS, lambda night: [0.02] * len(texts) if night >= FELL else [0.97] * len(texts))
    series = []
    for number, text in enumerate(texts[:6]):
        named = [
            replace(
                night,
                run=texts[at % len(texts)],
                simulated=False,
                tasks=dict(zip(texts, night.tasks.values(), strict=True)),
                reasons={
                    t: f"failed/{t}" for t, (k, _) in zip(texts, night.tasks.values(), strict=True) if not k
                },
                ends={f"failed/{text}": len(texts)},
                facts={text: f"{text}{at >= FELL}"},
            )
            for at, night in enumerate(made)
        ]
        named[30] = replace(named[30], planned=999)
        series.append(Series(text, texts[-number - 1], tuple(named), title=text, id=f"s{number}"))
    put = Quarantined(texts[0], texts[2], texts[3], texts[4], FIRST, FIRST + timedelta(9), texts[5])
    return outlook(texts[0], series, States(quarantined=(Put(put),)))


def test_hostile_names_do_nothing(tmp_path: Path, watch: Watch) -> None:
    out = tmp_path / "index.html"
    out.write_text(made(hostile(), plan=TEXTS[0], folder=Path(TEXTS[1])), encoding="utf-8")
    page = watch.open(out)
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    for heat in page.locator(".heat").all():
        heat.scroll_into_view_if_needed()
        heat.locator("canvas").wait_for()
        box = heat.locator(".box")
        said = []
        for key in ("ArrowDown", "ArrowDown", "Enter", "ArrowDown", "Enter"):
            box.press(key)
            said.append(heat.inner_text())
        assert not any("\u202e" in text for text in said)
    nothing_happened(page, watch)
    text = page.locator("body").text_content() or ""
    assert shown(TEXTS[0]) in text
    assert "\u202e" not in text
    assert overflow(page) == 0
    assert overflow(watch.open(out, 390)) == 0
    nothing_happened(page, watch)
