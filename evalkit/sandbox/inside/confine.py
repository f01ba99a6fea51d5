"""What a fresh child of the supervisor does to itself before a program may run in it."""

from __future__ import annotations

import os
import posix
import resource
import sys
import tempfile
from os import chdir, chmod  # the guard of a program may have taken them from the module
from typing import Any

from . import landlock

STACK = 64 << 20
FILES = 256
_environment = os.environ._data  # type: ignore[attr-defined] # os.environ itself needs os.putenv


def confine(uid: int, folder: str, rules: int | None, limits: dict[str, Any], pipe: int, output: int) -> None:
    """Own session, own user, own folder, limits; descriptors 0, 1, 2 and 3 and no others.

    `rules`: the slot's Landlock rules, if the kernel has any. `limits`: cpu_s (seconds), memory_bytes,
    file_bytes, processes. Afterwards the process holds no privilege, and the container's
    no-new-privileges keeps it so.
    """
    os.setsid()
    _descriptors(pipe, output)
    tempfile.tempdir = folder
    for name in (b"HOME", b"TMPDIR"):
        _environment[name] = os.fsencode(folder)
        posix.putenv(name, folder)
    _limits(limits)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    chdir(folder)  # only now: root here has no right to enter it
    fresh_folder()
    if rules is not None:
        landlock.enter(rules)
    os.closerange(4, sys.maxsize & 0x7FFFFFFF)  # last, so that a failure could still be reported


def fresh_folder() -> None:
    """The sample's folder as every sample finds it: an earlier one may have left marks on it."""
    chmod(".", 0o700)
    os.utime(".", ns=(0, 0))
    for name in os.listxattr("."):
        os.removexattr(".", name)


def _descriptors(pipe: int, output: int) -> None:
    nothing = os.open("/dev/null", os.O_RDONLY)
    moved = [os.dup(fd) for fd in (nothing, output, output, pipe)]  # out of the way of 0 to 3
    for target, fd in enumerate(moved):
        os.dup2(fd, target, inheritable=True)


def _limits(limits: dict[str, Any]) -> None:
    cpu = max(1, int(limits["cpu_s"] + 0.999))
    memory = int(limits["memory_bytes"])
    size = int(limits["file_bytes"])
    processes = int(limits["processes"])
    for name, soft, hard in (
        (resource.RLIMIT_CPU, cpu, cpu + 1),  # a signal that can be ignored, then one that cannot
        (resource.RLIMIT_AS, memory, memory),
        (resource.RLIMIT_FSIZE, size, size),
        (resource.RLIMIT_NPROC, processes, processes),
        (resource.RLIMIT_NOFILE, FILES, FILES),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_STACK, STACK, STACK),
    ):
        resource.setrlimit(name, (soft, hard))
