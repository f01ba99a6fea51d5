"""The machine in a few facts that say nothing about whose it is."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any


def facts() -> dict[str, Any]:
    """Cores that we may use, memory, kernel, Python; the processor's name where the kernel knows it."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "processor": processor(),
        "kernel": platform.release(),
        "cgroups": 2 if Path("/sys/fs/cgroup/cgroup.controllers").exists() else 1,
        "python_of_evalkit": platform.python_version(),
    }


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def without_paths(described: dict[str, Any]) -> dict[str, Any]:
    """What a sandbox says of itself; nothing of this machine's names is in it."""
    wanted = ("engine", "kernel", "at_once", "in_flight", "limits", "tests", "isolation")
    return {
        key: value
        for key, value in described.items()
        if key in wanted or key.startswith(("answers_", "judge_"))
    }
