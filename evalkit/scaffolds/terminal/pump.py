"""What panes print, on its way to the recording. A program that floods is not slowed down by it.

tmux waits for a client that reads slowly. So where more is printed within a second than anybody could look
at, the client is told to hear no more of that pane for a while, and then gets the screen as it stands; where
nothing is recorded, from the first byte on. (Not by tmux's flag `no-output`: with output on its way tmux 3.3
never answers again.)
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from evalkit.scaffolds.terminal.keys import quoted
from evalkit.scaffolds.terminal.recording import Recording

FLOOD_BYTES = 256 << 10  # within a second
WHILE_S = 1.0
LEFT_OUT = "more was printed here than is recorded"


class Pump:
    """`ask` has tmux do a thing whose reply is passed on to whoever is given, if there is one."""

    def __init__(
        self, recording: Recording | None, ask: Callable[[str, Callable[[bytes], None] | None], None]
    ) -> None:
        self._recording, self._ask = recording, ask
        self._since, self._bytes = 0.0, 0
        self._deaf: dict[str, asyncio.TimerHandle] = {}
        self._begun = self._closed = False
        self._pane = ""  # the one that is looked at

    def output(self, pane: str, data: bytes) -> None:
        self._pane = self._pane or pane
        if self._closed or pane != self._pane or pane in self._deaf:
            return
        loop = asyncio.get_running_loop()
        now = loop.time()
        if now - self._since > WHILE_S:
            self._since, self._bytes = now, 0
        self._bytes += len(data)
        if self._recording:
            self._recording.output(data)
        if self._begun and (self._bytes > FLOOD_BYTES or self._recording is None or self._recording.cut):
            self._ask(f"refresh-client -A {quoted(f'{pane}:pause')}", None)
            self._deaf[pane] = loop.call_later(WHILE_S, self._hear, pane)

    def begin(self) -> None:
        """From now on tmux can be asked."""
        self._begun = True

    def turn(self) -> None:
        """Somebody within has made another window, or looks at another pane."""
        if self._recording and self._begun and not self._closed:
            self._ask("display-message -p '#{pane_id}'", self._look)

    def close(self) -> None:
        self._closed = True
        for timer in self._deaf.values():
            timer.cancel()

    def _hear(self, pane: str) -> None:
        recording = self._recording
        if recording is None or recording.cut:
            return  # nobody does any more
        recording.mark(LEFT_OUT)
        self._ask(f"capture-pane -p -e -t {quoted(pane)}", self._redraw)
        self._ask(f"refresh-client -A {quoted(f'{pane}:continue')}", lambda _: self._heard(pane))

    def _heard(self, pane: str) -> None:
        self._deaf.pop(pane, None)
        self._since, self._bytes = asyncio.get_running_loop().time(), 0

    def _look(self, pane: bytes) -> None:
        self._pane = pane.decode("ascii", "replace").strip()
        self._ask(f"capture-pane -p -e -t {quoted(self._pane)}", self._redraw)

    def _redraw(self, screen: bytes) -> None:
        if self._recording and not self._closed:
            lines = screen.removesuffix(b"\n").replace(b"\n", b"\x1b[0m\r\n")
            self._recording.output(b"\x1b[0m\x1b[H\x1b[2J" + lines)
