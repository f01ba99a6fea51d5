"""The servers that evalkit started and that may live: one small file each in the cache, for `evalkit server`.

A key stands in it, so nobody else may read it. A process is known by its number and its start: numbers are
used again.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from evalkit.cache import cache_folder
from evalkit.errors import UsageError


@dataclass(frozen=True)
class Record:
    """`guard` is the process that holds the server, `began` its start in clock ticks since the machine's.

    `wanted` is what was asked for, as JSON: whoever asks for the same again may use it. `ready`: it answered.
    """

    name: str
    engine: str
    model: str
    served: str
    root: str
    api: str
    key: str
    guard: int
    began: int
    program: int
    log: str
    at: float
    kept: bool
    wanted: dict[str, Any] = field(default_factory=dict)
    ready: bool = False

    @property
    def alive(self) -> bool:
        return began(self.guard) == self.began

    @property
    def base_url(self) -> str:
        return self.root + self.api


def folder() -> Path:
    return cache_folder() / "servers"


def began(pid: int) -> int:
    """When a process started; 0 where there is none, or a zombie."""
    try:
        rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return 0 if rest[0] in "ZX" else int(rest[19])


def keep(record: Record) -> None:
    folder().mkdir(parents=True, exist_ok=True)
    path = folder() / f"{record.name}.json"
    new = path.with_suffix(f".{os.getpid()}")
    new.touch(0o600)
    new.write_text(json.dumps(asdict(record)))
    new.replace(path)


def forget(name: str) -> None:
    (folder() / f"{name}.json").unlink(missing_ok=True)


def records() -> Iterator[Record]:
    """Those that live, oldest first. Those of the dead are removed on the way."""
    found = []
    for path in sorted(folder().glob("*.json")):
        with contextlib.suppress(OSError, ValueError, TypeError):
            record = Record(**json.loads(path.read_text()))
            if record.alive:
                found.append(record)
            else:
                path.unlink(missing_ok=True)
    yield from sorted(found, key=lambda record: record.at)


def check_new_name(name: str) -> None:
    """UsageError where a server cannot be called so: its files are, and one that lives would be lost."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name):
        way_out = "a letter or digit, then 63 letters, digits, dots, dashes and underscores at most"
        raise UsageError(f"no server can be called {name!r}", way_out)
    if any(record.name == name for record in records()):
        raise UsageError(f"a server called {name!r} runs already", f"evalkit server stop {name}")


def find_record(name: str) -> Record:
    """By its name or the beginning of it, or by its model, where only one is meant."""
    known = list(records())
    exactly = [r for r in known if r.name == name] or [r for r in known if name in (r.model, r.served)]
    if same := exactly or [r for r in known if r.name.startswith(name)]:
        if len(same) == 1:
            return same[0]
        raise UsageError(
            f"several servers are meant by {name!r}", f"name one: {', '.join(r.name for r in same)}"
        )
    there = ", ".join(r.name for r in known) or "none runs"
    raise UsageError(f"no server is called {name!r}", f"servers that evalkit started: {there}")
