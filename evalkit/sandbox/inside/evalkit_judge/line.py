"""The line to one program: its pipe, its output, and the supervisor's word on how it ended.

Every clock is here, on the judge's side. What comes from the program's process is bytes without any
authority; how it ended is the supervisor's report.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from .. import frames
from ..wire import MAX_BYTES
from . import share
from .deadline import Deadline
from .ending import REPORT, End, classify, read_report
from .errors import AnswerError, Astray, SupervisorGone

CHUNK = 1 << 16  # bytes of a read; more would be memory of its own from the kernel, each time
FLOOD = 64  # output beyond so many times the limit is a flood
HAND_OVER_S = 60.0  # the supervisor takes a program at once, however busy the machine
AHEAD, AHEAD_BYTES = 64, 1 << 16  # foreseen frames that are on their way at most, and their bytes, about
ENDING_S = 0.02
PATIENCE_S = 20.0  # for the supervisor's report after a kill

_idle: list[socket.socket] = []  # connections to the supervisor that wait for their next program


class Line:
    """Hands a program's limits to the supervisor at `address` and holds the line to it.

    `moved` is told what the program does (places.py). `job`: guard; limits: wall_s, share_s, cpu_s,
    memory_bytes, output_bytes, file_bytes, processes.
    """

    def __init__(self, address: str, job: dict[str, Any], moved: Callable[[bytes], None]) -> None:
        self.limits = limits = job["limits"]
        self.moved = moved
        self.pipe, theirs = socket.socketpair()
        self.output, their_output = os.pipe()
        self.head = bytearray()
        self.printed = 0
        self.ended: End | None = None
        self.closed = False
        self.wall_s = 0.0
        self.dead: AnswerError | None = None
        self.asking = False
        try:
            self.control = _idle.pop() if _idle else connection(address)
            self.own_waited_s = share.own_waited_s()
            self.began = share.Times(time.monotonic())
            request = json.dumps({"asked": self.began.at, "limits": limits, "guard": job["guard"]}).encode()
            socket.send_fds(self.control, [request], [theirs.fileno(), their_output])
        except OSError as e:
            raise SupervisorGone(f"the supervisor cannot be reached: {e}") from None
        theirs.close()
        os.close(their_output)
        self.pipe.setblocking(False)
        self.fd = self.pipe.fileno()
        self.poll = select.poll()
        for fd in (self.fd, self.output, self.control.fileno()):
            self.poll.register(fd, select.POLLIN)
        self.known = self.began  # the last times that the supervisor told
        self.whole = share.Window(self.began, limits["wall_s"])
        self.window = self.whole  # the one whose limit was reached last
        self.end = self.began.at + limits["wall_s"]
        self.test_end = self.end  # what a single test may wait for, if that is less
        self.inbox = bytearray()
        self.foreseen: Iterator[bytes] = iter(())  # frames that will probably be asked for, the first first
        self.ahead: deque[bytes] = deque()  # those of them that have been sent
        self.astray = False
        self.unsent = memoryview(b"")
        self.full = False  # whether the pipe is polled for room

    def exchange(self, request: bytes, timeout: float | None) -> bytes:
        """Send a frame and wait for one; AnswerError where the answer fails to give it.

        Astray where another frame had been sent in its place.
        """
        sent = bool(self.ahead)
        if self.astray or (sent and request != self.ahead.popleft()):
            self.astray = True
            raise Astray
        if self.dead is not None:
            raise AnswerError(self.dead.kind, self.dead.message, died=True)
        self.asking = True
        try:
            self.send(b"" if sent else request)
            reply = self.reply(timeout)
        finally:
            self.asking = False
        if self.inbox and not self.ahead:
            raise self.broken("more bytes than asked for")
        return reply

    def send(self, request: bytes) -> None:
        """Send a request, and what is foreseen behind it as far as it should be on its way."""
        more = [request]
        if len(self.ahead) <= AHEAD // 2:
            size = 0
            while len(self.ahead) < AHEAD and size < AHEAD_BYTES:
                frame = next(self.foreseen, None)
                if frame is None:
                    break
                size += len(frame)
                more.append(frame)
                self.ahead.append(frame)
        if len(more) > 1 or request:
            self.unsent = memoryview(b"".join((self.unsent, *more)))
            self.write()

    def reply(self, timeout: float | None) -> bytes:
        """The next frame, or the AnswerError that stands for it. `timeout`: seconds from now at most."""
        deadline = Deadline(self, timeout)
        inbox = self.inbox
        size = self.size() if self.ended is None else self.read_rest()
        if self.ended is not None and len(inbox) < size:
            raise self.died()  # nothing tells so any more: a child may hold the pipe
        while len(inbox) < size:
            events = self.poll.poll(deadline.left() * 1000 + 1)
            if len(events) > 1:
                events.sort(key=lambda p: p[0] != self.fd)  # what was said comes before how it ended
            for fd, event in events:
                if fd == self.fd:
                    if self.unsent and event & select.POLLOUT:
                        self.write()
                    if event & ~select.POLLOUT:
                        size = self.read()
                elif fd == self.output:
                    self.read_output()
                elif len(inbox) < size:  # the process has ended: is a reply left in the pipe?
                    size = self.read_rest() if self.hear() else size
                    if self.ended and len(inbox) < size:
                        raise self.died()
        frame = bytes(memoryview(inbox)[frames.HEAD : size])
        del inbox[:size]
        return frame

    def write(self) -> None:
        """Send what the pipe takes of `unsent`; poll for room while some is left."""
        try:
            self.unsent = self.unsent[os.write(self.fd, self.unsent) :]
        except BlockingIOError:
            pass
        except OSError:
            self.unsent = self.unsent[:0]  # the other end is closed; reading says the rest
        if bool(self.unsent) != self.full:
            self.full = not self.full
            self.poll.modify(self.fd, select.POLLIN | (select.POLLOUT if self.full else 0))

    def read(self) -> int:
        """Take what is there; how many bytes the first whole frame has, as far as is known."""
        try:
            data = os.read(self.fd, CHUNK)
        except BlockingIOError:
            return self.size()
        except OSError:
            data = b""
        if not data:  # it closed its end, or ended: give its end a moment to be reported
            self.poll.unregister(self.fd)
            self.wait_end(2.0)
            raise self.died()
        self.inbox += data
        return self.size()

    def read_rest(self) -> int:
        """Take all that an ended process wrote; how many bytes the first whole frame has."""
        with contextlib.suppress(OSError):
            while data := os.read(self.fd, 1 << 20):
                self.inbox += data
        return self.size()

    def size(self) -> int:
        if len(self.inbox) < frames.HEAD:
            return frames.HEAD
        size = frames.length(self.inbox)
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

    # -- time ------------------------------------------------------------------------------------
    def times(self) -> share.Times:
        """What the program had of the machine until now. For waits of this process and the supervisor it
        is not to blame. SupervisorGone where the supervisor says nothing: nobody can judge then."""
        at, waited, cpu = time.monotonic(), 0.0, 0.0
        with contextlib.suppress(OSError):
            self.control.send(b"times")
            while True:
                if not select.select([self.control], [], [], PATIENCE_S)[0]:
                    raise SupervisorGone(f"no word of a program's times within {PATIENCE_S:.0f} s")
                data = self.control.recv(512)
                if len(data) == share.TIMES.size:
                    waited, cpu = share.TIMES.unpack(data)
                elif len(data) != 1:
                    self.take_report(data)
                else:
                    self.moved(data)
                    continue
                break
        self.known = share.Times(at, waited + self.waited_here(), cpu)
        return self.known

    def waited_here(self) -> float:
        """Seconds that this process itself, since the program began, waited for a core."""
        return max(0.0, share.own_waited_s() - self.own_waited_s)

    # -- ends ------------------------------------------------------------------------------------
    def fail(self, kind: str, message: str) -> AnswerError:
        """The answer is done for: end it; the error to raise."""
        self.kill()
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

    def kill(self) -> None:
        if self.ended is None:
            with contextlib.suppress(OSError):  # the supervisor is gone: the report will not come
                self.control.send(b"kill")

    def hear(self) -> bool:
        """What the supervisor says: True for its report of the end, False for what the program does now."""
        try:
            data = self.control.recv(512)
        except OSError:
            data = b""
        if len(data) == 1:
            self.moved(data)
            return False
        self.take_report(data)
        return True

    def take_report(self, data: bytes) -> None:
        if len(data) != REPORT.size:
            raise SupervisorGone(data.decode(errors="replace") or "the supervisor went away")
        self.ended = read_report(data)

    def wait_end(self, patience: float) -> None:
        """Wait for the report; leaves `ended` None where the process lives on."""
        while self.ended is None and select.select([self.control], [], [], patience)[0]:
            self.hear()

    def close(self) -> End:
        """End the program, whatever it does; how it ended."""
        if self.closed and self.ended:
            return self.ended
        self.closed = True
        self.wall_s = time.monotonic() - self.began.at
        self.pipe.close()  # an honest program's process ends of this
        self.wait_end(ENDING_S)
        self.kill()
        self.wait_end(PATIENCE_S)
        while self.printed < self.limits["output_bytes"] and select.select([self.output], [], [], 0)[0]:
            before = self.printed
            self.read_output_quietly()
            if self.printed == before:
                break
        if self.ended is None:
            raise SupervisorGone(f"no report of the program's end within {PATIENCE_S:.0f} s")
        os.close(self.output)
        _idle.append(self.control)
        return self.ended

    def read_output_quietly(self) -> None:
        data = os.read(self.output, 1 << 16)
        self.printed += len(data)
        self.head += data[: max(0, self.limits["output_bytes"] - len(self.head))]


def connection(address: str) -> socket.socket:
    """A connection to the supervisor: for one program at a time, for many after each other."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    made.settimeout(HAND_OVER_S)
    made.connect(address)
    return made
