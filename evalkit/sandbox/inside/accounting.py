"""What the kernel counts about processes of container A: waiting, CPU time, kills for want of memory.

And about the machine: a virtual one has cores that its host may take away for a while.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def waited_s(pid: int) -> float:
    """How long a process was ready to run without getting a core: that of its threads which waited most."""
    most = 0
    with contextlib.suppress(OSError, IndexError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            most = max(most, int(Path(f"/proc/{pid}/task/{thread}/schedstat").read_text().split()[1]))
    return most / 1e9


def ran_s(pid: int) -> tuple[float, float]:
    """Seconds of CPU and of waiting for a core of a process's first thread; zeros where it is gone."""
    with contextlib.suppress(OSError, IndexError):
        ran, waited, _ = Path(f"/proc/{pid}/schedstat").read_text().split()
        return int(ran) / 1e9, int(waited) / 1e9
    return 0.0, 0.0


def is_ready(pid: int) -> bool:
    """Whether a process's first thread has a core or waits for one."""
    with contextlib.suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "R"
    return False


def taken_s() -> tuple[float, ...]:
    """Of each core: seconds that the host has taken of it since the machine started (steal). () if unknown.

    A program that was on that core neither ran nor waited, by the kernel's count: it stood still with it.
    """
    found = []
    with contextlib.suppress(OSError, IndexError, ValueError):
        for line in Path("/proc/stat").read_text().splitlines():
            name, *ticks = line.split(" ", 9)
            if not name.startswith("cpu"):
                break  # the cores come first, after their sum
            if name != "cpu":
                found.append(int(ticks[7]) / os.sysconf("SC_CLK_TCK"))
    return tuple(found)


def cpu_s(uid: int) -> float:
    """CPU seconds of all processes of a user, and of the children that they have waited for."""
    ticks = 0
    for pid in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            if pid.isdigit() and os.stat(f"/proc/{pid}").st_uid == uid:
                fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
                ticks += sum(map(int, fields[11:15]))  # utime, stime, cutime, cstime
    return ticks / os.sysconf("SC_CLK_TCK")


class Kills:
    """How many processes of this container the kernel has killed for want of memory."""

    def __init__(self) -> None:
        self._fd = -1
        for path in ("/sys/fs/cgroup/memory/memory.oom_control", "/sys/fs/cgroup/memory.events"):
            with contextlib.suppress(OSError):
                self._fd = os.open(path, os.O_RDONLY)
        self._text, self._count = b"", 0

    def count(self) -> int:
        """Cheap: it is asked at both ends of every sample."""
        if self._fd < 0:
            return 0
        text = os.pread(self._fd, 4096, 0)
        if text != self._text:
            self._text = text
            lines = (line.split() for line in text.splitlines())
            self._count = next((int(words[1]) for words in lines if words[0] == b"oom_kill"), 0)
        return self._count


def do_not_preempt() -> None:
    """From now on this process and its children, when they wake up, let what runs go on with its time slice.

    A program's replies then wait for each other; every change between the two sides costs both.
    """
    os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
