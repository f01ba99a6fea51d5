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
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from evalkit.sandbox.streams import demultiplexed

# the folder, then the command's own words; the status of a command that cannot be started is the shell's
SHELL = ("/bin/sh", "-c", 'echo "$$"; cd -- "$1" || exit 126; shift; exec "$@"', "sh")
STDOUT = 1  # the engine's number of it
WAITING = 16  # pieces of output that a listener has not taken yet, beyond which the command has to wait


@dataclass(frozen=True)
class Order:
    """A command as the engine gets it. `feeds`: it gets an input, which stays open until `end_input`."""

    command: tuple[str, ...]
    folder: str
    user: str
    env: Mapping[str, str]
    feeds: bool = False


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
    """`start` in a worker's thread; `pid` is known when the shell has said it (0: it did not), `over` when
    the output has ended."""

    def __init__(self, output_bytes: int, on_output: Callable[[bytes], None] | None) -> None:
        self.loop = asyncio.get_running_loop()
        self.pid: asyncio.Future[int] = self.loop.create_future()
        self.over = asyncio.Event()
        self.id = ""
        self.killed = False  # on purpose
        self._kept = Kept(output_bytes)
        self._lock = threading.Lock()
        self._on_output = on_output
        self._room = threading.Semaphore(WAITING)
        self._closed = False
        self._fed = False  # nothing is written any more
        self._stream: Any = None
        self._raw: Any = None
        self._inbox: queue.SimpleQueue[tuple[bytes, asyncio.Future[None]] | None] = queue.SimpleQueue()

    def start(self, client: Any, container: str, order: Order) -> None:
        made = client.api.exec_create(
            container,
            [*SHELL, order.folder, *order.command],
            stdin=order.feeds,
            user=order.user,
            environment=dict(order.env),
        )
        self.id = str(made["Id"])
        self._stream = client.api.exec_start(self.id, socket=True)
        self._raw = getattr(self._stream, "_sock", self._stream)
        self._raw.settimeout(None)
        threading.Thread(target=self._read, name=f"evalkit-{self.id[:8]}", daemon=True).start()
        if order.feeds:
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
        first: bytes | None = b""
        for kind, data in demultiplexed(_Buffered(self._stream)):
            if self._closed:
                break
            if first is not None and kind == STDOUT:
                first += data
                if b"\n" not in first and len(first) < 16:
                    continue
                line, _, data = first.partition(b"\n")
                first = None
                if line.isdigit() and len(line) < 16:
                    self._tell(self._started, int(line))
                else:  # not our shell's words, whatever it is
                    data = line + data
                    self._tell(self._started, 0)
            if data:
                self._take(data)
        self._tell(self._started, 0)
        self._tell(self.over.set)

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
