"""A slot: a place for one sample at a time, with a user, a folder and a nursery of its own; and samples."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from . import landlock
from .cloning import fork_surely
from .patrol import Beat


@dataclass(eq=False)
class Slot:
    uid: int
    folder: str
    sweeper_uid: int
    rules: int | None = None  # of Landlock
    scoped: bool = False  # whether they hide abstract sockets
    fresh: tuple[int, int, int] = (0, 0, 0)
    nursery: socket.socket | None = None
    nursery_pid: int = 0
    sample: Sample | None = None
    sweeps: int = 0  # since the last sample

    def state(self) -> tuple[int, int, int]:
        """Free blocks, free inodes and mode of the folder: what a sample may not leave changed."""
        found = os.statvfs(self.folder)
        return found.f_bfree, found.f_ffree, os.stat(self.folder).st_mode


@dataclass(eq=False)
class Sample:
    """A connection, and the sample that it serves, if any: waiting with a request, or in a slot."""

    connection: socket.socket
    request: dict[str, Any] = field(default_factory=dict)
    fds: list[int] = field(default_factory=list)
    slot: Slot | None = None
    asked: float = 0.0  # on the monotonic clock: when the judge asked, and
    began: float = 0.0  # when the program's process was there
    pid: int = 0
    pidfd: int = -1
    killed: bool = False
    kills: int = 0  # for want of memory in this container, when the sample began
    gone: bool = False  # the judge's end is closed
    beat: Beat = field(default_factory=lambda: Beat(None))

    def delayed_s(self) -> float:
        """Seconds that passed before the program had a process: they are not its own."""
        return (self.began if self.pid else time.monotonic()) - self.asked


def make_slots(config: dict[str, Any], known: int) -> list[Slot]:
    """`config` as of the supervisor; `known`: the kernel's version of Landlock."""
    slots = []
    for number, folder in enumerate(config["slots"]):
        slot = Slot(config["first_uid"] + number, folder, config["sweeper_uid"])
        slot.rules = landlock.ruleset(folder, known) if known else None
        slot.scoped = known >= landlock.SCOPED
        slot.fresh = slot.state()
        slots.append(slot)
    return slots


def as_user(slot: Slot, act: Callable[[int], None]) -> None:
    """Run `act(uid)` in a child that may do to the processes of a slot's user what they may, but not they
    to it: one that stopped it would stop this process, which waits."""
    pid = fork_surely()
    if pid == 0:
        try:
            os.setgroups([])
            os.setresgid(slot.uid, slot.uid, slot.uid)
            os.setresuid(slot.sweeper_uid, slot.uid, slot.sweeper_uid)
            act(slot.uid)
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
