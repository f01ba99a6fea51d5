"""Process 1 of container B: takes jobs from the host and forks a process for each.

The host's stream (standard input and output) carries frames: 4 bytes of length, then a job as JSON one
way, and 4 bytes of its number and its result as JSON the other way. A job names its judge by sha256;
the judge's text comes with the first job that needs it. Only this process reads and writes the stream:
the tests, foreign code, run in the forks, reach one pipe each and can answer for no other job.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import struct
import sys
import time
import types
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import judge_job

LENGTH = struct.Struct(">I")
RESULT_BYTES = 16 << 20
HARD_S = 3.0  # a judge's process lives at most so long beyond its program's limit
CHILDREN = Path("/proc/1/task/1/children")


@dataclass
class Child:
    pid: int
    job: int
    deadline: float
    data: bytearray = field(default_factory=bytearray)


class JudgeMain:
    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config
        self.judges: dict[str, types.CodeType] = {}
        self.children: dict[int, Child] = {}  # by the descriptor of its pipe
        self.poll = select.poll()
        self.inbox = bytearray()

    def run(self) -> None:
        self.poll.register(0, select.POLLIN)
        while True:
            next_deadline = min((c.deadline for c in self.children.values()), default=None)
            wait = None if next_deadline is None else max(0.0, next_deadline - time.monotonic()) * 1000 + 1
            for fd, _ in self.poll.poll(wait):
                if fd != 0:
                    self.read(fd)
                elif not self.receive():
                    return  # the harness is gone
            now = time.monotonic()
            for fd, child in list(self.children.items()):
                if child.deadline <= now:
                    self.finish(fd, child, {"status": "timeout", "detail": "the test did not end in time"})

    def receive(self) -> bool:
        data = os.read(0, 1 << 18)
        if not data:
            return False
        self.inbox += data
        while len(self.inbox) >= 4:
            size = LENGTH.unpack_from(self.inbox)[0]
            if len(self.inbox) < 4 + size:
                break
            message = json.loads(bytes(memoryview(self.inbox)[4 : 4 + size]))
            del self.inbox[: 4 + size]
            self.start(message)
        return True

    def start(self, job: dict[str, Any]) -> None:
        judge = self.judge_of(job)
        ours, theirs = os.pipe()
        pid = os.fork()
        if pid == 0:
            judge_job.child(job, judge, self.config, theirs)
        os.close(theirs)
        self.children[ours] = Child(pid, job["id"], time.monotonic() + job["limits"]["wall_s"] + HARD_S)
        self.poll.register(ours, select.POLLIN)

    def judge_of(self, job: dict[str, Any]) -> types.CodeType:
        name = job["judge"]
        if (text := job.pop("judge_text", None)) is not None:
            try:
                self.judges[name] = compile(text, "judge.py", "exec", dont_inherit=True)
            except (SyntaxError, ValueError) as e:
                self.judges[name] = compile(f"raise SyntaxError({str(e)!r})", "judge.py", "exec")
        return self.judges[name]

    def read(self, fd: int) -> None:
        child = self.children[fd]
        data = os.read(fd, 1 << 18)
        child.data += data
        if data and len(child.data) <= RESULT_BYTES:
            return
        result: dict[str, Any] = {}
        if data:
            result = {"status": "grader", "detail": "the judge's result is too large"}
        elif not child.data:
            result = {"status": "grader", "detail": "the judge's process ended without a result"}
        self.finish(fd, child, result)

    def finish(self, fd: int, child: Child, result: dict[str, Any]) -> None:
        """Pass a result on; `result` stands in where the child gave none."""
        self.poll.unregister(fd)
        os.close(fd)
        del self.children[fd]
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGKILL)
        os.waitpid(child.pid, 0)
        self.kill_orphans()
        body = json.dumps(result).encode() if result else bytes(child.data)
        send(LENGTH.pack(child.job) + body)

    def kill_orphans(self) -> None:
        """Processes that a test left behind have become children of this one."""
        known = {c.pid for c in self.children.values()}
        for _ in range(1000):
            left = [pid for pid in map(int, CHILDREN.read_text().split()) if pid not in known]
            if not left:
                return
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, 0)


def send(data: bytes) -> None:
    rest = memoryview(LENGTH.pack(len(data)) + data)
    while rest:
        rest = rest[os.write(1, rest) :]


def main(config: dict[str, Any]) -> None:
    """`config`: socket (of the supervisor), reasons (of outcome failed)."""
    from . import warm

    sys.setrecursionlimit(3000)
    warm.warm()
    with contextlib.suppress(ImportError):
        import numpy

        config["numpy"] = numpy.__version__
    gc.collect()
    gc.freeze()
    ready = {"ready": True, "python": sys.version.split()[0], "numpy": config.get("numpy", "")}
    send(LENGTH.pack(0) + json.dumps(ready).encode())
    JudgeMain(config).run()
