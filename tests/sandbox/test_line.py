"""The judge's line to a program, with a supervisor of this test's: orders of events that none can time."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from evalkit.sandbox.inside import frames
from evalkit.sandbox.inside.evalkit_judge import AnswerError
from evalkit.sandbox.inside.evalkit_judge import line as module
from evalkit.sandbox.inside.evalkit_judge.ending import REPORT
from evalkit.sandbox.inside.evalkit_judge.errors import SupervisorGone
from evalkit.sandbox.inside.evalkit_judge.line import Line

LIMITS = {"wall_s": 1.0, "share_s": 1.0, "late_s": 60.0, "cpu_s": 3.0, "output_bytes": 1000}


@pytest.fixture(autouse=True)
def no_connection_of_an_earlier_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_idle", [])


def asked(folder: Path) -> tuple[Line, socket.socket, list[int]]:
    """A line, the supervisor's end of it, and the program's pipe and output."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(str(folder / "s"))
    listener.listen()
    made = Line(str(folder / "s"), {"limits": LIMITS, "guard": "none"}, lambda state: None)
    control, _ = listener.accept()
    return made, control, socket.recv_fds(control, 4096, 4)[1]


def test_a_question_after_the_end_waits_for_nobody(tmp_path: Path) -> None:
    """The program ended behind its last reply; a child of its own holds the pipe."""
    line, control, fds = asked(tmp_path)
    control.send(REPORT.pack(0, 0.0, 0.0, 0, False, False))
    line.wait_end(1.0)
    os.write(fds[0], frames.frame(frames.VALUE, b"x"))
    began = time.monotonic()
    assert line.exchange(frames.frame(frames.LOOKUP), None) == frames.VALUE + b"x"
    with pytest.raises(AnswerError) as caught:
        line.exchange(frames.frame(frames.LOOKUP), None)
    assert caught.value.kind == "crashed"
    assert time.monotonic() - began < LIMITS["wall_s"]
    assert line.close().status == 0
    for fd in fds:
        os.close(fd)


def test_a_supervisor_that_says_nothing_is_no_late_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the program had is not known: the pair is given up, and nobody says "timeout"."""
    monkeypatch.setattr(module, "PATIENCE_S", 0.1)
    line, control, fds = asked(tmp_path)
    with pytest.raises(SupervisorGone, match="no word of a program's times"):
        line.exchange(frames.frame(frames.LOOKUP), 0.1)
    for fd in (*fds, control.fileno()):
        os.close(fd)
    control.detach()
