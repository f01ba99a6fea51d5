"""Children of process 1: the known ones, and those that became its own when their parents ended."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

LIST = Path("/proc/1/task/1/children")
LOOKS = 4  # for processes of a user that end as fast as one looks


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


def any_left(uid: int, known: set[int]) -> bool:
    """Whether processes of a user live, that are no `known` children: as orphans they became children."""
    # a dead one may have had a child that became ours after the list was made: only an empty list tells
    for _ in range(LOOKS):
        # another user's may be a program whose number its nursery has not told yet
        left = [pid for pid in children() if pid not in known and _id_of(pid, "Uid") == uid]
        if not left:
            return False
        if not all(os.waitpid(pid, os.WNOHANG)[0] for pid in left):
            return True
    return True


def kill_unknown(gid: int, known: set[int]) -> None:
    """End the children of a group that are not `known`, whatever their user, and wait for them."""
    for pid in children():
        if pid not in known and _id_of(pid, "Gid") == gid:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _id_of(pid: int, kind: str) -> int | None:
    """The user ("Uid") or group ("Gid") of a process; None where it is gone by now."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    return int(text.split(f"\n{kind}:\t", 1)[1].split("\t", 1)[0])
