"""One command in a workspace: started through the engine, its output read by a thread.

The command is run by the image's shell, which first says its process's number: what it becomes can then be
found again from inside. Both outputs come in one stream, in the order in which they were written, as far as
the engine keeps it: of what is written at once to both, either may come first.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalkit.sandbox.streams import demultiplexed

# after the shell, before the folder and the command's own words. The status of a command that cannot be
# started is the shell's
SH = "/bin/sh"
STARTS = ("-c", 'echo "$$"; cd -- "$1" || exit 126; shift; exec "$@"', "sh")
# the same where the command is not known yet: one line of the shell's own language; without it, it ends
BEGUN = b"begun"
WAITING_SHELL = (
    "/bin/sh",
    "-c",
    'echo "$$"; IFS= read -r __line || exit 0; __n="\n"; echo begun; eval "$__line"',
)
STDOUT = 1  # the engine's number of it
HEAD_BYTES = 16
LINE_BYTES = 16_384
WAITING = 16  # pieces of output that a listener has not taken yet, beyond which the command has to wait


@dataclass(frozen=True)
class Order:
    """A command as the engine gets it. `shell`: the image's, or a bundle's. `feeds`: it gets an input,
    which stays open until `end_input`; `stdin` is the whole of it where that is known."""

    command: tuple[str, ...]
    folder: str
    user: str
    env: Mapping[str, str]
    feeds: bool = False
    stdin: bytes = b""
    shell: str = SH


@dataclass(frozen=True)
class Hearing:
    """How much is kept of a command's output, and who hears of it as it comes."""

    output_bytes: int
    on_output: Callable[[bytes], None] | None = None


def spelt(order: Order) -> bytes | None:
    """A command as the line that a waiting shell reads. None: it is too long for that, which reads byte by
    byte, is no text, or wants another shell."""
    words = " ".join(map(quoted, order.command))
    source = "" if order.feeds else "exec </dev/null; "
    if order.shell != SH:
        return None
    line = f"cd -- {quoted(order.folder)} || exit 126; {source}exec {words}\n"
    if len(line) > LINE_BYTES or "\0" in line:
        return None
    try:
        return line.encode()
    except UnicodeEncodeError:
        return None


def quoted(word: str) -> str:
    inside = word.replace("'", "'\\''").replace("\n", "'\"$__n\"'")
    return f"'{inside}'"


class Kept:
    """The head and the tail of what went by, `limit` bytes in all."""

    def __init__(self, limit: int) -> None:
        self._head_bytes = (limit + 1) // 2
        self._tail_bytes = limit - self._head_bytes
        self._head, self._tail = bytearray(), bytearray()
        self.dropped = 0

    def add(self, data: bytes) -> None:
        room = self._head_bytes - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        self._tail += data
        if len(self._tail) > self._tail_bytes + (1 << 16):
            self._trim()

    def _trim(self) -> None:
        over = len(self._tail) - self._tail_bytes
        if over > 0:
            self.dropped += over
            del self._tail[:over]

    def bytes(self) -> bytes:
        self._trim()
        return bytes(self._head + self._tail)


class Execution:
    """`start` or `wait` in a worker's thread; `pid` is known when the shell has said it (0: it did not),
    `begun` when the command is about to run, `over` when the output has ended."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.pid: asyncio.Future[int] = self.loop.create_future()
        self.begun = asyncio.Event()
        self.over = asyncio.Event()
        self.id = ""
        self.since = 0  # the container's clock when the command was about to begin; 0: not known
        self.killed = False  # on purpose
        self._heads = 1  # lines of our shell's own that are still to come
        self._kept = Kept(0)
        self._lock = threading.Lock()
        self._on_output: Callable[[bytes], None] | None = None
        self._room = threading.Semaphore(WAITING)
        self._closed = False
        self._fed = False  # nothing is written any more
        self._stream: Any = None
        self._raw: Any = None
        self._inbox: queue.SimpleQueue[tuple[bytes, asyncio.Future[None]] | None] = queue.SimpleQueue()

    def hear(self, hearing: Hearing) -> None:
        """Before its command begins."""
        self._kept, self._on_output = Kept(hearing.output_bytes), hearing.on_output

    def start(self, client: Any, container: str, order: Order) -> None:
        self._launch(
            client, container, (order.shell, *STARTS, order.folder, *order.command), order, order.feeds
        )

    def wait(self, client: Any, container: str, order: Order) -> None:
        """Start a shell as the order's user, in its environment, that waits for a command."""
        self._heads = 2
        self._launch(client, container, WAITING_SHELL, order, feeds=True)

    def give(self, line: bytes, feeds: bool) -> None:
        """The command (see `spelt`), to a shell that waits."""
        self.write(line)
        if not feeds:
            self.end_input()

    def _launch(self, client: Any, container: str, words: Sequence[str], order: Order, feeds: bool) -> None:
        made = client.api.exec_create(
            container, list(words), stdin=feeds, user=order.user, environment=dict(order.env)
        )
        self.id = str(made["Id"])
        self._stream = client.api.exec_start(self.id, socket=True)
        self._raw = getattr(self._stream, "_sock", self._stream)
        self._raw.settimeout(None)
        threading.Thread(target=self._read, name=f"evalkit-{self.id[:8]}", daemon=True).start()
        if feeds:
            threading.Thread(target=self._feed, daemon=True).start()

    def status(self, client: Any, container: str) -> int | None:
        """In a worker's thread: the exit code, or None while it runs. Engine errors pass through."""
        found = client.api.exec_inspect(self.id)
        return None if found["Running"] or found["ExitCode"] is None else int(found["ExitCode"])

    def output(self) -> tuple[bytes, int]:
        """What there is so far, and how many bytes of it were dropped."""
        with self._lock:
            return self._kept.bytes(), self._kept.dropped

    def write(self, data: bytes) -> asyncio.Future[None]:
        """Done when the engine has taken it, or the command is over."""
        taken: asyncio.Future[None] = self.loop.create_future()
        if self._fed:
            taken.set_result(None)
        else:
            self._inbox.put((data, taken))
        return taken

    def end_input(self) -> None:
        self._fed = True
        self._inbox.put(None)

    def close(self) -> None:
        """Listen no longer."""
        self._closed = True
        self.end_input()
        for _ in range(WAITING):
            self._room.release()
        with contextlib.suppress(OSError, AttributeError):
            self._raw.shutdown(2)
        with contextlib.suppress(OSError, AttributeError):
            self._stream.close()

    # -- threads ---------------------------------------------------------------------------------
    def _feed(self) -> None:
        while (piece := self._inbox.get()) is not None:
            with contextlib.suppress(OSError):
                self._raw.sendall(piece[0])
            self._tell(self._taken, piece[1])
        with contextlib.suppress(OSError):
            self._raw.shutdown(1)

    def _read(self) -> None:
        head = b""
        for kind, data in demultiplexed(_Buffered(self._stream)):
            if self._closed:
                break
            if self._heads and kind == STDOUT:
                head, data = self._headed(head + data)
            if data:
                self._take(data)
        self._tell(self._started, 0)
        self._tell(self.over.set)

    def _headed(self, data: bytes) -> tuple[bytes, bytes]:
        """What is left of it without our shell's own lines: the beginning of one, and output."""
        while self._heads and (b"\n" in data or len(data) >= HEAD_BYTES):
            line, _, rest = data.partition(b"\n")
            if line.isdigit() and len(line) < HEAD_BYTES:
                self._tell(self._started, int(line))
            elif line != BEGUN:  # not our shell's words, whatever it is
                self._tell(self._started, 0)
                self._heads = 0
                break
            data = rest
            self._heads -= 1
            if not self._heads:
                self._tell(self.begun.set)
        return (data, b"") if self._heads else (b"", data)

    def _take(self, data: bytes) -> None:
        with self._lock:
            self._kept.add(data)
        if self._on_output and not self._closed:
            self._room.acquire()
            self._tell(self._pass_on, data)

    def _tell(self, act: Any, *facts: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
            self.loop.call_soon_threadsafe(act, *facts)

    # -- in the event loop -----------------------------------------------------------------------
    def _started(self, pid: int) -> None:
        if not self.pid.done():
            self.pid.set_result(pid)

    def _taken(self, piece: asyncio.Future[None]) -> None:
        if not piece.done():
            piece.set_result(None)

    def _pass_on(self, data: bytes) -> None:
        try:
            if self._on_output and not self._closed:
                self._on_output(data)
        finally:
            self._room.release()


class _Buffered:
    """The stream with what came together with the answer's head, which lies in a buffer above its socket."""

    def __init__(self, stream: Any) -> None:
        self._from = stream._response.raw._fp.fp

    def recv(self, size: int) -> bytes:
        try:
            return bytes(self._from.read1(size))
        except ValueError as e:  # closed meanwhile
            raise OSError(str(e)) from None
