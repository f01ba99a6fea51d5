"""A bare fork: no Python hooks in the child, and the parent's parent for a parent.

`os.fork` runs hooks in the child that copy 170 pages of memory, for threads and locks that a process
with one thread does not have. A sibling (CLONE_PARENT) belongs to process 1, which waits for it.
"""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import time
from collections.abc import Callable

CLONE_PARENT, CLONE_CHILD_SETTID, CLONE_CHILD_CLEARTID = 0x8000, 0x1000000, 0x200000
GET_TID_ADDRESS = 40  # prctl
PATIENCE = 500  # times 20 ms: other samples may have taken all memory for a moment
CLONE = {"x86_64": 56}.get(platform.machine(), 220)

_c = ctypes.PyDLL(None, use_errno=True)  # keeps the interpreter's lock
fork = _c.fork


def fork_surely() -> int:
    """As `fork`, which gives -1 where memory or process ids are used up for a moment."""
    return _surely(fork)


def _surely(make: Callable[[], int]) -> int:
    for _ in range(PATIENCE):
        pid = int(make())
        if pid >= 0:
            return pid
        time.sleep(0.02)
    error = ctypes.get_errno()
    raise OSError(error, os.strerror(error))


class Sibling:
    """Makes children of this process's parent. Create it in the process that will use it."""

    def __init__(self) -> None:
        # where the C library keeps the number of its thread: the kernel writes the child's there
        where = ctypes.c_void_p()
        known = _c.prctl(GET_TID_ADDRESS, ctypes.byref(where), 0, 0, 0) == 0 and where.value
        flags = CLONE_PARENT | signal.SIGCHLD
        if known:
            flags |= CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID
        place = ctypes.c_void_p(where.value if known else 0)
        nothing = ctypes.c_void_p(0)
        last = (place, nothing) if CLONE == 56 else (nothing, place)
        self._arguments = (ctypes.c_long(CLONE), ctypes.c_long(flags), nothing, nothing, *last)
        self._call = _c.syscall

    def make(self) -> int:
        """The child's process id; in the child 0. OSError where there is no room for one more, for long."""
        for _ in range(PATIENCE):
            pid = int(self._call(*self._arguments))
            if pid >= 0:
                return pid
            time.sleep(0.02)
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
