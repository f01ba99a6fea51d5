"""Child processes that do not outlive their parent, however that dies (Linux's PR_SET_PDEATHSIG)."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
OURS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


def ends_with_me(number: int = signal.SIGTERM) -> Callable[[], None]:
    """A `preexec_fn`: the child gets this signal when its parent is gone, and handles signals as a fresh
    program does."""
    parent = os.getpid()

    def prepare() -> None:
        prctl(PR_SET_PDEATHSIG, number)
        for one in OURS:
            signal.signal(one, signal.SIG_DFL)
        if os.getppid() != parent:  # it was gone before we asked
            os._exit(1)

    return prepare


def adopt_orphans() -> None:
    """What becomes an orphan below this process becomes its child."""
    prctl(PR_SET_CHILD_SUBREAPER, 1)


def prctl(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
