"""The progress bar on a terminal."""

from __future__ import annotations

import os
import pty

import pytest

from evalkit.cli.progress import Bar
from evalkit.outcome import Outcome


def test_a_second_run_begins_its_own_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """One bar serves all runs of a command."""
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr("sys.stderr", terminal)
        bar = Bar()
        bar.started(2, 0, 0)
        bar.rollout(0.5)
        bar.ended(Outcome.ERROR, "api", "")
        assert bar._bar.postfix == "errors 1, $0.5000"
        bar.finished()
        bar.started(2, 0, 0)
        assert bar._bar.postfix == ""
        bar.finished()
    os.close(ours)
