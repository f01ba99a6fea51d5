"""Process 1 of container A at work: starts a program for each sample, says how it ended, cleans up after it.

It holds the capabilities SETUID, SETGID and KILL, and nothing else; what runs a program has none.
The judge's container connects to a socket in a shared folder that no program's user can enter,
and sends one message with two descriptors: the program's end of a socket pair, and a pipe for its
output. Programs, tests and values never pass through here.

A connection serves one sample at a time: "kill" or its closing ends the sample, "times" asks what it
had of the machine; its end is reported, and the next sample's request may follow.

Each slot has a nursery (nursery.py), whose forks are children of this process, which itself forks seldom.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import struct
import sys
import time
from collections import deque
from collections.abc import Callable

from . import nursery, patrol
from .accounting import Kills, cpu_s
from .cloning import fork_surely
from .orphans import any_left, kill_unknown
from .patrol import Beat
from .places import OVERDUE
from .slots import Sample, Slot, as_user

REQUEST = 4096  # bytes of a request at most
SWEEPS = 200  # of a slot that does not get clean; then it is given up
# wait status; seconds of user and system CPU; peak resident kB; killed on request?; did memory run out?
END = struct.Struct("<idd q??")
TIMES = struct.Struct("<dd")  # seconds of waiting for a process and a core (of its own), of CPU (of all)


class Supervisor:
    def __init__(self, listener: socket.socket, judge_uid: int, slots: list[Slot]) -> None:
        self.listener = listener
        self.judge_uid = judge_uid
        self.free = slots
        self.slots = len(slots)
        self.poll = select.epoll()
        self.on: dict[int, Callable[[], None]] = {}  # by descriptor: what to do when it is readable
        self.running: dict[int, Sample] = {}  # by process id
        self.known: set[int] = set()  # children that are no orphans
        self.waiting: deque[Sample] = deque()
        self.kills = Kills()
        self.last_round = self.next_round = 0.0

    def run(self) -> None:
        self.watch(self.listener.fileno(), self.accept)
        self.watch(0, self.hear_harness)
        while True:
            for fd, _ in self.poll.poll(self.until_round()):
                if act := self.on.get(fd):
                    act()
            if self.running and time.monotonic() >= self.next_round:
                self.round()

    def watch(self, fd: int, act: Callable[[], None]) -> None:
        self.on[fd] = act
        self.poll.register(fd, select.EPOLLIN)

    def until_round(self) -> float:
        return max(0.0, self.next_round - time.monotonic()) + 0.001 if self.running else -1

    def round(self) -> None:
        """Look at every program, and tell the judge of those that do something else than before."""
        now = time.monotonic()
        passed_s, self.last_round = now - self.last_round, now
        for pid, sample in self.running.items():
            if sample.killed and sample.slot is not None:
                as_user(sample.slot, patrol.end)  # others of its processes keep it from dying
            elif sample.beat.look(pid, passed_s):
                if sample.beat.state == OVERDUE and sample.slot is not None:
                    as_user(sample.slot, patrol.lower)
                with contextlib.suppress(OSError):
                    sample.connection.send(sample.beat.state)
        self.next_round = now + patrol.pause_s(sample.beat for sample in self.running.values())

    # -- the judge -------------------------------------------------------------------------------
    def hear_harness(self) -> None:
        if not os.read(0, 4096):
            sys.exit()  # it is gone

    def accept(self) -> None:
        connection, _ = self.listener.accept()
        peer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        if struct.unpack("iII", peer)[1] != self.judge_uid:
            connection.close()
            return
        connection.setblocking(False)  # an event may be an earlier descriptor's of the same number
        sample = Sample(connection)
        self.watch(connection.fileno(), lambda: self.hear(sample))

    def hear(self, sample: Sample) -> None:
        """A message of the judge: a request, a question, the wish to end a sample; b"" when it is gone."""
        try:
            data, fds, _, _ = socket.recv_fds(sample.connection, REQUEST, 4)
        except BlockingIOError:
            return
        except OSError:
            data, fds = b"", []
        if sample.slot is not None:
            self.hear_about(sample, data)
            close_all(fds)
        elif not data or (fds and sample.request):
            close_all(fds)
            self.drop(sample)
        elif fds:
            self.take(sample, data, fds)
        elif sample.request:
            self.hear_about_waiting(sample, data)
        # else a question or a wish that crossed the report of the end

    def take(self, sample: Sample, data: bytes, fds: list[int]) -> None:
        """A request. One that is none is a fault of the judge's container, and has no answer."""
        sample.fds = fds
        try:
            sample.request = json.loads(data)
            sample.asked = float(sample.request["asked"])
            nursery.pack(sample.request)
        except (ValueError, KeyError, TypeError, OverflowError, struct.error):
            self.drop(sample)
            return
        self.waiting.append(sample)
        self.start_waiting()

    def hear_about_waiting(self, sample: Sample, data: bytes) -> None:
        """Of a sample that has no slot yet."""
        reply = TIMES.pack(sample.delayed_s(), 0.0)
        if data != b"times":
            self.waiting.remove(sample)
            close_all(sample.fds)
            sample.request = {}
            reply = END.pack(signal.SIGKILL, 0.0, 0.0, 0, True, False)
        with contextlib.suppress(OSError):
            sample.connection.send(reply)

    def hear_about(self, sample: Sample, data: bytes) -> None:
        """Of a sample that has a slot."""
        assert sample.slot is not None
        if data == b"times":
            with contextlib.suppress(OSError):
                waited = sample.delayed_s()
                if sample.pid:
                    waited += sample.beat.waited_s(sample.pid) + sample.beat.robbed_s()
                sample.connection.send(TIMES.pack(waited, cpu_s(sample.slot.uid)))
            return
        sample.killed = True
        if sample.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(sample.pid, signal.SIGKILL)
        if not data:  # nobody listens any more: do not wake up for it again
            self.poll.unregister(sample.connection)
            sample.gone = True

    def drop(self, sample: Sample) -> None:
        with contextlib.suppress(ValueError):
            self.waiting.remove(sample)
        close_all(sample.fds)
        del self.on[sample.connection.fileno()]
        sample.connection.close()

    # -- nurseries -------------------------------------------------------------------------------
    def start_waiting(self) -> None:
        while self.waiting and self.free:
            sample = self.waiting.popleft()
            slot = sample.slot = self.free.pop()
            slot.sample, sample.kills = sample, self.kills.count()
            self.ask(slot, nursery.pack(sample.request), sample.fds)
            close_all(sample.fds)

    def ask(self, slot: Slot, message: bytes, fds: list[int]) -> None:
        """Have the slot's nursery fork: `hear_nursery` gets the child's process id."""
        if slot.nursery is None:
            slot.nursery, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            pid = fork_surely()
            if pid == 0:
                nursery.run(theirs, slot)
            theirs.close()
            slot.nursery_pid = pid
            self.known.add(pid)
            self.watch(slot.nursery.fileno(), lambda: self.hear_nursery(slot))
        with contextlib.suppress(ConnectionError):  # it is dead: that is heard of next
            socket.send_fds(slot.nursery, [message], fds)

    def hear_nursery(self, slot: Slot) -> None:
        """It has forked; or its child says why the program cannot run."""
        assert slot.nursery is not None
        data = slot.nursery.recv(256)
        if not data:
            self.bury_nursery(slot)
            return
        sample = slot.sample
        if len(data) != nursery.PID.size:
            if sample:
                with contextlib.suppress(OSError):
                    sample.connection.send(data)
            return
        pid = nursery.PID.unpack(data)[0]
        pidfd = os.pidfd_open(pid)
        self.known.add(pid)
        if sample is None:
            self.watch(pidfd, lambda: self.swept(slot, pid, pidfd))
            return
        sample.pid, sample.pidfd, sample.began = pid, pidfd, time.monotonic()
        limits = sample.request["limits"]
        sample.beat = Beat(limits["share_s"] if limits["share_s"] < limits["wall_s"] else None)
        if not self.running:
            self.last_round = time.monotonic()
            self.next_round = self.last_round + patrol.TICK_S
        self.running[pid] = sample
        self.watch(pidfd, lambda: self.finish(sample))
        if sample.killed:
            os.kill(pid, signal.SIGKILL)

    def bury_nursery(self, slot: Slot) -> None:
        """It died: while it forks it may be killed for want of memory. The next to be asked is a new one."""
        assert slot.nursery is not None
        del self.on[slot.nursery.fileno()]
        slot.nursery.close()
        slot.nursery = None
        self.known.discard(slot.nursery_pid)
        status = os.waitstatus_to_exitcode(os.waitpid(slot.nursery_pid, 0)[1])
        if status not in (-signal.SIGKILL, nursery.NO_ROOM):
            sys.exit(f"a nursery ended with status {status}")
        if slot.sample is None or not slot.sample.pid:
            kill_unknown(slot.uid, self.known)  # a child whose number it did not live to tell
            if slot.sample is not None:
                self.report(slot.sample, END.pack(signal.SIGKILL, 0.0, 0.0, 0, slot.sample.killed, True))
            self.clean(slot)

    # -- ends ------------------------------------------------------------------------------------
    def finish(self, sample: Sample) -> None:
        """The program's process has ended: report it, then see to its slot."""
        pid, slot = sample.pid, sample.slot
        ended, status, usage = os.wait4(pid, os.WNOHANG)
        if not ended:
            return  # the event was an earlier descriptor's of this number
        assert slot is not None
        self.forget(pid, sample.pidfd)
        del self.running[pid]
        no_memory = self.kills.count() != sample.kills
        times = usage.ru_utime, usage.ru_stime
        self.report(sample, END.pack(status, *times, usage.ru_maxrss, sample.killed, no_memory))
        self.clean(slot)

    def report(self, sample: Sample, report: bytes) -> None:
        """Tell the judge how a sample ended; its slot has none from now on."""
        assert sample.slot is not None
        sample.slot.sample, sample.slot.sweeps = None, 0
        sample.slot, sample.pid, sample.pidfd, sample.killed, sample.request = None, 0, -1, False, {}
        if sample.gone:
            self.drop(sample)
        else:
            with contextlib.suppress(OSError):  # its closing is heard of next
                sample.connection.send(report)

    def clean(self, slot: Slot) -> None:
        """Use the slot again if no process and no file of its user is left, else have it swept."""
        if not any_left(slot.uid, self.known) and slot.state() == slot.fresh:
            self.free.append(slot)
            self.start_waiting()
        elif slot.sweeps < SWEEPS:
            slot.sweeps += 1
            self.ask(slot, nursery.SWEEP, [])
        else:
            self.slots -= 1  # never used again
            if not self.slots:
                sys.exit("no slot is clean any more")

    def swept(self, slot: Slot, pid: int, pidfd: int) -> None:
        if os.waitpid(pid, os.WNOHANG)[0]:
            self.forget(pid, pidfd)
            self.clean(slot)

    def forget(self, pid: int, pidfd: int) -> None:
        self.known.discard(pid)
        del self.on[pidfd]
        os.close(pidfd)  # leaves the poll set by itself


def close_all(fds: list[int]) -> None:
    while fds:
        os.close(fds.pop())
