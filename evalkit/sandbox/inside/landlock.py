"""Landlock: what a program's process may open, connect to and signal, whatever its user could.

Without it two samples, different users as they are, could list each other in /proc and meet in abstract
sockets. The rules of a slot are prepared once, by the supervisor; a child only has to enter them.
Facts: the kernel's Documentation/userspace-api/landlock.rst.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct

CREATE, ADD, RESTRICT = 444, 445, 446  # system calls; the same on every architecture
VERSION = 1  # flag: ask for the version only
PATH_BENEATH = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
BY_VERSION = {1: 0x1FFF, 2: 0x3FFF, 3: 0x7FFF, 4: 0x7FFF, 5: 0xFFFF}  # rights that a version knows
TCP = 3  # bind, connect: version 4
SCOPES = 3  # abstract unix sockets, signals
SCOPED = 6  # the version that has them

READABLE = ("/usr", "/lib", "/lib64", "/bin", "/etc")
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")

_syscall = ctypes.CDLL(None, use_errno=True).syscall


def _call(*args: object) -> int:
    result = int(_syscall(*args))
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result


def version() -> int:
    """The kernel's Landlock version; 0 where it has none, or where it is not allowed here."""
    try:
        return _call(CREATE, None, ctypes.c_size_t(0), VERSION)
    except OSError:
        return 0


def ruleset(folder: str, known: int) -> int:
    """A descriptor of the rules for a program that works in `folder`, on a kernel of version `known`."""
    files = BY_VERSION[min(known, max(BY_VERSION))]
    attributes = struct.pack("<QQQ", files, TCP if known >= 4 else 0, SCOPES if known >= SCOPED else 0)
    size = 24 if known >= SCOPED else 16 if known >= 4 else 8
    rules = _call(CREATE, attributes, ctypes.c_size_t(size), 0)
    for path in READABLE:
        _allow(rules, path, EXECUTE | READ_FILE | READ_DIR)
    for path in DEVICES:
        _allow(rules, path, READ_FILE | WRITE_FILE)
    _allow(rules, folder, files)
    return rules


def _allow(rules: int, path: str, rights: int) -> None:
    with contextlib.suppress(FileNotFoundError):
        fd = os.open(path, os.O_PATH)
        try:
            _call(ADD, rules, PATH_BENEATH, struct.pack("<Qi", rights, fd), 0)
        finally:
            os.close(fd)


def enter(rules: int) -> None:
    """Bind this process, and all it will start, to the rules. Needs no privilege, only no new ones."""
    _call(RESTRICT, rules, 0)
