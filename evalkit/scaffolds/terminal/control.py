"""tmux's control mode: commands go in as lines, their replies and what the panes print come out as lines.

A reply stands between `%begin` and `%end`, and what a pane shows stands there as it is: it may hold such
lines itself. So each command is followed by one that says a word nobody can know beforehand: all that comes
before that word's own block is the reply, whatever it looks like.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections import deque
from collections.abc import Callable

from evalkit.errors import SandboxError

MOST_BYTES = 64 << 20  # of one reply
LINE_BYTES = 4 << 20  # of one line: tmux's own are a few KB
SAID_LINES = 8  # of what is no line of tmux's: words of a shell that cannot start it
TURNS = (b"%session-window-changed", b"%window-pane-changed")
ESCAPED = re.compile(rb"\\([0-7]{3})")


class Refused(Exception):
    """tmux did not do it. Its text is tmux's."""


class Ended(Exception):
    """The terminal is gone: its shell exited, or its tmux was killed. `workspace`: why that ended with it
    (see Executed.ended), "" where it lives."""

    def __init__(self, why: str, workspace: str = "") -> None:
        super().__init__(why)
        self.workspace = workspace


class NoTerminal(SandboxError):
    """None can be had: in a fresh workspace by the image's fault, later perhaps by what was done there."""


class Control:
    """The lines of one client. `on_output` hears what panes print: a pane's name ("%0"), and bytes; `on_turn`
    that another pane is looked at."""

    def __init__(self, on_output: Callable[[str, bytes], None], on_turn: Callable[[], None]) -> None:
        self._on_output, self._on_turn = on_output, on_turn
        self._rest = b""
        self._block: list[bytes] | None = None  # lines since a %begin
        self._size = 0
        self._asked: deque[tuple[bytes, asyncio.Future[bytes]]] = deque()
        self._said: deque[bytes] = deque(maxlen=SAID_LINES)
        self._ended: Ended | None = None
        self.ready: asyncio.Future[bytes] = _unheard()  # there is a session

    def ask(self, command: str) -> tuple[bytes, asyncio.Future[bytes]]:
        """The lines to be sent for a command, and its reply to come. Nobody needs to wait for that."""
        word = secrets.token_hex(16).encode()
        reply = _unheard()
        if self._ended:
            reply.set_exception(self._ended)
        else:
            self._asked.append((word, reply))
        return b"%s\ndisplay-message -p %s\n" % (command.encode("utf-8", "replace"), word), reply

    @property
    def said(self) -> str:
        """What came that is no line of tmux's protocol, and its last word."""
        return b"\n".join(self._said).decode("utf-8", "replace").strip()

    @property
    def ended(self) -> Ended | None:
        return self._ended

    def end(self, why: Ended) -> None:
        """No more comes."""
        self._ended = self._ended or why
        for reply in (self.ready, *(reply for _, reply in self._asked)):
            if not reply.done():
                reply.set_exception(self._ended)
        self._asked.clear()

    def feed(self, data: bytes) -> None:
        if self._ended:
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LINE_BYTES or self._size > MOST_BYTES:
            self.end(Ended("what its tmux says makes no sense"))
            return
        for line in lines:
            self._line(line.removesuffix(b"\r"))

    def _line(self, line: bytes) -> None:
        if self._block is None:
            if line.startswith(b"%begin "):
                self._block, self._size = [line], 0
            else:
                self._notice(line)
            return
        self._block.append(line)
        self._size += len(line)
        if not self._asked:  # a block that nobody asked for
            if line in _ends(self._block[0]):
                self._block = None
        elif len(self._block) > 2 and self._block[-2] == self._asked[0][0]:
            self._complete(self._block)

    def _complete(self, block: list[bytes]) -> None:
        """The word has come: it stands in a block of its own behind the reply's."""
        *reply, begin, _, end = block
        if not begin.startswith(b"%begin ") or end not in _ends(begin):
            return
        self._block, self._size = None, 0
        _, answer = self._asked.popleft()
        ends = _ends(reply[0]) if reply else ()
        last = next((n for n in range(len(reply) - 1, 0, -1) if reply[n] in ends), None)
        if last is None:
            self.end(Ended("what its tmux says makes no sense"))
            return
        text = b"".join(line + b"\n" for line in reply[1:last])
        if not answer.done():
            if reply[last].startswith(b"%error"):
                answer.set_exception(Refused(text.decode("utf-8", "replace").strip()))
            else:
                answer.set_result(text)
        for line in reply[last + 1 :]:
            self._notice(line)

    def _notice(self, line: bytes) -> None:
        kind, _, rest = line.partition(b" ")
        if kind == b"%output":
            pane, _, data = rest.partition(b" ")
            self._on_output(pane.decode("ascii", "replace"), unescaped(data))
        elif kind == b"%session-changed":
            if not self.ready.done():
                self.ready.set_result(rest)
        elif kind in TURNS:
            self._on_turn()
        elif kind == b"%exit" or not line.startswith(b"%"):
            self._said.append(line[:1000])


def _unheard() -> asyncio.Future[bytes]:
    """What is to come; nobody needs to ask for it."""
    coming: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
    coming.add_done_callback(lambda done: done.cancelled() or done.exception())
    return coming


def _ends(begin: bytes) -> tuple[bytes, bytes]:
    facts = begin.removeprefix(b"%begin")
    return b"%end" + facts, b"%error" + facts


def unescaped(data: bytes) -> bytes:
    """What a pane printed: tmux writes a backslash and what is below a blank as three octal digits."""
    if b"\\" not in data:
        return data
    return ESCAPED.sub(lambda found: bytes([int(found[1], 8) & 0xFF]), data)
