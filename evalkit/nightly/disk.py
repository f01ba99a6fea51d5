"""Small files of nights: written whole or not at all, and read only where they are files."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path

LONGEST = 100  # characters of a name, in the name of the file beside it


def write_whole(path: Path, text: str) -> None:
    """All of it, also after a power cut, or what stood there before. OSError where that cannot be done."""
    beside = path.with_name(f".{path.name[:LONGEST]}.{os.getpid()}.new")
    try:
        with beside.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def read_whole(path: Path) -> bytes:
    """OSError, too, for what is there under that name and is no file: one would wait for a pipe for ever."""
    with open(path, "rb", opener=_without_waiting) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file")
        return file.read()


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def named(folder: Path, ending: str) -> list[Path]:
    """What has a name with this ending, by name; nothing where there is no such folder. OSError where it
    cannot be looked into: what people said there would else be as if nobody had said it."""
    try:
        return sorted(path for path in folder.iterdir() if path.name.endswith(ending))
    except FileNotFoundError:
        return []


@dataclass(frozen=True)
class Damaged:
    """A file that cannot be read: `why` names it, `so` is what comes of that. `of`: the series or the suite
    that it speaks of, "" where nobody can tell."""

    path: Path
    why: str
    so: str
    of: str = ""

    @property
    def told(self) -> str:
        """A sentence without its full stop."""
        return f"{self.why}; {self.so} until it is mended or removed"
