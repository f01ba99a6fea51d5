"""The watch itself: what a page must not do is seen when a page does it."""

from __future__ import annotations

from pathlib import Path

from tests.browser.chromium import Watch
from tests.browser.page import findings, overflow

RUDE = """<!doctype html><html><head><title>Rude</title></head><body>
<img src="http://192.0.2.1/pixel.png"><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" alt="">
<div style="width:2000px">wide</div>
<script>console.log("said"); alert("stopped"); undefinedName;</script>
<img src="near.png" alt="">"""


def test_a_rude_page_is_seen_through(tmp_path: Path, watch: Watch) -> None:
    (tmp_path / "rude.html").write_text(RUDE)
    page = watch.open(tmp_path / "rude.html", width=1000)
    asked = ["http://192.0.2.1/pixel.png", (tmp_path / "near.png").as_uri()]
    assert watch.requests == asked
    assert "log: said" in watch.console
    assert watch.dialogs == ["stopped"]
    assert "undefinedName" in watch.errors[0]
    assert overflow(page) > 900
    rules = {line.partition(":")[0] for line in findings(page)}
    assert {"html-has-lang", "image-alt"} <= rules
