"""evalkit report, as it is typed: what it writes, and what it says of what it cannot use."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalkit.cli.report import write, write_pages
from evalkit.errors import UsageError
from tests.cli.conftest import Evalkit


def test_the_page_of_the_launch(evalkit: Evalkit, tmp_path: Path) -> None:
    once = evalkit("report", "--published", "launch", "-o", "reports/launch.html")
    assert once.code == 0, once.stderr
    assert once.stdout.startswith("reports/launch.html  1")
    first = (tmp_path / "reports" / "launch.html").read_bytes()
    assert len(first) < 150_000
    evalkit("report", "--published", "launch", "-o", "reports/launch.html")
    assert (tmp_path / "reports" / "launch.html").read_bytes() == first
    assert [path.name for path in (tmp_path / "reports").iterdir()] == ["launch.html"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "nothing to report"),
        (("--published", "launc"), "did you mean launch"),
        (("--published", "none.json"), "cannot read none.json"),
        (("--published", "launch", "--models", "claude-sonet-4"), "claude-sonnet-4"),
        (("--published", "launch", "--suites", "humaneva"), "humaneval"),
        (("--published", "launch", "--models", "gpt-4o"), "nothing is left of this selection"),
        (("--published", "launch", "--language", "fr"), "none of en, uk, tr"),
        (("--published", "launch", "-o", "."), ". is a folder"),
        (("no-such-run",), "no run 'no-such-run'"),
    ],
)
def test_what_cannot_be_used_is_said(
    evalkit: Evalkit, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    done = evalkit("report", *words)
    assert done.code == 2
    assert said in done.stderr
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
