"""Process 1 of container A: forks a warm interpreter for each program and cleans up after it.

It holds the capabilities SETUID, SETGID and KILL, and nothing else; what runs a program has none.
The judge's container connects to a socket in a shared folder that no program's user can enter,
and sends one message with two descriptors: the program's end of a socket pair, and a pipe for its
output. Programs, tests and values never pass through here.

A connection serves one sample at a time: "kill" or its closing ends the sample, "times" asks what it
had of the machine; its end is reported, and the next sample's request may follow.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import random
import select
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from os import chmod, kill, rmdir, unlink  # the guard of a program takes them from the module
from typing import Any

from . import answer, confine, guards, landlock
from .accounting import cpu_s, oom_kills, waited_s
from .orphans import children, uid_of
from .patrol import Patrol

# Python's own os.fork runs hooks in the child that copy 170 pages, for threads that are not there
fork = ctypes.PyDLL(None).fork
REQUEST = 4096  # bytes of a request at most
# wait status; seconds of user and system CPU; peak resident kB; killed on request?; killed for memory?
END = struct.Struct("<idd q??")
TIMES = struct.Struct("<dd")  # seconds of waiting for a core (of the program's own process), of CPU (of all)


@dataclass
class Slot:
    """A place for one sample at a time: a user and a folder of its own."""

    uid: int
    folder: str
    rules: int | None = None  # of Landlock
    fresh: tuple[int, int, int] = (0, 0, 0)

    def state(self) -> tuple[int, int, int]:
        """Free blocks, free inodes and mode of the folder: what a sample may not leave changed."""
        found = os.statvfs(self.folder)
        return found.f_bfree, found.f_ffree, os.stat(self.folder).st_mode


@dataclass
class Sample:
    connection: socket.socket
    slot: Slot | None = None
    pid: int = 0
    pidfd: int = -1
    killed: bool = False
    gone: bool = False  # the judge's end is closed
    request: dict[str, Any] = field(default_factory=dict)


class Supervisor:
    def __init__(self, listener: socket.socket, judge_uid: int, slots: list[Slot]) -> None:
        self.listener = listener
        self.judge_uid = judge_uid
        self.free = slots
        self.slots = len(slots)
        self.poll = select.epoll()
        self.by_fd: dict[int, Sample] = {}
        self.waiting: list[tuple[Sample, list[int]]] = []
        self.out_of_memory = oom_kills()
        self.guard = guards.Worn()
        self.patrol = Patrol(as_user)

    def run(self) -> None:
        self.poll.register(self.listener, select.EPOLLIN)
        self.poll.register(0, select.EPOLLIN)
        while True:
            until = self.patrol.next - time.monotonic()
            for fd, _ in self.poll.poll(-1 if until > 3600 else max(0.0, until) + 0.001):
                if fd == self.listener.fileno():
                    self.accept()
                elif fd == 0:
                    if not os.read(0, 4096):
                        return  # the harness is gone
                elif sample := self.by_fd.get(fd):
                    if fd == sample.pidfd:
                        self.finish(sample)
                    else:
                        self.hear(sample)
            if self.patrol.next <= time.monotonic():
                self.patrol.walk(self.running())

    def running(self) -> Iterator[tuple[int, int, int, float | None]]:
        """Process, user, job and share of every program; None where its share is all of its limit."""
        for fd, sample in self.by_fd.items():
            if fd == sample.pidfd and sample.slot is not None:
                limits = sample.request["limits"]
                share_s = limits["share_s"] if limits["share_s"] < limits["wall_s"] else None
                yield sample.pid, sample.slot.uid, sample.request["id"], share_s

    def accept(self) -> None:
        connection, _ = self.listener.accept()
        peer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        if struct.unpack("iII", peer)[1] != self.judge_uid:
            connection.close()
            return
        connection.setblocking(False)  # an event may be an earlier descriptor's of the same number
        sample = Sample(connection)
        self.by_fd[connection.fileno()] = sample
        self.poll.register(connection, select.EPOLLIN)

    def hear(self, sample: Sample) -> None:
        """A message of the judge: the sample's request, or the wish to end it; b"" when it is gone."""
        try:
            data, fds, _, _ = socket.recv_fds(sample.connection, REQUEST, 4)
        except BlockingIOError:
            return
        except OSError:
            data, fds = b"", []
        if sample.pid:
            if data == b"times" and sample.slot is not None:
                with contextlib.suppress(OSError):
                    sample.connection.send(TIMES.pack(waited_s(sample.pid), cpu_s(sample.slot.uid)))
                return
            sample.killed = True
            with contextlib.suppress(ProcessLookupError):
                kill(sample.pid, signal.SIGKILL)
            if not data:  # nobody listens any more: do not wake up for it again
                self.poll.unregister(sample.connection)
                sample.gone = True
            return
        if data in (b"kill", b"times") and not sample.request:
            return  # it crossed the report of the end
        if not data or len(fds) != 2 or sample.request:
            for fd in fds:
                os.close(fd)
            self.drop(sample)
            return
        sample.request = json.loads(data)
        self.waiting.append((sample, fds))
        self.start_waiting()

    def start_waiting(self) -> None:
        while self.waiting and self.free:
            sample, fds = self.waiting.pop(0)
            sample.slot = self.free.pop()
            try:
                self.start(sample, *fds)
            finally:
                for fd in fds:
                    os.close(fd)

    def start(self, sample: Sample, pipe: int, output: int) -> None:
        slot = sample.slot
        assert slot is not None
        self.guard.wear(sample.request["guard"])
        pid = fork()
        if pid == 0:
            run_program(sample, slot, self.guard, pipe, output)
        sample.pid = pid
        sample.pidfd = os.pidfd_open(pid)
        self.by_fd[sample.pidfd] = sample
        self.patrol.started()
        self.poll.register(sample.pidfd, select.EPOLLIN)

    def finish(self, sample: Sample) -> None:
        """The program's process has ended: report it, then kill and clean whatever it left."""
        ended, status, usage = os.wait4(sample.pid, os.WNOHANG)
        if not ended:
            return  # the event was an earlier descriptor's of this number
        del self.by_fd[sample.pidfd]
        os.close(sample.pidfd)  # leaves the poll set by itself
        no_memory = False
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL and not sample.killed:
            kills = oom_kills()
            no_memory, self.out_of_memory = kills != self.out_of_memory, kills
        report = END.pack(status, usage.ru_utime, usage.ru_stime, usage.ru_maxrss, sample.killed, no_memory)
        slot = sample.slot
        assert slot is not None
        sample.slot, sample.pid, sample.pidfd, sample.killed, sample.request = None, 0, -1, False, {}
        if not sample.gone:
            with contextlib.suppress(OSError):  # its closing is heard of next
                sample.connection.send(report)
        else:
            self.drop(sample)
        if clean(slot, {s.pid for s in self.by_fd.values() if s.pid}):
            self.free.append(slot)
        else:
            self.slots -= 1  # never used again
            if not self.slots:
                sys.exit("no slot is clean any more")
        self.start_waiting()

    def drop(self, sample: Sample) -> None:
        self.by_fd.pop(sample.connection.fileno(), None)
        fds = [fd for other, fds in self.waiting if other is sample for fd in fds]
        self.waiting = [w for w in self.waiting if w[0] is not sample]
        for fd in fds:
            os.close(fd)
        sample.connection.close()


def run_program(sample: Sample, slot: Slot, guard: guards.Worn, pipe: int, output: int) -> None:
    """In the child: give everything up, then serve the judge. Never returns."""
    try:
        try:
            confine.confine(slot.uid, slot.folder, slot.rules, sample.request["limits"], pipe, output)
        except BaseException as e:  # infrastructure, whatever it is: the program has not run
            sample.connection.send(f"not confined: {type(e).__name__}: {e}".encode()[:300])
            raise
        guard.in_fork()
        gc.enable()
        answer.Server(3).run()
    finally:
        os._exit(0)


# -- cleaning ----------------------------------------------------------------------------------
def clean(slot: Slot, mains: set[int]) -> bool:
    """Leave no process and no file of the slot's user behind; False where that cannot be proven."""
    for _ in range(200):
        mine = [pid for pid in strangers(mains) if uid_of(pid) in (slot.uid, None)]
        if not mine:
            break
        as_user(slot.uid, kill_everything)
        for pid in mine:
            with contextlib.suppress(ChildProcessError):
                os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG)
        time.sleep(0.001)
    else:
        return False
    if slot.state() != slot.fresh:
        as_user(slot.uid, lambda: empty(slot.folder))
    return slot.state() == slot.fresh


def strangers(mains: set[int]) -> list[int]:
    """Children of this process that are no sample's own process: orphans that a program left."""
    return [pid for pid in children() if pid not in mains]


def as_user(uid: int, act: Callable[[], None]) -> None:
    """Run `act` in a child that has become a slot's user."""
    pid = fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            act()
        finally:
            os._exit(0)
    os.waitpid(pid, 0)


def kill_everything() -> None:
    """Every process of this user but this one, at once: no fork can escape it."""
    with contextlib.suppress(ProcessLookupError):
        kill(-1, signal.SIGKILL)


def empty(folder: str) -> None:
    """Remove all that is in a folder; the folder itself gets its mode back."""
    chmod(folder, 0o700)
    for path, folders, _ in os.walk(folder):
        for name in folders:
            with contextlib.suppress(OSError):
                chmod(os.path.join(path, name), 0o700, follow_symlinks=False)
    for path, folders, files in os.walk(folder, topdown=False):
        for name in files:
            unlink(os.path.join(path, name))
        for name in folders:
            whole = os.path.join(path, name)
            (unlink if os.path.islink(whole) else rmdir)(whole)


# -- start -------------------------------------------------------------------------------------
def main(config: dict[str, Any]) -> None:
    """`config`: socket, judge_uid, first_uid, slots (their folders)."""
    from . import warm

    while os.open("/dev/null", os.O_RDONLY) < 3:  # 0 to 3 have a meaning in children: take none for rules
        pass
    known = landlock.version()
    slots = []
    for number, folder in enumerate(config["slots"]):
        slot = Slot(config["first_uid"] + number, folder)
        slot.rules = landlock.ruleset(folder, known) if known else None
        slot.fresh = slot.state()
        slots.append(slot)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    os.umask(0o117)
    listener.bind(config["socket"])
    os.umask(0o077)
    listener.listen(128)
    warm.warm()
    random.seed(0)  # nothing seeds it again in a fork: verdicts that repeat
    print(json.dumps({"ready": True, "python": sys.version.split()[0], "landlock": known}), flush=True)
    Supervisor(listener, config["judge_uid"], slots[::-1]).run()
