"""Runs in the judge's container: what the probe told from the other one, and the same about this one."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Generator
from pathlib import Path
from typing import Any

from evalkit_judge import Test


def judge(answer: Any, task: dict[str, Any]) -> Generator[Any, None, Any]:
    answer.load()
    told = answer.call("found", task["canary"])
    yield Test("probe", "passed")
    return {"program": told, "judge": about_here(task["canary"])}


def about_here(canary: str) -> dict[str, Any]:
    status = dict(
        line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line
    )
    families = []
    for family in range(46):
        with contextlib.suppress(OSError):
            socket.socket(family, socket.SOCK_STREAM).close()
            families.append(family)
    written = []
    for place in ("/", "/var/tmp", "/dev/shm", "/run", "/run/evalkit", "/etc", "/usr"):
        with contextlib.suppress(OSError), open(os.path.join(place, "evalkit-probe"), "w"):
            written.append(place)
    return {
        "uid": list(os.getresuid()),
        "capabilities": int(status["CapEff"], 16) | int(status["CapPrm"], 16) | int(status["CapBnd"], 16),
        "no_new_privileges": int(status["NoNewPrivs"]),
        "seccomp": int(status["Seccomp"]),
        "families": families,
        "written": written,
        "environment": sorted(os.environ),
        "canary": os.path.exists(canary),
    }
