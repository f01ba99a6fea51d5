"""How a program's process ended: the supervisor's report, and what it means."""

from __future__ import annotations

import os
import signal
import struct
from dataclasses import dataclass
from typing import Any

REPORT = struct.Struct("<idd q??")  # supervisor.py


@dataclass(frozen=True)
class End:
    """`status` as of wait(2), times in seconds, memory in bytes."""

    status: int
    user_s: float
    system_s: float
    peak_rss_bytes: int
    killed: bool
    out_of_memory: bool  # in the container, while the program ran: some process was killed for it


def read_report(data: bytes) -> End:
    status, user, system, rss, killed, no_memory = REPORT.unpack(data)
    return End(status, user, system, rss << 10, killed, no_memory)


def classify(end: End, limits: dict[str, Any]) -> tuple[str, str]:
    """Why a process ended that should have gone on: a kind of AnswerError, and in words."""
    if not os.WIFSIGNALED(end.status):
        return "crashed", f"the program left with status {os.waitstatus_to_exitcode(end.status)}"
    number = os.WTERMSIG(end.status)
    spent = end.user_s + end.system_s
    if number == signal.SIGXCPU or (number == signal.SIGKILL and spent >= limits["cpu_s"]):
        return "cpu", f"{spent:.1f} s of CPU time"
    if end.out_of_memory and number == signal.SIGKILL:
        return "memory", "killed for want of memory"
    return "crashed", f"the program was ended by {signal.Signals(number).name}"
