"""The engine's raw stream of a container: both its outputs in one, in frames."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any


def demultiplexed(raw: Any) -> Iterator[tuple[int, bytes]]:
    """(1 or 2, data) for what a container writes to its standard output or error, until it ends."""
    buffer = bytearray()
    while True:
        while len(buffer) >= 8:
            kind, size = struct.unpack_from(">BxxxI", buffer)
            if len(buffer) < 8 + size:
                break
            yield kind, bytes(memoryview(buffer)[8 : 8 + size])
            del buffer[: 8 + size]
        try:
            data = raw.recv(1 << 18)
        except OSError:
            return
        if not data:
            return
        buffer += data
