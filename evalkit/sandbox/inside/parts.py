"""Byte strings one after the other, each behind its length: how processes of container B talk."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping

LENGTH = struct.Struct(">I")


def join(fields: Iterable[bytes]) -> bytes:
    """A message: the length of the rest, then each part behind its length."""
    body = b"".join(part for field in fields for part in (LENGTH.pack(len(field)), field))
    return LENGTH.pack(len(body)) + body


def split(data: bytes | bytearray, pos: int = 4) -> list[bytes]:
    """The parts of a message from `pos` on; a part that is cut short is as long as what is there."""
    found = []
    while pos + 4 <= len(data):
        end = pos + 4 + LENGTH.unpack_from(data, pos)[0]
        found.append(bytes(memoryview(data)[pos + 4 : end]))
        pos = end
    return found


def of_mapping(things: Mapping[str, bytes]) -> Iterable[bytes]:
    """Names and values, in turns."""
    for name, value in things.items():
        yield name.encode("utf-8", "replace")
        yield value


def mapping(pairs: list[bytes]) -> dict[str, bytes]:
    """The reverse of `of_mapping`."""
    return {
        name.decode("utf-8", "replace"): value for name, value in zip(pairs[::2], pairs[1::2], strict=False)
    }
