"""Children of process 1: the known ones, and those that became its own when their parents ended."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

LIST = Path("/proc/1/task/1/children")


def children() -> list[int]:
    """The process ids of this process's children, zombies too. To be called in process 1 only."""
    try:
        return [int(pid) for pid in LIST.read_text().split()]
    except FileNotFoundError:  # a kernel without CONFIG_PROC_CHILDREN
        return [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and _parent(pid) == 1]


def _parent(pid: str) -> int:
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    return 0


def uid_of(pid: int) -> int | None:
    """The user of a process; None where it is gone by now."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    return int(text.split("\nUid:\t", 1)[1].split("\t", 1)[0])
