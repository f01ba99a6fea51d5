"""The line to one program: its pipe, its output, and the supervisor's word on how it ended.

Every clock is here, on the judge's side. What comes from the program's process is bytes without any
authority; how it ended is the supervisor's report.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import struct
import time
from dataclasses import dataclass
from typing import Any

from .. import frames
from ..wire import MAX_BYTES
from .errors import AnswerError, SupervisorGone

END = struct.Struct("<iddd q??")  # supervisor.py
FLOOD = 64  # output beyond so many times the limit is a flood
HAND_OVER_S = 60.0  # the supervisor takes a program at once, however busy the machine
PATIENCE_S = 20.0  # for the supervisor's report after a kill


@dataclass(frozen=True)
class End:
    """How a program's process ended. `status` as of wait(2), times in seconds, memory in bytes."""

    status: int
    user_s: float
    system_s: float
    waited_s: float  # ready to run, without a core; known for samples that were late
    peak_rss_bytes: int
    killed: bool
    out_of_memory: bool


class Line:
    """Hands a program's limits to the supervisor at `address` and holds the line to it.

    `limits`: wall_s, cpu_s, memory_bytes, output_bytes, file_bytes, processes.
    """

    def __init__(self, address: str, limits: dict[str, Any], guard: str) -> None:
        self.limits = limits
        self.pipe, theirs = socket.socketpair()
        self.output, their_output = os.pipe()
        self.head = bytearray()
        self.printed = 0
        self.ended: End | None = None
        self.wall_s = 0.0
        self.dead: AnswerError | None = None
        self.control = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.control.settimeout(HAND_OVER_S)
        try:
            self.control.connect(address)
            request = json.dumps({"limits": limits, "guard": guard}).encode()
            socket.send_fds(self.control, [request], [theirs.fileno(), their_output])
        except OSError as e:
            raise SupervisorGone(f"the supervisor cannot be reached: {e}") from None
        theirs.close()
        os.close(their_output)
        self.pipe.setblocking(False)
        self.poll = select.poll()
        for fd in (self.pipe.fileno(), self.output, self.control.fileno()):
            self.poll.register(fd, select.POLLIN)
        self.started = time.monotonic()
        self.end = self.started + limits["wall_s"]
        self.test_end = self.end  # what a single test may wait for, if that is less

    def exchange(self, request: bytes, timeout: float | None) -> bytes:
        """Send a frame and wait for one; AnswerError where the answer fails to give it."""
        if self.dead is not None:
            raise AnswerError(self.dead.kind, self.dead.message, died=True)
        deadline = min(self.end, self.test_end)
        if timeout is not None:
            deadline = min(deadline, time.monotonic() + timeout)
        unsent = memoryview(request)
        got = bytearray()
        size = frames.HEAD
        pipe = self.pipe.fileno()
        with contextlib.suppress(OSError):  # full or closed: the loop finds out which
            unsent = unsent[os.write(pipe, unsent) :]
        if unsent:
            self.poll.modify(pipe, select.POLLIN | select.POLLOUT)
        while len(got) < size:
            left = deadline - time.monotonic()
            if left <= 0:
                raise self.fail("timeout", "no answer within the time limit")
            for fd, event in sorted(self.poll.poll(left * 1000 + 1), key=lambda p: p[0] != pipe):
                if fd == self.output:
                    self.read_output()
                elif fd == pipe and event & select.POLLOUT and unsent:
                    unsent = self.write(unsent)
                elif fd == pipe:
                    size = self.read_reply(got)
                elif len(got) < size:  # the process has ended, and no reply is left in the pipe
                    self.hear_end()
                    raise self.died()
        if len(got) > size:
            raise self.broken("more bytes than asked for")
        return bytes(memoryview(got)[frames.HEAD :])

    def write(self, unsent: memoryview) -> memoryview:
        try:
            unsent = unsent[os.write(self.pipe.fileno(), unsent) :]
        except BlockingIOError:
            return unsent
        except OSError:
            unsent = unsent[:0]  # the other end is closed; reading says the rest
        if not unsent:
            self.poll.modify(self.pipe.fileno(), select.POLLIN)
        return unsent

    def read_reply(self, got: bytearray) -> int:
        """Take what is there; how many bytes the whole frame has, as far as is known."""
        try:
            data = os.read(self.pipe.fileno(), 1 << 18)
        except BlockingIOError:
            return self.size(got)
        except OSError:
            data = b""
        if not data:  # it closed its end, or ended: give its end a moment to be reported
            self.poll.unregister(self.pipe.fileno())
            self.wait_end(2.0)
            raise self.died()
        got += data
        return self.size(got)

    def size(self, got: bytearray) -> int:
        if len(got) < frames.HEAD:
            return frames.HEAD
        size = frames.length(got)
        if not 0 < size <= MAX_BYTES + 4096:
            raise self.broken("an impossible length")
        return frames.HEAD + size

    def read_output(self) -> None:
        data = os.read(self.output, 1 << 16)
        if not data:
            self.poll.unregister(self.output)
            return
        self.printed += len(data)
        room = self.limits["output_bytes"] - len(self.head)
        if room > 0:
            self.head += data[:room]
        elif self.printed > FLOOD * self.limits["output_bytes"]:
            raise self.fail("output", f"more than {self.printed >> 20} MB of output")

    # -- ends ------------------------------------------------------------------------------------
    def fail(self, kind: str, message: str) -> AnswerError:
        """The answer is done for: end it; the error to raise."""
        self.kill(b"late" if kind == "timeout" else b"kill")
        self.dead = AnswerError(kind, message, died=True)
        return self.dead

    def broken(self, what: str) -> AnswerError:
        """Something came that only a program that writes to the pipe itself can have sent."""
        return self.fail("crashed", f"the program's process broke the protocol ({what[:200]})")

    def died(self) -> AnswerError:
        """The answer's process ended while it was asked something."""
        end = self.ended
        if end is None:
            return self.fail("crashed", "the program closed its pipe")
        kind, message = classify(end, self.limits)
        self.dead = AnswerError(kind, message, died=True)
        return self.dead

    def kill(self, message: bytes = b"kill") -> None:
        if self.ended is None:
            with contextlib.suppress(OSError):  # it has just ended
                self.control.send(message)

    def hear_end(self) -> None:
        """The supervisor's report is there."""
        try:
            try:
                data = self.control.recv(512)
            except ConnectionResetError:  # our "kill" crossed the report, which is still there
                data = self.control.recv(512)
        except OSError:
            data = b""
        if len(data) != END.size:
            raise SupervisorGone(data.decode(errors="replace") or "the supervisor went away")
        status, user, system, waited, rss, killed, no_memory = END.unpack(data)
        self.ended = End(status, user, system, waited, rss << 10, killed, no_memory)

    def wait_end(self, patience: float) -> None:
        """Wait for the report; leaves `ended` None where the process lives on."""
        if self.ended is None and select.select([self.control], [], [], patience)[0]:
            self.hear_end()

    def close(self) -> End:
        """End the program, whatever it does; how it ended."""
        if self.wall_s and self.ended:
            return self.ended
        self.wall_s = time.monotonic() - self.started
        self.kill()
        self.pipe.close()
        self.wait_end(PATIENCE_S)
        while self.printed < self.limits["output_bytes"] and select.select([self.output], [], [], 0)[0]:
            before = self.printed
            self.read_output_quietly()
            if self.printed == before:
                break
        if self.ended is None:
            raise SupervisorGone(f"no report of the program's end within {PATIENCE_S:.0f} s")
        for end in (self.control, self.output):
            os.close(end) if isinstance(end, int) else end.close()
        return self.ended

    def read_output_quietly(self) -> None:
        data = os.read(self.output, 1 << 16)
        self.printed += len(data)
        self.head += data[: max(0, self.limits["output_bytes"] - len(self.head))]


def classify(end: End, limits: dict[str, Any]) -> tuple[str, str]:
    """Why a process ended that should have gone on: a kind of AnswerError, and in words."""
    if not os.WIFSIGNALED(end.status):
        return "crashed", f"the program left with status {os.waitstatus_to_exitcode(end.status)}"
    number = os.WTERMSIG(end.status)
    spent = end.user_s + end.system_s
    if number == signal.SIGXCPU or (number == signal.SIGKILL and spent >= limits["cpu_s"]):
        return "cpu", f"{spent:.1f} s of CPU time"
    if end.out_of_memory:
        return "memory", "killed for want of memory"
    return "crashed", f"the program was ended by {signal.Signals(number).name}"
