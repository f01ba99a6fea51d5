"""Payloads <-> bytes. Anything JSON-like comes back equal: NaN, lone surrogates, NUL, megabyte lines.

A body is ASCII JSON. What JSON cannot say, or what is better stored once, is an object with one key:

    {"$text": DIGEST}    a text longer than LONG characters; the blob is UTF-8, surrogates passed through
    {"$bytes": DIGEST}   bytes
    {"$json": DIGEST}    a payload that was packed by itself
    {"$float": "nan"}    also "inf" and "-inf"

Keys that begin with "$" get one more "$". DIGEST is the SHA-256 of the blob, in hex. So the history that
every call of an agent repeats, or the prompt of a hundred samples, takes its space once.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from evalkit.errors import StoreError

LONG = 512


@dataclasses.dataclass(frozen=True)
class Packed:
    """A body, and the blobs that it refers to by digest."""

    body: bytes
    digest: str
    blobs: Mapping[str, bytes]


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def blob_contents(digest: object, data: object) -> bytes:
    """The contents of a stored blob; ValueError where they do not match the digest."""
    try:
        contents = zlib.decompress(data) if isinstance(data, bytes) else b""
    except zlib.error:
        contents = b""
    if hashlib.sha256(contents).digest() != digest:
        raise ValueError("a record does not match its checksum")
    return contents


def pack(payload: Any) -> Packed:
    """Encode a payload: dicts with text keys, lists, tuples (as lists), dataclasses (as dicts), scalars."""
    blobs: dict[str, bytes] = {}
    try:
        text = json.dumps(_plain(payload, blobs), allow_nan=False, separators=(",", ":"))
    except RecursionError:
        raise StoreError("a payload is nested too deeply to be stored") from None
    body = text.encode("ascii")
    return Packed(body, sha256(body), blobs)


def unpack(body: bytes, blob: Callable[[str], bytes], binary: Callable[[str], bytes] | None = None) -> Any:
    """Decode what `pack` made; `blob` finds the bytes of a digest, `binary` those of `bytes` if given."""

    def special(pairs: list[tuple[str, Any]]) -> Any:
        if len(pairs) == 1:
            (key, value) = pairs[0]
            if key == "$text":
                return blob(value).decode("utf-8", "surrogatepass")
            if key == "$bytes":
                return (binary or blob)(value)
            if key == "$json":
                return unpack(blob(value), blob, binary)
            if key == "$float":
                return float(value)
        return {key[1:] if key.startswith("$") else key: value for key, value in pairs}

    return json.loads(body, object_pairs_hook=special)


def _plain(value: Any, blobs: dict[str, bytes]) -> Any:
    if isinstance(value, str):
        return value if len(value) <= LONG else _blob("$text", value.encode("utf-8", "surrogatepass"), blobs)
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"$float": str(value)}
    if isinstance(value, Mapping):
        return {_key(key): _plain(item, blobs) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, blobs) for item in value]
    if isinstance(value, bytes):
        return _blob("$bytes", value, blobs)
    if isinstance(value, Packed):
        blobs.update(value.blobs)
        blobs[value.digest] = value.body
        return {"$json": value.digest}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name), blobs) for f in dataclasses.fields(value)}
    raise TypeError(f"a {type(value).__name__} cannot be stored")


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"keys of a payload are texts, not {type(key).__name__}")
    return "$" + key if key.startswith("$") else key


def _blob(kind: str, data: bytes, blobs: dict[str, bytes]) -> dict[str, str]:
    digest = sha256(data)
    blobs[digest] = data
    return {kind: digest}
