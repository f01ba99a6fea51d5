"""A Docker engine that can die: a socket that passes everything on to the real one until it is cut."""

from __future__ import annotations

import asyncio
from pathlib import Path

ENGINE = "/var/run/docker.sock"


class EngineProxy:
    """Serves the engine at `path`. `die` cuts every connection and takes no more; `revive` undoes it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.writers: set[asyncio.StreamWriter] = set()
        self.server: asyncio.Server | None = None

    @property
    def host(self) -> str:
        """For DOCKER_HOST."""
        return f"unix://{self.path}"

    async def revive(self) -> None:
        self.server = await asyncio.start_unix_server(self._connect, self.path)

    async def die(self) -> None:
        assert self.server is not None
        self.server.close()
        self.path.unlink(missing_ok=True)
        for writer in list(self.writers):
            writer.transport.abort()
        await asyncio.sleep(0.1)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_unix_connection(ENGINE)
        self.writers |= {writer, there_writer}
        ways = (self._pass(reader, there_writer), self._pass(there_reader, writer))
        await asyncio.gather(*ways, return_exceptions=True)
        for end in (writer, there_writer):
            self.writers.discard(end)
            end.transport.abort()

    @staticmethod
    async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
