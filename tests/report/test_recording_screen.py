"""The screen of a recording against tmux: what real programs printed within it, and what it showed then."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evalkit.report.recording.screen import Screen
from evalkit.report.recording.style import Style

RECORDED = Path(__file__).with_name("recordings")


def lines(screen: Screen) -> list[str]:
    texts = ["".join(text for text, _ in row.cells).rstrip() for row in screen.rows]
    while texts and not texts[-1]:
        texts.pop()
    return texts


def fed(text: str, columns: int = 10, rows: int = 4) -> Screen:
    screen = Screen(columns, rows)
    screen.feed(text)
    return screen


@pytest.mark.parametrize("name", ["vim", "less", "python", "printed", "edit"])
@pytest.mark.parametrize("piece", [0, 1, 7])
def test_the_screen_is_that_of_tmux(name: str, piece: int) -> None:
    """`piece`: characters that come at once (0: as they came), cut within sequences and all."""
    recorded: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))
    screen = Screen(recorded["columns"], recorded["rows"])
    for text, seen, (x, y) in recorded["pieces"]:
        for at in range(0, len(text), piece or max(1, len(text))):
            screen.feed(text[at : at + piece] if piece else text)
        assert lines(screen) == seen
        assert (screen.pen.x + screen.pen.wraps, screen.pen.y) == (x, y)


@pytest.mark.parametrize(
    ("printed", "seen"),
    [
        ("\x1b]0;a title\x07ab\x1b]8;;http://192.0.2.1/\x1b\\c\x1bPq#0;~\x1b\\d\x1bktitle\x1b\\e", ["abcde"]),
        ("ab\x1b]0;no end\x1b[31mc", ["abc"]),  # another sequence ends it, as in a terminal
        ("a\x1b[99999999999;99999999999Hb", ["a", "", "", "         b"]),
        ("ab\x1b[999999999@\x1b[999999999P\x1b[999999999L\x1b[999999999S", []),
        ("ab\x1b[5b", ["abbbbbb"]),
        ("ab\x1b[?1049hcd\x1b[?1049l", ["ab"]),  # what a full-screen program leaves as it was
        ("\x1b[?1049l\x1b[?47l\x1b8\x1b[uab", ["ab"]),  # what was never begun
        ("漢字漢字漢字", ["漢字漢字漢", "字"]),
        ("漢\x1b[1;2Hx", [" x"]),  # half of what is wide
        ("e\u0301" + "\u0301" * 1000, ["e" + "\u0301" * 4]),
        ("\u0301a", ["a"]),
        ("a\u202eb\u200b\ufeff\u2066c\U000e0041", ["abc"]),  # nothing reverses or hides
        ("a\ud800b", ["a\ufffdb"]),
        ("\x1b" * 1000 + "[ma\x1b[;;;;;m\x1b[:::m\x1b[38;5m\x1b[38m\x1b[48;2;1mb", ["ab"]),
        ("\x9b31mab\x90c", ["31mabc"]),  # eight-bit controls are none in UTF-8
        ("\x1b[2;3r\x1b[4;1Hx\x1b[9;2r\x1b[3;1Ha\nb\nc", ["", " b", "  c", "x"]),
        ("a\x1bcb", ["b"]),
    ],
)
def test_sequences_do_what_a_terminal_shows_and_nothing_else(printed: str, seen: list[str]) -> None:
    assert lines(fed(printed)) == seen
    one = Screen(10, 4)
    for character in printed:
        one.feed(character)
    assert lines(one) == seen


def test_a_screen_of_one_cell_takes_all() -> None:
    screen = fed("漢a\t\x1b[2J\x1b[5;5H\x1b[L\x1b[M\x1b[@\x1b[P\nb漢", 1, 1)
    assert [len(row.cells) for row in screen.rows] == [1]


@pytest.mark.parametrize(
    ("codes", "style"),
    [
        ("1;31", Style("1", "", "b")),
        ("1;31;0", Style()),
        ("97;107", Style("15", "15")),
        ("38;5;208;48;5;255", Style("ff8700", "eeeeee")),
        ("38;5;9;4", Style("9", "", "u")),
        ("38;2;1;2;300", Style("0102ff")),
        ("38:2::1:2:3;48:5:1", Style("010203", "1")),
        ("38;5;999;3", Style("", "", "i")),
        ("31;42;7", Style("1", "2", "v")),
        ("3;4:3;9;23;4:0", Style("", "", "s")),
    ],
)
def test_colours(codes: str, style: Style) -> None:
    assert fed(f"\x1b[{codes}mx").rows[0].cells[0] == ("x", style)


def test_inverse_exchanges_the_colours() -> None:
    assert Style("1", "2", "bv").seen() == Style("2", "1", "b")
    assert Style("", "", "v").seen() == Style("paper", "ink")


def test_another_size_keeps_the_end_in_sight() -> None:
    screen = fed("1\r\n2\r\n3\r\n4567890", 10, 4)
    screen.resize(5, 2)
    assert lines(screen) == ["3", "45678"]
    screen.feed("\r\nx")
    screen.resize(6, 3)
    assert lines(screen) == ["45678", "x"]
