"""Nothing that others wrote can drive a terminal; times, sizes and shares read as people write them."""

from __future__ import annotations

import argparse
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.cli.parser import choice, number, seconds, task_list, whole
from evalkit.cli.text import duration, money, one_line, percent, size, table, visible
from tests.cli.stored import HOSTILE

DANGEROUS = {"Cc", "Cf", "Cs", "Zl", "Zp"}
ANY_TEXT = st.text(st.characters(exclude_categories=()))


def categories(text: str) -> set[str]:
    return {unicodedata.category(c) for c in text}


@given(ANY_TEXT)
def test_visible_leaves_nothing_that_acts(text: str) -> None:
    shown = visible(text)
    assert not categories(shown.replace("\n", "").replace("\t", "")) & DANGEROUS
    shown.encode("utf-8")


@given(ANY_TEXT)
def test_one_line_is_one_line(text: str) -> None:
    assert not categories(one_line(text)) & DANGEROUS
    assert len(one_line(text, 10)) <= 10


@given(st.text(st.characters(categories=("L", "N", "P", "S", "Zs", "M"))))
def test_harmless_text_is_left_alone(text: str) -> None:
    assert visible(text) == text


def test_escapes_say_what_was_there() -> None:
    assert visible("\x1b[2K\u202e\ud800\U000e0041é") == r"\x1b[2K\u202e\ud800\U000e0041é"
    assert "\x1b" not in visible(HOSTILE)
    assert "\n" in visible(HOSTILE)


@pytest.mark.parametrize(
    ("text", "value"), [("90", 90), ("90s", 90), ("10m", 600), ("2h", 7200), ("1h30m", 5400), ("1.5m", 90)]
)
def test_times(text: str, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "0", "m", "-5", "5d", "1.2.3", "10m2h"])
def test_times_that_are_none(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        seconds(text)


def test_values() -> None:
    assert whole(1)("3") == 3
    assert number(0, 1)("0.5") == 0.5
    assert choice("a", "b")("b") == "b"
    assert task_list("a, b,a") == ("a", "b")


def test_task_list_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "tasks.txt"
    file.write_text("# hard ones\nHumanEval/3\nMbpp/7, Mbpp/8\n\n")
    assert task_list(f"@{file}") == ("HumanEval/3", "Mbpp/7", "Mbpp/8")


def test_figures() -> None:
    assert [duration(s) for s in (0.84, 12, 59.9, 200, 7500)] == ["0.8 s", "12 s", "60 s", "3m 20s", "2h 05m"]
    assert [money(m) for m in (None, 0.01234, 1234.5)] == ["unknown", "$0.0123", "$1,234.50"]
    assert [money(m) for m in (0.0, 0.00001)] == ["$0.0000", "under $0.0001"]
    assert [percent(p) for p in (None, 0.8415)] == ["none", "84.2%"]
    assert [size(b) for b in (12, 1500, 2_500_000)] == ["12 B", "1.5 kB", "2.5 MB"]
    assert table([["a", "b"], ["long", "1"]], right=frozenset((1,))) == "a     b\nlong  1"
