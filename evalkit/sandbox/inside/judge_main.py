"""Process 1 of container B: takes jobs from the host and forks a process for each.

The host's stream (standard input and output) carries frames. A job: the length of the rest, the length
of its head, the head and the task, both JSON. A result: the length of the rest, the job's number, the
result as JSON. A job names its judge by sha256; the judge's text comes with the first job that needs
it. Only this process reads and writes the stream: the tests, foreign code, run in the forks, reach one
pipe each and can answer for no other job.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import select
import signal
import struct
import sys
import time
import types
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from . import judge_job, warm
from .evalkit_judge import memory
from .orphans import children

LENGTH = struct.Struct(">I")
RESULT_BYTES = 16 << 20
KEPT_EACH = 64 << 20  # bytes of one job's things to remember; beyond it they are forgotten
KEPT_ALL = 512 << 20
OWN_S = 150.0  # a judge's process lives at most so long beyond twice its program's limit


@dataclass
class Child:
    pid: int
    job: int
    memory_key: bytes
    deadline: float
    data: bytearray = field(default_factory=bytearray)


class JudgeMain:
    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config
        self.judges: dict[str, types.CodeType] = {}
        self.kept: OrderedDict[bytes, dict[str, bytes]] = OrderedDict()
        self.kept_bytes = 0
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
                    self.finish(fd, child, late=True)

    def receive(self) -> bool:
        data = os.read(0, 1 << 18)
        if not data:
            return False
        inbox = self.inbox
        inbox += data
        while len(inbox) >= 8:
            size, head = struct.unpack_from(">II", inbox)
            if len(inbox) < 4 + size:
                break
            self.start(json.loads(bytes(inbox[8 : 8 + head])), bytes(inbox[8 + head : 4 + size]))
            del inbox[: 4 + size]
        return True

    def start(self, job: dict[str, Any], task: bytes) -> None:
        judge = self.judge_of(job)
        key = hashlib.sha256(job["judge"].encode() + hashlib.sha256(task).digest()).digest()
        ours, theirs = os.pipe()
        pid = os.fork()
        if pid == 0:
            memory.KEPT.update(self.kept.get(key, {}))
            judge_job.child(job, task, judge, self.config, theirs)
        os.close(theirs)
        deadline = time.monotonic() + 2 * job["limits"]["wall_s"] + OWN_S
        self.children[ours] = Child(pid, job["id"], key, deadline)
        self.poll.register(ours, select.POLLIN)

    def judge_of(self, job: dict[str, Any]) -> types.CodeType:
        name = job["judge"]
        if (text := job.pop("judge_text", None)) is not None:
            if "numpy" in text:
                warm.add("numpy")
            try:
                self.judges[name] = compile(text, "judge.py", "exec", dont_inherit=True)
            except (SyntaxError, ValueError) as e:
                self.judges[name] = compile(f"raise SyntaxError({str(e)!r})", "judge.py", "exec")
        return self.judges[name]

    def read(self, fd: int) -> None:
        child = self.children[fd]
        data = os.read(fd, 1 << 18)
        child.data += data
        if not data or len(child.data) > RESULT_BYTES + KEPT_EACH + 4096:
            self.finish(fd, child)

    def finish(self, fd: int, child: Child, late: bool = False) -> None:
        """Pass a child's result on, or what its end means."""
        self.poll.unregister(fd)
        os.close(fd)
        del self.children[fd]
        if late:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGKILL)
        _, status = os.waitpid(child.pid, 0)
        self.kill_orphans()
        size = LENGTH.unpack_from(child.data)[0] if len(child.data) >= 4 else 0
        if 0 < size <= RESULT_BYTES and len(child.data) >= 4 + size:
            body = bytes(child.data[4 : 4 + size])
            self.keep(child.memory_key, child.data, 4 + size)
        else:
            body = json.dumps(without_result(status, late)).encode()
        send(LENGTH.pack(child.job) + body)

    def kill_orphans(self) -> None:
        """Processes that a test left behind have become children of this one."""
        known = {c.pid for c in self.children.values()}
        for _ in range(1000):
            left = [pid for pid in children() if pid not in known]
            if not left:
                return
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, 0)

    def keep(self, key: bytes, data: bytearray, pos: int) -> None:
        """Remember what the job's judge asked to remember."""
        if not pos < len(data) <= KEPT_EACH:
            return
        things = self.kept.setdefault(key, {})
        while pos + 4 <= len(data):
            name, pos = _part(data, pos)
            value, pos = _part(data, pos)
            self.kept_bytes += len(value) - len(things.get(name.decode(), b""))
            things[name.decode()] = value
        self.kept.move_to_end(key)
        while self.kept_bytes > KEPT_ALL:
            _, dropped = self.kept.popitem(last=False)
            self.kept_bytes -= sum(map(len, dropped.values()))


def _part(data: bytearray, pos: int) -> tuple[bytes, int]:
    end = pos + 4 + (LENGTH.unpack_from(data, pos)[0] if pos + 4 <= len(data) else 0)
    return bytes(data[pos + 4 : end]), end


def without_result(status: int, late: bool) -> dict[str, Any]:
    """A job's result where its process ended without one."""
    if late or (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGPROF):
        return {"status": "timeout", "detail": "the test did not end within the time limit"}
    return {
        "status": "grader",
        "detail": f"the judge's process ended without a result (wait status {status})",
    }


def numpy_version() -> str:
    """Without importing it: every page that this process touches costs each of its forks."""
    import importlib.metadata

    try:
        return importlib.metadata.version("numpy")
    except importlib.metadata.PackageNotFoundError:
        return ""


def send(data: bytes) -> None:
    rest = memoryview(LENGTH.pack(len(data)) + data)
    while rest:
        rest = rest[os.write(1, rest) :]


def main(config: dict[str, Any]) -> None:
    """`config`: socket (of the supervisor), reasons (of outcome failed)."""
    sys.setrecursionlimit(3000)
    warm.warm()
    ready = {"ready": True, "python": sys.version.split()[0], "numpy": numpy_version()}
    send(LENGTH.pack(0) + json.dumps(ready).encode())
    JudgeMain(config).run()
