"""Calls from inside a workspace to the proxy on this side, without a network.

    agent ──▶ 127.0.0.1:PORT in the container: relay ──▶ its standard output ──▶ here ──▶ the proxy's port

A frame is a kind (1 byte), a connection's number and a size (4 bytes each), and so many bytes. What comes out
is hostile: whatever is no frame, or more than an honest client would send, is `broken`.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import Coroutine, Sequence
from functools import cache
from importlib import resources
from typing import Any

from evalkit.errors import SandboxError
from evalkit.workspace import Process, Workspace

HEAD = struct.Struct(">BII")
READY, OPEN, DATA, CLOSE = range(4)
PIECE = 1 << 15  # bytes of a frame that we send
MOST_PIECE = 1 << 20  # that we take
MOST_OPEN = 256  # connections at once
MOST_WAITING = 64 << 20  # bytes of one connection that the proxy has not read yet
START_S = 60.0
END_S = 5.0
PORT = 18731  # in the container, where nothing else has run
QUIETLY = ("/bin/sh", "-c", 'exec 2>/dev/null; exec "$@"', "sh")  # both outputs come in one stream


class Tampered(Exception):
    """What comes from inside is not what a relay says."""


class Frames:
    """Bytes as they come, in whole frames. Raises Tampered."""

    def __init__(self) -> None:
        self._inbox = bytearray()

    def add(self, data: bytes) -> list[tuple[int, int, bytes]]:
        self._inbox += data
        found = []
        while len(self._inbox) >= HEAD.size:
            kind, number, size = HEAD.unpack_from(self._inbox)
            if kind > CLOSE or size > MOST_PIECE or (size and kind != DATA):
                raise Tampered("no frame")
            if len(self._inbox) < HEAD.size + size:
                break
            found.append((kind, number, bytes(self._inbox[HEAD.size : HEAD.size + size])))
            del self._inbox[: HEAD.size + size]
        return found


class Relay:
    """Carries connections between a workspace and a port of ours, while `async with` lasts.

    `broken` is set where it ended by itself or was tampered with; `why` says which.
    """

    def __init__(self, workspace: Workspace, port: int, interpreter: Sequence[str]) -> None:
        self.broken = asyncio.Event()
        self.why = ""
        self._workspace, self._port, self._interpreter = workspace, port, tuple(interpreter)
        self._ready = asyncio.Event()
        self._frames = Frames()
        self._open: dict[int, Connection] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()
        self._process: Process | None = None

    async def __aenter__(self) -> Relay:
        """SandboxError where it does not come up: the interpreter is not what it should be."""
        command = (*QUIETLY, *self._interpreter, str(PORT))
        self._process = await self._workspace.start(command, folder="/", on_output=self._hear)
        self._go(self._watch(self._process))
        waits = [asyncio.ensure_future(event.wait()) for event in (self._ready, self.broken)]
        await asyncio.wait(waits, timeout=START_S, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        if self.broken.is_set() or not self._ready.is_set():
            await self.__aexit__()
            raise SandboxError(
                f"the relay to the model does not start in {self._workspace.spec.image}",
                f"it needs a {self._interpreter[0]} that works there: `relay` in the agent's TOML",
            )
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._process is None:
            return
        # it ends with its input; to kill it is to kill what began after it, too: an agent's services
        with contextlib.suppress(SandboxError, TimeoutError):
            await self._process.end_input()
            await asyncio.wait_for(asyncio.shield(self._process.wait()), END_S)
            return
        await self._process.kill()

    def _go(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _watch(self, process: Process) -> None:
        with contextlib.suppress(SandboxError):  # the agent's own process says so
            await process.wait()
        self._break("the relay to the model ended")

    def _break(self, why: str) -> None:
        self.why = self.why or why
        self.broken.set()

    # -- from inside -------------------------------------------------------------------------------
    def _hear(self, data: bytes) -> None:
        if self.broken.is_set():
            return
        try:
            for frame in self._frames.add(data):
                self._obey(*frame)
        except Tampered as e:
            self._break(f"the relay to the model was tampered with: {e}")

    def _obey(self, kind: int, number: int, data: bytes) -> None:
        if kind == READY:
            self._ready.set()
        elif kind == OPEN:
            if number in self._open or len(self._open) >= MOST_OPEN:
                raise Tampered(f"more than {MOST_OPEN} connections at once")
            connection = self._open[number] = Connection()
            self._go(self._carry(number, connection))
        elif number in self._open:
            self._open[number].put(data if kind == DATA else None)

    # -- to the proxy and back ---------------------------------------------------------------------
    async def _carry(self, number: int, connection: Connection) -> None:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            back = asyncio.ensure_future(self._back(number, reader))
            try:
                while (data := await connection.get()) is not None:
                    writer.write(data)
                    await writer.drain()
            finally:
                writer.close()
                back.cancel()
                await asyncio.gather(back, return_exceptions=True)
        except OSError:
            await self._say(CLOSE, number)
        finally:
            self._open.pop(number, None)

    async def _back(self, number: int, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(PIECE):
                await self._say(DATA, number, data)
        await self._say(CLOSE, number)

    async def _say(self, kind: int, number: int, data: bytes = b"") -> None:
        assert self._process is not None
        async with self._turn:
            await self._process.write(HEAD.pack(kind, number, len(data)) + data)


class Connection:
    """What came from inside and waits for the proxy; None is its end."""

    def __init__(self) -> None:
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._waiting = 0

    def put(self, data: bytes | None) -> None:
        self._waiting += len(data or b"")
        if self._waiting > MOST_WAITING:
            raise Tampered("more than the model could ever be asked")
        self._pieces.put_nowait(data)

    async def get(self) -> bytes | None:
        data = await self._pieces.get()
        self._waiting -= len(data or b"")
        return data


@cache
def script(name: str) -> str:
    """The text of inside/NAME."""
    return (resources.files(__package__) / "inside" / name).read_text(encoding="utf-8")


def by_python(python: str) -> tuple[str, ...]:
    return python, "-c", script("relay.py")


def by_node(node: str) -> tuple[str, ...]:
    return node, "-e", script("relay.js")
