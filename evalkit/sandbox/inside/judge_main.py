"""Process 1 of container B: takes jobs from the host and gives each to a worker, a process beside it.

The host's stream (standard input and output) carries frames. A job: the length of the rest, the length
of its head, the head and the task, both JSON. A result: the length of the rest, the job's number, the
result as JSON. A job names its judge by sha256; the judge's text comes with the first job that needs
it. Only this process reads and writes the stream: the tests run in the workers, which reach one socket
each and can answer for no other job.

A worker is forked warm. Where the tests are pinned data it takes one job after another; where they are
foreign code (`trusted` is false) it takes a single one, so that a task can mislead nobody but itself.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import select
import signal
import socket
import struct
import sys
import time
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Any

from . import judge_job, parts, warm
from .orphans import children
from .places import RUNNING, room

LENGTH = struct.Struct(">I")
RESULT_BYTES = 16 << 20
KEPT_EACH = 64 << 20  # bytes of one job's things to remember; beyond it they are forgotten
KEPT_ALL = 512 << 20
BATCH = 16  # results that go out together, or
FLUSH_S = 0.02  # seconds after the first of them, while there are jobs to go on with
OWN_S = 150.0  # a job may take so much longer than twice its program's limit, its extensions included


@dataclass
class Worker:
    pid: int
    line: socket.socket
    known: set[str] = field(default_factory=set)  # judges whose text it has
    job: int = 0  # 0: idle
    once: bool = True  # it takes no job after this one
    memory_key: bytes = b""
    deadline: float = float("inf")
    state: bytes = RUNNING
    data: bytearray = field(default_factory=bytearray)


class JudgeMain:
    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config
        self.judges: dict[str, str] = {}
        self.kept: OrderedDict[bytes, dict[str, bytes]] = OrderedDict()
        self.kept_bytes = 0
        self.workers: dict[int, Worker] = {}  # by the descriptor of its line
        self.idle: list[Worker] = []  # the one used last is last: few stay warm, the others sleep
        self.busy: dict[int, Worker] = {}  # those that have a job, by its number
        self.queue: deque[tuple[bytes, bytes]] = deque()  # jobs that wait for room: head, task
        self.running, self.most = config["running"], config["most"]
        self.poll = select.epoll()
        self.inbox = bytearray()
        self.results: list[bytes] = []
        self.flush_at = 0.0

    def run(self) -> None:
        self.poll.register(0, select.EPOLLIN)
        while True:
            for fd, _ in self.poll.poll(self.patience()):
                if fd == 0:
                    if not self.receive():
                        return  # the harness is gone
                elif worker := self.workers.get(fd):
                    self.read(worker)
            now = time.monotonic()
            for worker in [w for w in self.busy.values() if w.deadline <= now]:
                self.end(worker, late=True)
            while self.queue and room((w.state for w in self.busy.values()), self.running, self.most):
                self.start(*self.queue.popleft())
            if self.results and (len(self.results) >= BATCH or not self.queue or now >= self.flush_at):
                self.flush()

    def patience(self) -> float:
        """Seconds until something is due without an event."""
        times = [w.deadline for w in self.busy.values()]
        if self.results:
            times.append(self.flush_at)
        return max(0.0, min(times) - time.monotonic()) + 0.001 if times else -1

    # -- jobs in ---------------------------------------------------------------------------------
    def receive(self) -> bool:
        data = os.read(0, 1 << 16)
        if not data:
            return False
        inbox = self.inbox
        inbox += data
        while len(inbox) >= 8:
            size, head = struct.unpack_from(">II", inbox)
            if len(inbox) < 4 + size:
                break
            self.queue.append((bytes(inbox[8 : 8 + head]), bytes(inbox[8 + head : 4 + size])))
            del inbox[: 4 + size]
        return True

    def start(self, head: bytes, task: bytes) -> None:
        job = json.loads(head)
        name = job["judge"]
        if (text := job.pop("judge_text", None)) is not None:
            self.judges[name] = text
            if "numpy" in text:
                warm.add("numpy")
        key = hashlib.sha256(name.encode() + hashlib.sha256(task).digest()).digest()
        kept = self.kept.get(key, {})
        trusted = job["trusted"]
        worker = None
        while trusted and self.idle and worker is None:
            worker = self.idle.pop()
            text = "" if name in worker.known else self.judges[name]
            fields = [json.dumps(job).encode(), task, text.encode("utf-8", "surrogatepass")]
            try:
                send(worker.line.fileno(), parts.join([*fields, *parts.of_mapping(kept)]))
            except OSError:  # it was killed for want of memory just now, and has not had the job
                self.end(worker)
                worker = None
        if worker is None:
            worker = self.fork(judge_job.Work(job, task, self.judges[name], kept))
        worker.known.add(name)
        worker.job, worker.memory_key, worker.once = job["id"], key, not trusted
        worker.state = RUNNING
        self.busy[worker.job] = worker
        worker.deadline = time.monotonic() + 2 * job["limits"]["wall_s"] + OWN_S

    def fork(self, first: judge_job.Work) -> Worker:
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            judge_job.worker(first, self.config, theirs.fileno())
        theirs.close()
        worker = self.workers[ours.fileno()] = Worker(pid, ours)
        self.poll.register(ours, select.EPOLLIN)
        return worker

    # -- results out -----------------------------------------------------------------------------
    def read(self, worker: Worker) -> None:
        """What a worker says: see judge_job.worker. One that says anything else is ended."""
        try:
            data = os.read(worker.line.fileno(), 1 << 16)
        except ConnectionResetError:
            data = b""
        got = worker.data
        got += data
        while len(got) >= 4:
            size = LENGTH.unpack_from(got)[0]
            if not 0 < size <= RESULT_BYTES + KEPT_EACH or not worker.job:
                break
            if len(got) < 4 + size:
                if data:
                    return
                break
            kind, body = bytes(got[4:5]), parts.split(got[: 4 + size], 5) if size > 1 else []
            del got[: 4 + size]
            if body and kind in (judge_job.LAST, judge_job.GOES_ON):
                self.deliver(worker, kind == judge_job.GOES_ON, body)
                return
            worker.state = kind
        if got or not data:
            self.end(worker)

    def deliver(self, worker: Worker, goes_on: bool, body: list[bytes]) -> None:
        result, *kept = body
        if len(result) > RESULT_BYTES or worker.data:
            self.end(worker)
            return
        if kept:
            self.keep(worker.memory_key, kept)
        self.say(worker, result)
        if goes_on and not worker.once:
            self.idle.append(worker)
        else:
            self.end(worker)

    def say(self, worker: Worker, result: bytes) -> None:
        """Put a job's result among those for the host."""
        del self.busy[worker.job]
        if not self.results:
            self.flush_at = time.monotonic() + FLUSH_S
        self.results.append(LENGTH.pack(4 + len(result)) + LENGTH.pack(worker.job) + result)
        worker.job, worker.deadline = 0, float("inf")

    def end(self, worker: Worker, late: bool = False) -> None:
        """A worker is gone or has to go; its job, if it still has one, learns what that means."""
        self.poll.unregister(worker.line)
        del self.workers[worker.line.fileno()]
        worker.line.close()
        if worker in self.idle:
            self.idle.remove(worker)
        status = ended(worker.pid, wait_s=0.2 if worker.job and not late else 0.0)
        self.kill_orphans()
        if worker.job:
            self.say(worker, json.dumps(without_result(status, late)).encode())

    def flush(self) -> None:
        """Results travel together: each write wakes up the engine and the host."""
        send(1, b"".join(self.results))
        self.results.clear()

    def kill_orphans(self) -> None:
        """Processes that a test left behind have become children of this one."""
        known = {w.pid for w in self.workers.values()}
        for _ in range(1000):
            left = [pid for pid in children() if pid not in known]
            if not left:
                return
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, 0)

    def keep(self, key: bytes, pairs: list[bytes]) -> None:
        """Remember what the job's judge asked to remember."""
        things = self.kept.setdefault(key, {})
        for name, value in parts.mapping(pairs).items():
            self.kept_bytes += len(value) - len(things.get(name, b""))
            things[name] = value
        self.kept.move_to_end(key)
        while self.kept_bytes > KEPT_ALL:
            _, dropped = self.kept.popitem(last=False)
            self.kept_bytes -= sum(map(len, dropped.values()))


def ended(pid: int, wait_s: float) -> int:
    """The wait status of a worker that should be ending by itself within `wait_s`, else is killed."""
    until = time.monotonic() + wait_s
    while True:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return status
        if time.monotonic() >= until:
            break
        time.sleep(0.0005)
    os.kill(pid, signal.SIGKILL)
    return os.waitpid(pid, 0)[1]


def without_result(status: int, late: bool) -> dict[str, Any]:
    """A job's result where its process ended without one."""
    ended = os.waitstatus_to_exitcode(status)
    if late or ended in (-signal.SIGPROF, judge_job.LATE):
        return {"status": "timeout", "detail": "the test did not end within the time limit"}
    if ended in (-signal.SIGKILL, judge_job.NO_MEMORY):
        # this container's memory was used up, by this job or by another: alone it will show
        return {"status": "memory", "detail": "the test was killed for want of memory", "again": True}
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


def send(fd: int, data: bytes | bytearray) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]


def main(config: dict[str, Any]) -> None:
    """`config`: socket (of the supervisor), reasons (of outcome failed), running and most (places.py)."""
    sys.setrecursionlimit(3000)
    warm.warm()
    ready = {"ready": True, "python": sys.version.split()[0], "numpy": numpy_version()}
    body = json.dumps(ready).encode()
    send(1, LENGTH.pack(4 + len(body)) + LENGTH.pack(0) + body)
    JudgeMain(config).run()
