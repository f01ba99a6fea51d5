"""Waiting for a whole program: its output is read until its process has ended, and no longer.

A child that keeps the output open after that stalls nothing: the supervisor's word ends the wait.
"""

from __future__ import annotations

import contextlib
import os
import select
import time
from dataclasses import dataclass

from .deadline import Deadline
from .ending import End, classify
from .errors import AnswerError
from .line import FLOOD, Line

ERRORS = 2000  # bytes of the end of standard error that are kept


@dataclass(frozen=True)
class Run:
    """A program's run: what it printed, and its exit status (minus the signal's number where one ended it).

    Bytes that are not UTF-8 are replaced in both texts. `stderr` is the end of it only.
    """

    stdout: str
    status: int
    stderr: str
    wall_s: float


def run_to_end(line: Line, request: bytes, timeout: float | None) -> Run:
    """Send a RUN frame, wait for the end. AnswerError for time, CPU time, memory and output over a limit."""
    started = time.monotonic()
    deadline = Deadline(line, timeout)
    before = line.printed
    line.unsent = memoryview(request)
    line.asking = True
    errors = bytearray()
    line.write()
    try:
        end = wait_for_end(line, deadline, errors)
    finally:
        line.asking = False
    drain(line, errors)
    check_output(line)
    wall_s = time.monotonic() - started
    kind, message = classify(end, line.limits)
    line.dead = AnswerError(kind, message, died=True)
    if kind != "crashed":
        raise line.dead
    text = bytes(line.head[before:]).decode("utf-8", "replace")
    status = os.waitstatus_to_exitcode(end.status)
    return Run(text, status, errors.decode("utf-8", "replace"), wall_s)


def wait_for_end(line: Line, deadline: Deadline, errors: bytearray) -> End:
    """Until the supervisor says that the process has ended; collects what it says on standard error."""
    said = 0
    while line.ended is None:
        for fd, event in line.poll.poll(deadline.left() * 1000 + 1):
            if fd == line.output:
                line.read_output()
                check_output(line)
            elif fd == line.fd and event & select.POLLOUT:
                line.write()
            elif fd == line.fd:
                said += read_errors(line, errors)
                if said > FLOOD * line.limits["output_bytes"]:
                    raise line.fail("output", f"more than {said >> 20} MB of output on standard error")
            else:
                line.hear()
    return line.ended


def check_output(line: Line) -> None:
    if line.printed > line.limits["output_bytes"]:
        raise line.fail("output", f"more than {line.limits['output_bytes']:,} bytes of output")


def read_errors(line: Line, errors: bytearray) -> int:
    """Take what is on the pipe; how much that was."""
    data = b""
    with contextlib.suppress(BlockingIOError, ConnectionResetError):
        data = os.read(line.pipe.fileno(), 1 << 16)
        if not data:  # closed; the end is still to come
            with contextlib.suppress(KeyError):
                line.poll.unregister(line.pipe)
    errors += data
    del errors[:-ERRORS]
    return len(data)


def drain(line: Line, errors: bytearray) -> None:
    """Take what the program had written before it ended, and at most so much as it may write at all."""
    while line.printed <= line.limits["output_bytes"] and select.select([line.output], [], [], 0)[0]:
        before = line.printed
        line.read_output_quietly()
        if line.printed == before:
            break
    for _ in range(64):
        if not select.select([line.pipe], [], [], 0)[0] or not read_errors(line, errors):
            break
