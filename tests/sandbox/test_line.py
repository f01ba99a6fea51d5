"""The judge's line to a program, with a supervisor of this test's: orders of events that none can time."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from evalkit.sandbox.inside import frames
from evalkit.sandbox.inside.evalkit_judge import AnswerError
from evalkit.sandbox.inside.evalkit_judge.ending import REPORT
from evalkit.sandbox.inside.evalkit_judge.line import Line

LIMITS = {"wall_s": 1.0, "share_s": 1.0, "late_s": 60.0, "cpu_s": 3.0, "output_bytes": 1000}


def test_a_question_after_the_end_waits_for_nobody(tmp_path: Path) -> None:
    """The program ended behind its last reply; a child of its own holds the pipe."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(str(tmp_path / "s"))
    listener.listen()
    line = Line(str(tmp_path / "s"), {"limits": LIMITS, "guard": "none"}, lambda state: None)
    control, _ = listener.accept()
    _, fds, _, _ = socket.recv_fds(control, 4096, 4)
    control.send(REPORT.pack(0, 0.0, 0.0, 0, False, False))
    line.wait_end(1.0)
    os.write(fds[0], frames.frame(frames.VALUE, b"x"))
    asked = time.monotonic()
    assert line.exchange(frames.frame(frames.LOOKUP), None) == frames.VALUE + b"x"
    with pytest.raises(AnswerError) as caught:
        line.exchange(frames.frame(frames.LOOKUP), None)
    assert caught.value.kind == "crashed"
    assert time.monotonic() - asked < LIMITS["wall_s"]
    assert line.close().status == 0
    for fd in fds:
        os.close(fd)
