"""Shapes that a compose file uses over and over: tables, lists of names, variables, paths in its folder."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any

from evalkit.compose.plan import Refused


def table(raw: Any, where: str) -> dict[str, Any]:
    """A mapping, or none at all. Refused."""
    if raw is None:
        return {}
    if not isinstance(raw, dict):
        raise Refused(f"{where} is no table")
    return {str(key): value for key, value in raw.items()}


def names(raw: Any, where: str) -> tuple[str, ...]:
    """A list of words, or one word. Refused."""
    if raw is None:
        return ()
    if isinstance(raw, str):
        return (raw,)
    if not isinstance(raw, list) or not all(isinstance(item, str | int | float) for item in raw):
        raise Refused(f"{where} is no list of words")
    return tuple(str(item) for item in raw)


def inside(path: str, where: str) -> str:
    """A path relative to the compose file's folder, which it does not leave; "" is that folder. Refused."""
    clean = posixpath.normpath(path)
    if "://" in path or path.startswith(("/", "~")) or clean == ".." or clean.startswith("../"):
        raise Refused(f"{where} leads out of its folder ({path[:80]})")
    return "" if clean == "." else clean


def env_of(who: str, raw: Mapping[str, Any], files: Mapping[str, bytes]) -> tuple[tuple[str, str], ...]:
    """`env_file`, then `environment` over it. One without a value would be this process's: it is none."""
    found: dict[str, str] = {}
    for entry in _files(who, raw.get("env_file")):
        path = inside(entry, f"{who}: env_file")
        if path not in files:
            raise Refused(f"{who} has no env_file {path}")
        found |= _lines(files[path].decode("utf-8", "replace"))
    asked = raw.get("environment")
    if isinstance(asked, dict):
        found |= {str(key): _word(value) for key, value in asked.items() if value is not None}
    else:
        found |= dict(item.split("=", 1) for item in names(asked, f"{who}: environment") if "=" in item)
    return tuple(found.items())


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _files(who: str, raw: Any) -> tuple[str, ...]:
    if isinstance(raw, list):
        return tuple(str(item.get("path", "")) if isinstance(item, dict) else str(item) for item in raw)
    return names(raw, f"{who}: env_file")


def _lines(text: str) -> dict[str, str]:
    """NAME=VALUE, a line each; quotes around a value are none of it."""
    found = {}
    for line in text.splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and name and not name.startswith("#"):
            value = value.strip()
            if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
                value = value[1:-1]
            found[name.strip()] = value
    return found
