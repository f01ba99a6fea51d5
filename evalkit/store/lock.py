"""One writer a run: an exclusive flock on the file `lock`, which names its owner.

The kernel drops the lock with the process that holds it, however that process ends, so a stale lock
is taken over without asking. Python opens files close-on-exec: child programs do not keep it alive.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from pathlib import Path

from evalkit.errors import StoreError
from evalkit.store.crash import crash_point

LOCK_FILE = "lock"


def take_lock(folder: Path) -> int:
    """Lock `folder` for writing; the descriptor to give to `drop_lock`. StoreError names the owner."""
    fd = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = _owner(fd)
        os.close(fd)
        raise StoreError(
            f"{folder} is in use by {owner}",
            "wait until it has finished, or stop it: what it has stored is kept",
        ) from None
    os.ftruncate(fd, 0)
    os.pwrite(fd, json.dumps({"pid": os.getpid(), "host": socket.gethostname()}).encode(), 0)
    crash_point("lock taken")
    return fd


def drop_lock(fd: int) -> None:
    os.close(fd)


def _owner(fd: int) -> str:
    """Who holds the lock. It writes its name just after locking; until then an old name stands there."""
    for _ in range(50):
        try:
            owner = json.loads(os.pread(fd, 4096, 0))
            if owner["host"] == socket.gethostname():
                os.kill(owner["pid"], 0)
            return f"process {owner['pid']} on {owner['host']}"
        except PermissionError:  # alive, and another user's
            return f"process {owner['pid']} on {owner['host']}"
        except (ProcessLookupError, ValueError, KeyError, TypeError):
            time.sleep(0.01)
    return "another process"
