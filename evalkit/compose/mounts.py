"""What a service of a compose file has mounted: folders of the file's own, volumes, memory."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any

from evalkit.compose.parts import inside, names, table
from evalkit.compose.plan import Mount, Refused

WORDS = frozenset(["ro", "rw", "z", "Z", "nocopy", "cached", "delegated", "consistent"])


def mounts(
    who: str, raw: Mapping[str, Any], files: Mapping[str, bytes], volumes: tuple[str, ...]
) -> tuple[Mount, ...]:
    """`volumes` and `tmpfs` of a service. Refused where one is the host's."""
    found = []
    asked = raw.get("volumes") or []
    if not isinstance(asked, list):
        raise Refused(f"{who}: volumes is no list")
    for entry in asked:
        mount = _long(who, entry) if isinstance(entry, dict) else _short(who, str(entry))
        if mount.kind == "volume" and mount.source and mount.source not in volumes:
            raise Refused(f"{who} mounts {mount.source!r}, a volume that is not there")
        found.append(mount)
    found += [Mount("memory", "", _place(who, item)) for item in names(raw.get("tmpfs"), f"{who}: tmpfs")]
    return tuple(found)


def exists(mount: Mount, files: Mapping[str, bytes]) -> bool:
    """Whether a folder (or file) that is mounted is among the compose file's own."""
    below = f"{mount.source}/" if mount.source else ""
    return mount.source in files or any(path.startswith(below) for path in files)


def _short(who: str, text: str) -> Mount:
    parts = text.split(":")
    words: set[str] = set()
    if len(parts) > 1 and set(parts[-1].split(",")) <= WORDS:
        words = set(parts.pop().split(","))
    if len(parts) > 2:
        raise Refused(f"{who} mounts {text[:80]!r}, which is not understood")
    at = _place(who, parts[-1])
    if len(parts) == 1:
        return Mount("volume", "", at)
    source = parts[0]
    if not source.startswith((".", "/", "~")) and "/" not in source:
        return Mount("volume", source, at, "ro" in words)
    return Mount("folder", inside(source, f"{who}: {text[:80]}"), at, "ro" in words)


def _long(who: str, raw: dict[str, Any]) -> Mount:
    entry = table(raw, f"{who}: volumes")
    kind, source = str(entry.get("type") or "volume"), str(entry.get("source") or entry.get("src") or "")
    at = _place(who, str(entry.get("target") or entry.get("dst") or entry.get("destination") or ""))
    read_only = bool(entry.get("read_only"))
    if kind == "tmpfs":
        return Mount("memory", "", at)
    if kind == "volume":
        return Mount("volume", source, at, read_only)
    if kind != "bind":
        raise Refused(f"{who} mounts a {kind!r}")
    if table(entry.get("bind"), f"{who}: bind").get("propagation"):
        raise Refused(f"{who} asks for 'propagation' of a mount")
    return Mount("folder", inside(source, f"{who}: volumes"), at, read_only)


def _place(who: str, text: str) -> str:
    path = posixpath.normpath(text.partition(":")[0])
    if not path.startswith("/") or path == "/" or ".." in path.split("/"):
        raise Refused(f"{who} mounts something at {text[:80]!r}, which is no place in it")
    return path
