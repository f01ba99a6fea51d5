"""A job as it travels to a judge's container: see inside/judge_main.py for its form."""

from __future__ import annotations

import functools
import hashlib
import json
import struct
from typing import Any

from evalkit.program import Job


def job_message(number: int, job: Job, share_s: float, trusted: bool, known: set[str]) -> bytes:
    """`known`: names of the judges whose text the container has; the job's is among them afterwards."""
    limits = dict(vars(job.limits), share_s=share_s)
    if limits["cpu_s"] is None:
        limits["cpu_s"] = limits["wall_s"] + 2
    name = _name_of(job.judge)
    message: dict[str, Any] = {
        "id": number,
        "trusted": trusted,
        "program": job.program,
        "judge": name,
        "limits": limits,
        "guard": job.guard,
    }
    if name not in known:
        known.add(name)
        message["judge_text"] = job.judge
    head = json.dumps(message).encode()
    task = json.dumps(dict(job.task)).encode()
    return struct.pack(">II", 4 + len(head) + len(task), len(head)) + head + task


@functools.lru_cache(maxsize=64)
def _name_of(judge: str) -> str:
    return hashlib.sha256(judge.encode("utf-8", "surrogatepass")).hexdigest()
