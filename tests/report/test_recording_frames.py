"""A recording as frames: what is seen when, and that none of them can take more than its room."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest

from evalkit.report.recording import frames, last_screen
from evalkit.report.recording.frames import IDLE, MOST
from tests.report.casts import HOSTILE, RECORDED, SESSION, cast, recorded


def screens(film: dict[str, Any]) -> list[str]:
    """The text of each frame."""
    return [last_screen({**film, "frames": film["frames"][: n + 1]}) for n in range(len(film["frames"]))]


def test_a_session_plays_and_waits_are_cut_short() -> None:
    film = frames(cast(SESSION))
    seen = screens(film)
    assert seen[0] == "$"
    assert seen[1] == "$ ls -la\nfolder  notes.txt  run.sh\n$"
    assert "a full screen" in seen[3]
    assert "ls -la" not in seen[3], "a full-screen program has a screen of its own"
    assert seen[4].endswith("\n$"), "and leaves what was there before it"
    assert last_screen(film).endswith("done\n$")
    assert film["seconds"] == round(SESSION[-1][0])
    assert film["ms"] == round(1000 * (1.1 + IDLE + 0.2 + 2 + IDLE + 0.5)), "not the five minutes of thought"
    assert film["typed"] == [[1000, "ls -la⏎"], [3100, "echo 漢字 | tee ^C"]]
    coloured = film["lines"][film["frames"][1][3][3]]
    assert coloured == ["folder", 1, "  notes.txt  ", 0, "run.sh", 2]
    assert film["styles"][1:3] == [["4", "", "b"], ["2", "", ""]]
    assert film["marked"] == [[7500, "the terminal was made anew"]]
    orange = film["styles"].index(["ff8000", "", ""])
    assert ["漢", -1 - orange] in [line[:2] for line in film["lines"]], "wide, each by itself"
    assert ["paper", "ink", ""] in film["styles"]
    assert film["left"] == {"bytes": 0, "lines": 0, "frames": 0}


@pytest.mark.parametrize("name", ["vim", "less", "python", "printed", "edit"])
def test_what_programs_showed_is_seen_again(name: str) -> None:
    film = frames(recorded(name))
    seen = json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))["pieces"]
    assert last_screen(film) == "\n".join(seen[-1][1]).rstrip()
    assert len(film["frames"]) >= len({tuple(lines) for _, lines, _ in seen})


@pytest.mark.parametrize("name", HOSTILE)
def test_no_recording_breaks_or_floods_a_page(name: str) -> None:
    film = frames(HOSTILE[name])
    size = len(json.dumps(film, ensure_ascii=False))
    assert size < 1_200_000
    assert len(film["frames"]) <= MOST + 1
    assert film["columns"] <= 400
    assert film["rows"] <= 120
    times = [when for when, *_ in film["frames"]]
    assert times == sorted(times)
    assert 0 <= times[0] <= times[-1] <= film["ms"]
    for line in film["lines"]:
        for text in line[::2]:
            assert not {unicodedata.category(c) for c in text} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    json.dumps(film).encode()
    assert json.loads(json.dumps(film, allow_nan=False)) == film


@pytest.mark.parametrize(
    ("name", "last"),
    [
        ("titles", "click"),
        ("bidi", "agnp.exe שלום"),
        ("bytes", "��� ok"),
        ("surrogates", "� � ok"),
        ("times", "........"),
        ("shapes", "ok"),
        ("empty", ""),
        ("small", "b"),
    ],
)
def test_what_can_be_played_is(name: str, last: str) -> None:
    film = frames(HOSTILE[name])
    assert film["why"] == ""
    assert last_screen(film) == last


@pytest.mark.parametrize(
    ("name", "why"), [("none", "version"), ("text", "version"), ("third", "version"), ("sizes", "size")]
)
def test_what_cannot_says_why(name: str, why: str) -> None:
    assert frames(HOSTILE[name])["why"] == why


def test_what_is_left_out_is_told() -> None:
    assert frames(HOSTILE["line"])["left"]["bytes"] == 4_000_004 - 2_500_000
    assert last_screen(frames(HOSTILE["line"])).endswith("\nok")
    assert frames(HOSTILE["colours"])["left"]["frames"] == 1
    assert frames(HOSTILE["bytes"])["left"]["lines"] == 2
    assert frames(cast(SESSION), largest=100)["left"]["frames"] == 1
    assert last_screen(frames(cast(SESSION), largest=100)).endswith("done\n$")


def test_a_new_size_is_shown() -> None:
    film = frames(cast([(0, "o", "1\r\n2\r\n3"), (1, "r", "40x2"), (2, "r", "100x30"), (3, "o", "\r\n4")]))
    assert (film["columns"], film["rows"]) == (100, 30)
    assert screens(film) == ["1\n2\n3", "2\n3", "2\n3\n4"]
