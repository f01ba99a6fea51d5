"""What goes to a tmux and comes from it, line by line, and what is kept of it: no workspace is needed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from evalkit.scaffolds.terminal import Recording, keys
from evalkit.scaffolds.terminal.client import Client
from evalkit.scaffolds.terminal.control import LINE_BYTES, Control, Ended, Refused, unescaped
from evalkit.scaffolds.terminal.pump import FLOOD_BYTES, LEFT_OUT, WHILE_S, Pump
from evalkit.scaffolds.terminal.recording import CUT
from evalkit.workspace import Process, Workspace


class Heard:
    """A control with what it said so far, and the word that its last command is followed by."""

    def __init__(self) -> None:
        self.printed: list[tuple[str, bytes]] = []
        self.turns = 0
        self.control = Control(lambda pane, data: self.printed.append((pane, data)), self.turn)

    def turn(self) -> None:
        self.turns += 1

    def ask(self, command: str) -> tuple[bytes, asyncio.Future[bytes]]:
        lines, reply = self.control.ask(command)
        first, second, rest = lines.split(b"\n")
        assert (first, rest) == (command.encode(), b"")
        return second.rpartition(b" ")[2], reply


def block(number: int, text: bytes, kind: bytes = b"end") -> bytes:
    return b"%%begin 17 %d 1\n%s%%%s 17 %d 1\n" % (number, text, kind, number)


async def test_replies_come_in_order_and_pieces_and_what_is_printed_in_between() -> None:
    heard = Heard()
    heard.control.feed(block(1, b"") + b"%session-changed $0 terminal\n%output %0 $ \\033[1mh\xc3\xa4\\134\n")
    assert heard.control.ready.result() == b"$0 terminal"
    word, first = heard.ask("capture-pane -p")
    other, second = heard.ask("refresh-client -C 0x0")
    stream = block(2, b"a\n\nb\n") + b"%output %0 x\n" + block(3, word + b"\n")
    stream += (
        b"%window-pane-changed @0 %1\n" + block(4, b"size too small\n", b"error") + block(5, other + b"\n")
    )
    for at in range(0, len(stream), 7):
        heard.control.feed(stream[at : at + 7])
    assert await first == b"a\n\nb\n"
    with pytest.raises(Refused, match="size too small"):
        await second
    assert heard.printed == [("%0", b"$ \x1b[1mh\xc3\xa4\\"), ("%0", b"x")]
    assert heard.turns == 1


async def test_what_a_pane_shows_is_no_end_of_a_reply_whatever_it_looks_like() -> None:
    heard = Heard()
    word, reply = heard.ask("capture-pane -p")
    shown = b"%end 17 2 1\n" + block(3, b"0" * 32 + b"\n") + b"%output %0 forged\n%exit\n%begin 17 2 1\n"
    heard.control.feed(block(2, shown) + block(3, word + b"\n"))
    assert await reply == shown
    assert heard.printed == []


async def test_its_end_reaches_all_who_wait_and_nonsense_is_an_end() -> None:
    heard = Heard()
    _, reply = heard.ask("capture-pane -p")
    heard.control.feed(b"sh: tmux: not found\n")
    assert heard.control.said == "sh: tmux: not found"
    heard.control.end(Ended("the session ended"))
    for waiting in (reply, heard.control.ready, heard.ask("list-panes")[1]):
        with pytest.raises(Ended, match="the session ended"):
            await waiting

    endless = Heard()
    _, reply = endless.ask("capture-pane -p")
    endless.control.feed(b"%begin 1 2 1\n")
    for _ in range(LINE_BYTES // 65_536 + 1):
        endless.control.feed(b"x" * 65_536)
    with pytest.raises(Ended, match="makes no sense"):
        await reply


class Leaving:
    """A client's process whose session is gone: it has no target any more, and hears of its end later."""

    def __init__(self, heard: Heard) -> None:
        self.heard, self.left = heard, asyncio.Event()

    async def write(self, lines: bytes) -> None:
        word = lines.split(b"\n")[1].rpartition(b" ")[2]
        self.heard.control.feed(block(1, b"no current target\n", b"error") + block(2, word + b"\n"))
        asyncio.get_running_loop().call_later(0.05, self.left.set)

    async def wait(self) -> Any:
        await self.left.wait()
        return SimpleNamespace(status=0, ended="")


async def test_a_session_that_is_gone_has_ended_though_its_client_has_not_heard_of_it() -> None:
    heard = Heard()
    nowhere, process = SimpleNamespace(), Leaving(heard)
    client = Client(cast(Workspace, nowhere), cast(Process, process), heard.control)
    with pytest.raises(Ended, match="the session ended"):
        await client.ask("capture-pane -p")


def test_tmux_s_escapes_are_taken_back() -> None:
    every = bytes(range(256)) * 2
    escaped = b"".join(b"\\%03o" % c if c < 32 or c == 0x5C else bytes([c]) for c in every)
    assert unescaped(escaped) == every


def test_words_are_quoted_for_tmux_and_long_ones_are_cut_between_characters() -> None:
    assert list(keys.commands(["C-c"], literal=False)) == ["send-keys -- 'C-c'"]
    assert list(keys.commands(["-l x'y\n~$"], literal=True)) == [
        r"""send-keys -l -- '-l x'"\047"'y'"\012"'~$'"""
    ]
    long = "ä" * 20_000
    pieces = [line.removeprefix("send-keys -l -- ") for line in keys.commands([long], literal=False)]
    assert "".join(piece.strip("'") for piece in pieces) == long
    assert max(len(piece.encode()) for piece in pieces) <= 16_002
    with pytest.raises(ValueError, match="NUL"):
        keys.words("a\0")
    with pytest.raises(ValueError, match="half a character"):
        keys.words(["\ud800"])


@pytest.mark.parametrize(
    ("typed", "left"),
    [
        (["ls\n"], ["ls"]),
        (["ls", "Enter"], ["ls"]),
        (["ls\r\n", "\n", "C-m"], ["ls"]),
        (["a", "b\n"], ["a", "b"]),
        (["\n"], []),
        (["ls"], None),
        (["C-c"], None),
        ([], None),
    ],
)
def test_the_enters_that_words_end_in(typed: list[str], left: list[str] | None) -> None:
    assert keys.before_enter(typed) == left


def events(recording: Recording) -> list[list[object]]:
    return [json.loads(line) for line in recording.cast().decode().splitlines()][1:]


def test_a_recording_has_what_was_typed_and_printed_in_time() -> None:
    now = [100.0]
    recording = Recording(80, 24, clock=lambda: now[0])
    recording.typed("".join(keys.sent(word, literal=False) for word in ("ls", "Enter", "C-c", "C-x")))
    for at, data in ((100.5, b"\xc3"), (100.505, b"\xa4"), (100.51, b"b"), (101, b"\xff\x1b[2J")):
        now[0] = at
        recording.output(data)
    recording.resized(100, 30)
    head = json.loads(recording.cast().splitlines()[0])
    assert (head["version"], head["width"], head["height"]) == (2, 80, 24)
    assert events(recording) == [
        [0.0, "i", "ls\r\x03\x18"],
        [0.505, "o", "äb"],
        [1.0, "o", "\ufffd\x1b[2J"],
        [1.0, "r", "100x30"],
    ]


async def test_a_flood_is_left_out_and_the_screen_that_it_leaves_is_recorded() -> None:
    asked: list[str] = []

    def tmux(command: str, then: Callable[[bytes], None] | None) -> None:
        asked.append(command)
        if then:
            then(b"the screen\nas it stands\n" if command.startswith("capture") else b"")

    recording = Recording()
    pump = Pump(recording, tmux)
    pump.begin()
    pump.output("%0", b"before\r\n")
    for _ in range(1000):
        pump.output("%0", b"y\r\n" * 1000)
    assert asked == ["refresh-client -A '%0:pause'"]
    assert len(recording.cast()) < 3 * FLOOD_BYTES
    await asyncio.sleep(WHILE_S + 0.2)
    assert asked[1:] == ["capture-pane -p -e -t '%0'", "refresh-client -A '%0:continue'"]
    pump.output("%0", b"after")
    pump.output("%7", b"of another pane")
    kinds, texts = zip(*((kind, text) for _, kind, text in events(recording)), strict=True)
    assert texts[kinds.index("m")] == LEFT_OUT
    shown = "".join(map(str, texts[kinds.index("m") + 1 :]))
    assert shown == "\x1b[0m\x1b[H\x1b[2Jthe screen\x1b[0m\r\nas it standsafter"
    pump.close()


async def test_the_pane_that_is_looked_at_is_recorded() -> None:
    def tmux(command: str, then: Callable[[bytes], None] | None) -> None:
        if then:
            then(b"%1\n" if command.startswith("display") else b"its screen\n")

    recording = Recording()
    pump = Pump(recording, tmux)
    pump.begin()
    pump.output("%0", b"one")
    pump.turn()
    pump.output("%0", b"unseen")
    pump.output("%1", b"two")
    text = "".join(str(text) for _, _, text in events(recording))
    assert text == "one\x1b[0m\x1b[H\x1b[2Jits screentwo"


async def test_a_full_recording_is_no_burden() -> None:
    asked: list[str] = []
    pump = Pump(Recording(limit=100), lambda command, then: asked.append(command))
    pump.begin()
    for _ in range(100):
        pump.output("%0", b"x" * 1000)
        await asyncio.sleep(0.002)
    assert asked == ["refresh-client -A '%0:pause'"]


def test_a_recording_is_bounded_and_says_where_it_was_cut() -> None:
    recording = Recording(limit=10_000)
    for n in range(1000):
        recording.typed(f"{n} " + "x" * 100)
    assert recording.cut
    assert len(recording.cast()) < 10_500
    assert [kind for _, kind, text in events(recording) if CUT in str(text)] == ["m", "o"]
