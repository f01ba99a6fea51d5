"""What stands between a program and all else: a part entered once by the nursery, a part by each child."""

from __future__ import annotations

import os
import resource
import sys
import tempfile
from os import setresuid
from resource import setrlimit

from . import landlock, unscoped
from .slots import Slot

STACK = 64 << 20
FILES = 256
VICTIM, SPARED = b"500", b"0"  # when memory runs out, programs go first, whatever the sizes


def settle(slot: Slot, control: int, target: int, victim: int) -> None:
    """In the nursery: the slot's group, folder, environment, fixed limits and Landlock rules, for good.

    Descriptors: 0 reads nothing, 1 and 2 stay, `control` becomes `target`, `victim` sets how soon this
    process and its children to come are killed for memory; all others are closed. The process keeps the
    user root, so that no program of the slot can reach it.
    """
    os.setsid()
    score = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
    os.environ["HOME"] = os.environ["TMPDIR"] = tempfile.tempdir = slot.folder
    os.setgroups([])
    os.setresgid(slot.uid, slot.uid, slot.uid)
    os.setresuid(-1, slot.uid, -1)  # root here has no right to enter it
    os.chdir(slot.folder)
    os.setresuid(-1, 0, -1)
    if slot.rules is not None:
        landlock.enter(slot.rules)
    if not slot.scoped:
        unscoped.forbid_names()
    os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
    os.dup2(control, target)
    os.dup2(score, victim)
    os.closerange(3, min(victim, target))
    os.closerange(target + 1, sys.maxsize & 0x7FFFFFFF)
    for name, limit in (
        (resource.RLIMIT_NOFILE, FILES),  # only now: process 1 may have more of them
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_STACK, STACK),
    ):
        setrlimit(name, (limit, limit))


def confine(uid: int, limits: tuple[int, ...], output: int) -> None:
    """In the child: a session, the program's limits, the slot's user, an untouched folder.

    `limits`: CPU in seconds, soft and hard, memory and files in bytes, processes. Afterwards the process
    holds no privilege, and the container's no-new-privileges keeps it so.
    """
    os.dup2(output, 1)
    os.dup2(output, 2)
    try:
        os.setsid()  # else it could send its nursery SIGCONT
    except PermissionError:
        if uid:  # in the rehearsal it leads one
            raise
    cpu, cpu_hard, memory, file, processes = limits
    setrlimit(resource.RLIMIT_CPU, (cpu, cpu_hard))  # a signal that can be ignored, then one that cannot
    setrlimit(resource.RLIMIT_AS, (memory, memory))
    setrlimit(resource.RLIMIT_FSIZE, (file, file))
    setrlimit(resource.RLIMIT_NPROC, (processes, processes))
    setresuid(uid, uid, uid)
    os.utime(".", ns=(0, 0))  # also sets ctime to now: nothing tells when the last sample was here
