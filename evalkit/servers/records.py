"""The servers that evalkit started and that may live: one small file each in the cache, for `evalkit server`.

A key stands in it, so nobody else may read it. A process is known by its number and its start: numbers are
used again.
"""

from __future__ import annotations

import contextlib
import glob
import json
import os
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from evalkit.cache import cache_folder
from evalkit.errors import UsageError
from evalkit.servers.guard import offspring


@dataclass(frozen=True)
class Record:
    """`guard` is the process that holds the server, `began` its start in clock ticks since the machine's; so
    are `program` and `program_began` of the server itself.

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
    program_began: int = 0

    @property
    def guarded(self) -> bool:
        return began(self.guard) == self.began

    @property
    def runs(self) -> bool:
        """Whether the server itself does."""
        return began(self.program) == self.program_began != 0

    @property
    def alive(self) -> bool:
        """Whether anything is left: a guard that tidies up behind it, or the server without its guard."""
        return self.guarded or self.runs

    @property
    def state(self) -> str:
        """`ending`: its program is gone, its guard sees to the rest. `unguarded`: its guard was killed."""
        if not self.runs:
            return "ending"
        if not self.guarded:
            return "unguarded"
        return "starting" if not self.ready else "kept" if self.kept else "in a run"

    @property
    def processes(self) -> list[int]:
        """The server and what it began, as far as that can be found."""
        return sorted({self.program, *offspring(self.guard), *offspring(self.program)})

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
    path = path_of(record.name)
    new = path.with_suffix(f".{os.getpid()}")
    new.touch(0o600)
    new.write_text(json.dumps(asdict(record)))
    new.replace(path)


def path_of(name: str) -> Path:
    return folder() / f"{name}.json"


def forget(name: str) -> None:
    path_of(name).unlink(missing_ok=True)


def logs_folder() -> Path:
    return folder() / "logs"


def last_log(name: str) -> Path | None:
    """The newest log of servers that were called so: each has a file NAME-RANDOM.log."""
    found = logs_folder().glob(f"{glob.escape(name)}-*.log")
    of_name = (log for log in found if "-" not in log.stem.removeprefix(f"{name}-"))
    return max(of_name, default=None, key=written)


def written(log: Path) -> float:
    """When it was last; 0 where it is gone."""
    try:
        return log.stat().st_mtime
    except OSError:
        return 0.0


def records() -> list[Record]:
    """Those that live, oldest first. Those of the dead are removed on the way."""
    found = []
    for path in sorted(folder().glob("*.json")):
        with contextlib.suppress(OSError, ValueError, TypeError):
            record = Record(**json.loads(path.read_text()))
            if record.alive:
                found.append(record)
            else:
                path.unlink(missing_ok=True)
    return sorted(found, key=lambda record: record.at)


def check_new_name(name: str) -> None:
    """UsageError where a server cannot be called so: its files are, and one that lives would be lost."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name):
        way_out = "a letter or digit, then 63 letters, digits, dots, dashes and underscores at most"
        raise UsageError(f"no server can be called {name!r}", way_out)
    if any(record.name == name for record in records()):
        raise UsageError(f"a server called {name!r} runs already", f"evalkit server stop {name}")


def find_record(name: str) -> Record:
    """By its name or the beginning of it, or by its model, where only one is meant."""
    known = records()
    exactly = [r for r in known if r.name == name] or [r for r in known if name in (r.model, r.served)]
    if same := exactly or [r for r in known if r.name.startswith(name)]:
        if len(same) == 1:
            return same[0]
        raise UsageError(
            f"several servers are meant by {name!r}", f"name one: {', '.join(r.name for r in same)}"
        )
    there = ", ".join(r.name for r in known) or "none runs"
    raise UsageError(f"no server is called {name!r}", f"servers that evalkit started: {there}")
