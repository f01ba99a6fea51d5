"""What goes wrong with files, in words: every sqlite3 and OS error as one StoreError with the way out."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

from evalkit.errors import StoreError
from evalkit.store.schema import label

_KEPT = "everything stored before is kept"
_REPAIR = (
    "`python -m evalkit.store repair {folder}` keeps every readable record and the damaged file beside it"
)

_NO_SPACE = ("no space is left for {folder}", f"{_KEPT}: make room, then resume the run")
_READ_ONLY = (
    "{folder} cannot be written to ({error})",
    "copy the folder to another place, or choose one: --results DIR",
)
_DAMAGED = ("the database in {folder} is damaged ({error})", f"resuming repairs it; or {_REPAIR}")
_BUSY = (
    "another program holds the database in {folder}",
    f"{_KEPT}: close that program, then resume the run",
)
_UNREADABLE = ("{folder} cannot be read ({error})", "check the path and its permissions")
_OTHER = ("the database in {folder} failed ({error})", f"{_KEPT}: check the disk, then resume the run")

_SQLITE = {
    sqlite3.SQLITE_FULL: _NO_SPACE,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_CANTOPEN: _UNREADABLE,
}
_CONTENTS = (0, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_OS = {
    errno.ENOSPC: _NO_SPACE,
    errno.EDQUOT: _NO_SPACE,
    errno.EFBIG: _NO_SPACE,
    errno.EROFS: _READ_ONLY,
    errno.EACCES: _READ_ONLY,
    errno.EPERM: _READ_ONLY,
}


# Python raises UnicodeDecodeError where SQLite's own message repeats a damaged text.
Fault = sqlite3.Error | UnicodeDecodeError | OSError
FAULTS = (sqlite3.Error, UnicodeDecodeError, OSError)


def explain(error: Fault, folder: Path) -> StoreError:
    """The error of a database or a file of a run, as a StoreError."""
    if is_damage(error):
        return damaged(folder, str(error))
    if isinstance(error, OSError):
        message, hint = _OS.get(error.errno or 0, _UNREADABLE)
        return _fill(message, hint, folder, error.strerror or str(error))
    message, hint = _SQLITE.get(kind(error), _OTHER)
    return _fill(message, hint, folder, str(error))


def damaged(folder: Path, what: str) -> StoreError:
    return _fill(*_DAMAGED, folder, what)


def is_damage(error: Fault) -> bool:
    """True where the file's own contents are at fault, not the disk or another program."""
    contents = isinstance(error, sqlite3.DatabaseError) and kind(error) in _CONTENTS
    return contents or isinstance(error, UnicodeDecodeError)


def kind(error: Fault) -> int:
    """SQLite's code without its details; 0 where Python could not decode a text."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _fill(message: str, hint: str, folder: Path, error: str) -> StoreError:
    return StoreError(message.format(folder=folder, error=label(error)), hint.format(folder=folder))
