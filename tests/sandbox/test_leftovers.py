"""Whatever a program leaves, the next one in the same slot finds nothing of it: the slot is the only one here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from evalkit.sandbox import open_program_sandbox
from tests.sandbox.asking import check

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def single(docker_engine: Any) -> AsyncIterator[Any]:
    """A sandbox with one slot, in which every program runs that it judges."""
    opened = await open_program_sandbox(judges=1, run_label="single")
    yield opened
    await opened.close()


# files
FILES = {
    "folders 4,000 deep": "for _ in range(4000):\n    os.mkdir('d'); os.chdir('d')\nopen('file', 'w').write('x')\nos.chmod('.', 0)",
    "deep and closed": "for _ in range(300):\n    os.mkdir('d'); os.chdir('d')\nfor _ in range(300):\n    os.chmod('.', 0o500); os.chdir('..') if _ == 0 else None",
    "many in one folder": "os.mkdir('d')\nfor n in range(3900): open(f'd/{n}', 'w').close()\nos.chmod('d', 0)",
    "many folders": "for n in range(3900): os.mkdir(str(n), 0)",
    "odd names": "for name in (b'\\n', b'\\xff\\xfe', b'-rf', b'a' * 255, b' ', b'*', b'\\x1b[31m', b'..a', b'\\\\', 'é'.encode()):\n    open(name, 'w').close(); os.mkdir(name + b'd' if len(name) < 99 else b'x' * 255)",
    "modes": "for mode in (0, 0o1, 0o400, 0o7777):\n    os.mkdir(f'd{mode}'); open(f'd{mode}/f', 'w').close(); open(f'f{mode}', 'w').close()\n    os.chmod(f'd{mode}', mode); os.chmod(f'f{mode}', mode)\nos.chmod('.', 0o7777)",
    "closed folder": "open('x', 'w').close()\nos.chmod('.', 0)",
    "links": "os.symlink('/', 'root'); os.symlink('.', 'here'); os.symlink('loop', 'loop'); os.mkdir('d'); os.symlink('../..', 'd/up')\nopen('f', 'w').close()\nfor n in range(500): os.link('f', f'l{n}')",
    "pipes and sockets": "import socket\ntry: os.mkfifo('p')\nexcept OSError: pass\ns = socket.socket(socket.AF_UNIX); s.bind('s'); s.listen()",
    "full disk": "try:\n    for n in range(99): open(str(n), 'wb').write(bytes(8 << 20))\nexcept OSError: pass",
    "no inode left": "try:\n    for n in range(5000): open(str(n), 'w').close()\nexcept OSError: pass",
    "holes": "f = open('x', 'wb'); os.truncate('x', 15 << 20)",
    "marks on the folder": "os.utime('.', (12345, 67890)); os.listdir('.')",
    "removed again": "open('x', 'w').close(); os.unlink('x')",
    "other places": "for p in ('/dev/shm/x', '/tmp/x', '/run/x', '/var/tmp/x', '/dev/mqueue/x', '../x'):\n    try: open(p, 'w').write('x')\n    except OSError: pass",
}  # fmt: skip

# processes; `child` runs what follows in a process that lives on
PROCESSES = {
    "ignores signals": "child(); [signal.signal(s, signal.SIG_IGN) for s in (1, 2, 3, 15)]; time.sleep(60)",
    "stopped": "child(); os.kill(os.getpid(), signal.SIGSTOP); time.sleep(60)",
    "leads a session": "child(); os.setsid(); child(); time.sleep(60)",
    "holds a file without a name": "f = open('x', 'wb'); f.write(bytes(9 << 20)); f.flush(); os.unlink('x'); child(); time.sleep(60)",
    "holds mapped memory": "import mmap\nf = open('x', 'w+b'); f.truncate(4 << 20); m = mmap.mmap(f.fileno(), 4 << 20); m.write(b'x' * (4 << 20)); os.unlink('x'); f.close(); child(); time.sleep(60)",
    "writes on": "child()\nwhile True:\n    try: open(str(time.time()), 'w').write('x' * 999)\n    except OSError: pass",
    "kills whatever comes": "child()\nwhile True:\n    for s in (signal.SIGSTOP, signal.SIGKILL):\n        try: os.kill(-1, s)\n        except OSError: pass",
    "slows whatever comes": "child()\nwhile True:\n    try: os.setpriority(os.PRIO_USER, 0, 19)\n    except OSError: pass",
    "many": "for _ in range(60):\n    try:\n        if os.fork() == 0: time.sleep(60); os._exit(0)\n    except OSError: break",
    "children of process 1": "import ctypes, platform\ncall = ctypes.CDLL(None).syscall\nnumber = {'x86_64': 56}.get(platform.machine(), 220)\nfor _ in range(9):\n    if call(number, 0x8000 | 17, 0, 0, 0, 0) == 0: time.sleep(60); os._exit(0)",
    "zombies of process 1": "import ctypes, platform\ncall = ctypes.CDLL(None).syscall\nnumber = {'x86_64': 56}.get(platform.machine(), 220)\nfor _ in range(40):\n    if call(number, 0x8000 | 17, 0, 0, 0, 0) == 0: os._exit(0)",
    "timers": "signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001); signal.signal(signal.SIGALRM, lambda *a: None)",
}  # fmt: skip

DIRTY = """
import os, signal, time
def child():
    if os.fork(): raise EOFError
def leave():
{}
def f(n):
    here = os.getcwd()
    try: leave()
    except EOFError: pass
    return n
"""
# what a program that comes after finds; `now` is taken before anything else
NEXT = """
import os, time
now = time.time()
def f(n):
    found = []
    folder = os.stat(".")
    if oct(folder.st_mode) != "0o40700": found.append(oct(folder.st_mode))
    if (folder.st_atime, folder.st_mtime) != (0, 0): found.append(("times", folder.st_atime, folder.st_mtime))
    if not now - 30 < folder.st_ctime <= now + 1: found.append(("changed", now - folder.st_ctime))
    found += os.listdir(".")
    space = os.statvfs(".")
    if space.f_blocks != space.f_bfree: found.append(("blocks", space.f_blocks - space.f_bfree))
    if space.f_files - space.f_ffree != 1: found.append(("inodes", space.f_files - space.f_ffree))
    for pid in {*range(2, os.getpid() + 99)} - {os.getpid()}:
        try: os.kill(pid, 0)
        except OSError: continue
        found.append(("a process of this user", pid))
    if os.getpriority(os.PRIO_PROCESS, 0): found.append("priority")
    for place in ("/dev/shm", "/tmp", "/dev/mqueue", "/slots"):
        try: found += os.listdir(place)
        except OSError: pass
    return found
"""


@pytest.mark.parametrize("leave", [*FILES.values(), *PROCESSES.values()], ids=[*FILES, *PROCESSES])
async def test_nothing_is_left(single: Any, leave: str) -> None:
    pair = single._pair
    program = DIRTY.format("\n".join("    " + line for line in leave.splitlines()))
    left = await check(single, program, "assert candidate(1) == 1", wall_s=20.0)
    itself = {"crashed"} if "SIGKILL" in leave else set()  # its parent is among what comes
    assert left.status in {"passed", *itself}, left
    found = await check(single, NEXT, "found = candidate(0)\nassert not found, found", wall_s=20.0)
    assert (found.status, found.detail) == ("passed", "")
    assert single._pair is pair


STOPS = {
    "stops itself": "os.kill(os.getpid(), signal.SIGSTOP)",
    "stops its group": "os.killpg(0, signal.SIGSTOP)",
    "is stopped by its child": "p = os.getpid()\nif os.fork() == 0:\n    while True: os.kill(p, signal.SIGSTOP)\ntime.sleep(60)",
}  # fmt: skip


@pytest.mark.parametrize("stop", STOPS.values(), ids=STOPS)
async def test_who_stops_is_late(single: Any, stop: str) -> None:
    program = DIRTY.format("\n".join("    " + line for line in stop.splitlines()))
    assert (await check(single, program, "candidate(1)", wall_s=1.0)).status == "timeout"
    assert (await check(single, NEXT, "assert candidate(0) == []", wall_s=20.0)).status == "passed"


async def test_a_program_cannot_give_itself_more(single: Any) -> None:
    program = """
import ctypes, os, resource
def f(n):
    got = []
    for name in ("AS", "CPU", "FSIZE", "NPROC", "NOFILE", "CORE", "STACK"):
        limit = getattr(resource, "RLIMIT_" + name)
        try: resource.setrlimit(limit, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)); got.append(name)
        except (OSError, ValueError): pass
    try: os.setpriority(os.PRIO_PROCESS, 0, -5); got.append("priority")
    except OSError: pass
    libc = ctypes.CDLL(None)
    if libc.sched_setscheduler(0, 1, ctypes.byref(ctypes.c_int(1))) == 0: got.append("real time")
    for path in ("/proc/self/oom_score_adj", "/proc/self/uid_map", "/proc/self/mem"):
        try: open(path, "w").write("-1000"); got.append(path)
        except OSError: pass
    return got
"""
    said = await check(single, program, "got = candidate(0)\nassert not got, got")
    assert (said.status, said.detail) == ("passed", "")


async def test_bombs_in_every_place_leave_honest_ones_their_pass(sandbox: Any) -> None:
    bombs = [
        "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
        "import os, time\nfor _ in range(60):\n    try:\n        if os.fork() == 0:\n            x = bytearray(b'x') * (8 << 20)\n            while True: pass\n    except OSError: pass\ntime.sleep(60)",
        "import os\nn = 0\nwhile True:\n    try: open(str(n), 'wb').write(bytes(1 << 16))\n    except OSError: pass\n    n += 1",
        "import threading\nwhile True:\n    try: threading.Thread(target=lambda: [0 for _ in iter(int, 1)]).start()\n    except RuntimeError: pass",
    ]
    pair = sandbox._pair
    thrown = [asyncio.create_task(check(sandbox, bomb, "candidate(1)", wall_s=2.0)) for bomb in bombs]
    await asyncio.sleep(0.3)
    honest = "def f(n): return sum(i * i for i in range(20000)) % n"
    said = await asyncio.gather(*(check(sandbox, honest, "assert candidate(7) == 0") for _ in range(8)))
    assert {s.status for s in said} == {"passed"}, said
    assert not {"passed", "grader"} & {(await bomb).status for bomb in thrown}
    assert sandbox._pair is pair


async def test_every_slot_at_once_and_again(sandbox: Any) -> None:
    """Slots are for more programs than run: those that sleep. Process 1 holds descriptors for each."""
    pair = sandbox._pair
    sleeper = "import time\ndef f(n):\n    time.sleep(2)\n    return n"
    said = await asyncio.gather(
        *(check(sandbox, sleeper, "assert candidate(1) == 1", wall_s=30.0) for _ in range(100))
    )
    assert {s.status for s in said} == {"passed"}
    assert sandbox._pair is pair
