"""evalkit report, as it is typed: what it writes, whole or not at all."""

from __future__ import annotations

import os
import pty
import sys
from pathlib import Path

import pytest

from evalkit.cli.report import watched, write, write_pages
from evalkit.errors import UsageError
from tests.browser.drill_page import facts
from tests.cli.conftest import Evalkit
from tests.report.synthetic import synthetic_run


def test_the_page_of_the_launch(called: Evalkit, tmp_path: Path) -> None:
    once = called("report", "--published", "launch", "-o", "reports/launch.html")
    assert once.code == 0, once.stderr
    assert once.stdout.startswith("reports/launch.html  1")
    first = (tmp_path / "reports" / "launch.html").read_bytes()
    assert len(first) < 150_000
    called("report", "--published", "launch", "-o", "reports/launch.html")
    assert (tmp_path / "reports" / "launch.html").read_bytes() == first
    assert [path.name for path in (tmp_path / "reports").iterdir()] == ["launch.html"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--language", "fr"), "none of en, uk, tr"),
        (("-o", "."), ". is a folder"),
        (("--transcripts", "some"), "none of none, failed, all"),
    ],
)
def test_what_cannot_be_used_is_said(
    called: Evalkit, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    called("report", "--published", "launch", *words).refused(2, said)
    assert not list(tmp_path.rglob("*.html"))


def test_a_page_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "page.html"
    write(out, "old")
    with pytest.raises(UnicodeEncodeError):
        write(out, "half" * 100_000 + "\ud800")
    assert out.read_text() == "old"
    assert list(out.parent.iterdir()) == [out]


def test_pages_beside_replace_those_of_an_earlier_report(tmp_path: Path) -> None:
    out = tmp_path / "x.html"
    folder = tmp_path / "x-samples"
    assert write_pages(out, []) is None
    assert write_pages(out, [("x-samples/r1/0.html", "a"), ("x-samples/r1/1.html", "b")]) == folder
    assert write_pages(out, [("x-samples/r2/0.html", "c")]) == folder
    assert {str(p.relative_to(folder)) for p in folder.rglob("*.html")} == {"r2/0.html"}
    (folder / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="other files"):
        write_pages(out, [("x-samples/r3/0.html", "d")])
    assert (folder / "mine.txt").read_text() == "mine"
    assert {path.name for path in tmp_path.iterdir()} == {"x-samples"}


def test_whoever_waits_at_a_terminal_sees_how_far_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody else: samples pass through untouched."""
    controller, terminal = pty.openpty()
    run = facts(synthetic_run(tmp_path / "a-run", 5), "r1")
    samples = iter(range(5))
    assert watched(samples, run) is samples
    with os.fdopen(terminal, "w") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        assert list(watched(samples, run)) == [0, 1, 2, 3, 4]
        stderr.flush()
        shown = os.read(controller, 4096).decode()
    os.close(controller)
    assert "a-run" in shown
    assert "0/5" in shown
