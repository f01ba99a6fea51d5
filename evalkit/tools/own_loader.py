"""Programs of a bundle that use its own loader and libraries, wherever they are started, and nothing else.

A program names its loader, and a loader names the places of libraries and the files that say more, which
whoever is root in a container may write, ld.so.preload above all. Those names are replaced by others of the
same length or shorter, below the place where the bundle is seen.
"""

from __future__ import annotations

import re

from evalkit.errors import EvalkitError

PLACE_BYTES = 10  # as long as a bundle's place may be: "/evalkit/v"
LISTS = {b"/etc/ld.so.cache": b"cache", b"/etc/ld.so.preload": b"preload"}
FOLDERS = re.compile(rb"/lib/([\w-]+-linux-gnu)/\0/usr/lib/\1/\0/lib/\0/usr/lib/\0")
NOWHERE = b"\x01"


def bound(loader: bytes, place: str) -> bytes:
    """glibc's loader, as Debian builds it, for a bundle at a place: its libraries are those in PLACE/lib."""
    at = _place(place)
    found = loader
    for path, name in LISTS.items():
        found = _replaced(found, path + b"\0", (at + b"/" + name).ljust(len(path), b"\0") + b"\0")
    if not FOLDERS.search(found):
        raise EvalkitError("this loader does not say where it looks for libraries as Debian's does")
    return FOLDERS.sub(lambda match: _folders(match[0], at), found)


def _folders(old: bytes, at: bytes) -> bytes:
    """Two are the bundle's, filled up with slashes; the others are too short, and lead nowhere."""
    parts = old.split(b"\0")[:-1]
    new = [(at + b"/lib").ljust(len(part), b"/") for part in parts[:2]]
    new += [b"/".ljust(len(part) - 1, NOWHERE) + b"/" for part in parts[2:]]
    return b"\0".join(new) + b"\0"


def started_by(program: bytes, place: str) -> bytes:
    """A program that is started by PLACE/ld.so."""
    match = re.search(rb"(/lib(64)?/ld-linux[\w.-]*)\0", program[:65536])
    if match is None:
        raise EvalkitError("this program names no loader")
    return _replaced(
        program, match[1] + b"\0", (_place(place) + b"/ld.so").ljust(len(match[1]), b"\0") + b"\0"
    )


def _place(place: str) -> bytes:
    if len(place) > PLACE_BYTES:
        raise EvalkitError(f"{place} is too long for a bundle with a loader of its own ({PLACE_BYTES} bytes)")
    return place.encode()


def _replaced(data: bytes, old: bytes, new: bytes) -> bytes:
    assert len(old) == len(new), "a name of another length would move all that follows"
    if data.count(old) < 1:
        raise EvalkitError(f"this is not a program as Debian builds it: it lacks {old!r}")
    return data.replace(old, new)
