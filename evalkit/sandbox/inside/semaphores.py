"""Semaphores of multiprocessing without /dev/shm: as many bytes lie in a pipe as its value says.

The C library keeps them in a folder that all users share, which no program here may have. A pipe is
inherited by a fork as they are, and ends with its processes. In place of `_multiprocessing.SemLock`, whose
interface this is; what is started in another way than by a fork cannot have one.
"""

from __future__ import annotations

import array
import fcntl
import importlib
import os
import select
import termios
import threading
import time
from os import close as _close
from typing import Any

RECURSIVE_MUTEX, SEMAPHORE = 0, 1
MOST = 65_536  # bytes in a pipe: what a semaphore can rise to


class SemLock:
    SEM_VALUE_MAX = 2**31 - 1

    def __init__(self, kind: int, value: int, maxvalue: int, name: str, unlink: bool) -> None:
        self.kind, self.maxvalue, self.name = kind, maxvalue, name
        self.handle, self._put = os.pipe()
        os.set_blocking(self.handle, False)
        os.set_blocking(self._put, False)
        self._held, self._owner = 0, 0  # by this process
        self._endless = value > MOST  # a queue without a bound
        if value and not self._endless:
            os.write(self._put, b"." * value)

    def acquire(self, block: bool = True, timeout: float | None = None) -> bool:
        if self.kind == RECURSIVE_MUTEX and self._is_mine():
            self._held += 1
            return True
        if self._endless:
            return True
        end = None if timeout is None else time.monotonic() + max(0.0, timeout)
        while not self._take():
            if not block:
                return False
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                return False
            select.select([self.handle], [], [], left)
        self._held, self._owner = self._held + 1, threading.get_ident()
        return True

    def _take(self) -> bool:
        try:
            return bool(os.read(self.handle, 1))
        except BlockingIOError:
            return False

    def release(self) -> None:
        if self.kind == RECURSIVE_MUTEX:
            if not self._is_mine():
                raise AssertionError("attempt to release recursive lock not owned by thread")
            if self._held > 1:
                self._held -= 1
                return
        elif self._endless:
            return
        elif self._get_value() >= self.maxvalue:
            raise ValueError("semaphore or lock released too many times")
        self._held -= 1
        os.write(self._put, b".")

    __enter__ = acquire

    def __exit__(self, *args: object) -> None:
        self.release()

    def _count(self) -> int:
        return self._held

    def _is_mine(self) -> bool:
        return self._held > 0 and self._owner == threading.get_ident()

    def _get_value(self) -> int:
        if self._endless:
            return self.maxvalue
        found = array.array("i", [0])
        fcntl.ioctl(self.handle, termios.FIONREAD, found)
        return found[0]

    def _is_zero(self) -> bool:
        return self._get_value() == 0

    def _after_fork(self) -> None:
        self._held = 0

    def __del__(self) -> None:
        for fd in (self.handle, self._put):
            _close(fd)


def install() -> None:
    """For every process to come."""
    module: Any = importlib.import_module("_multiprocessing")
    module.SemLock = SemLock
    module.sem_unlink = lambda name: None


def no_shared_folder() -> None:
    """Let multiprocessing's Value and Array lie in the program's own folder: /dev/shm is not there to ask."""
    heap: Any = importlib.import_module("multiprocessing.heap")
    heap.Arena._dir_candidates = []
