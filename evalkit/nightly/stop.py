"""Ctrl-C and SIGTERM in a night: the run at work is told and stops by itself, and no other is begun."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Sequence
from types import FrameType
from typing import Any, Self

from evalkit.child import ends_with_me


class Stop:
    """Told once: the run at work stops as it does for Ctrl-C. Told again: it is killed, since it may hang;
    what it has stored is kept either way."""

    def __init__(self) -> None:
        self.told = 0
        self._child: subprocess.Popen[bytes] | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._tell)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def start(self, words: Sequence[str], **how: Any) -> subprocess.Popen[bytes]:
        """A child that is told. In a group of its own: the terminal would tell it a second time."""
        child = subprocess.Popen(words, process_group=0, preexec_fn=ends_with_me(), **how)
        self._child = child
        if self.told:  # while it was being started
            child.terminate()
        return child

    def _tell(self, number: int, frame: FrameType | None) -> None:
        self.told += 1
        if self._child is not None and self._child.poll() is None:
            if self.told == 1:
                self._child.terminate()
            else:
                self._child.kill()
