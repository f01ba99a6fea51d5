"""What programs at the same time can know of each other: with Landlock, an old one, none, and strictly."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from evalkit.run.spread import open_sandboxes
from evalkit.sandbox import list_leftovers, open_program_sandbox
from tests.sandbox.asking import check

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="session")]

# stays for a while, and shows itself in every way that a process can
PRESENT = """
import os, socket, time
def f(seconds):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
        try:
            s = socket.socket(socket.AF_UNIX, kind)
            s.bind(f"\\0here{kind}")
            s.listen()
            keep.append(s)
        except OSError:
            pass
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(60)
        os._exit(0)
    open("secret", "w").write("it")
    os.chmod("secret", 0o777)
    os.chmod(".", 0o777)
    time.sleep(seconds)
    return os.getuid()
keep = []
"""

# looks for others in every way that a process has; each function returns what it found
LOOK = """
import glob, os, signal, socket
OWN = {os.getpid(), os.getppid()}
def tried(act):
    try:
        return act()
    except OSError as e:
        return None
def pids(act):
    found = []
    for pid in range(2, 500):
        if pid in OWN: continue
        try:
            act(pid)
        except (ProcessLookupError, FileNotFoundError):
            continue
        except OSError as e:
            found.append((pid, e.errno))
        else:
            found.append((pid, 0))
    return found
def reach(kind, way):
    s = socket.socket(socket.AF_UNIX, kind)
    if way == "connect":
        s.connect(f"\\0here{kind}")
    elif way == "send":
        s.sendto(b"x", f"\\0here{kind}")
    else:
        a, b = socket.socketpair(socket.AF_UNIX, kind)
        a.sendmsg([b"x"], [], 0, f"\\0here{kind}")
        if b.recv(1, socket.MSG_DONTWAIT):
            return None  # it went to its own other end
    return way
def listed():
    return tried(lambda: [p for p in os.listdir("/proc") if p.isdigit()])
def files():
    return glob.glob("/slots/*/*") + [p for n in range(9) if tried(lambda: open(f"/slots/{n}/secret").read())]
def sockets():
    kinds = (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET)
    return [(k, w) for k in kinds for w in ("connect", "send", "pair") if tried(lambda: reach(k, w))]
def signalled():
    return [pid for pid, e in pids(lambda pid: os.kill(pid, signal.SIGCONT)) if e == 0]
def known():
    return pids(lambda pid: os.kill(pid, 0)), pids(lambda pid: os.getpriority(os.PRIO_PROCESS, pid))
def measured():
    import ctypes
    libc = ctypes.CDLL(None)
    found = []
    for pid in range(2, 500):
        if pid in OWN: continue
        clock = ((~pid) << 3) | 2
        if libc.clock_gettime(clock, ctypes.create_string_buffer(16)) == 0: found.append(("clock", pid))
        if libc.sched_getscheduler(pid) >= 0: found.append(("scheduler", pid))
        if libc.getpgid(pid) >= 0: found.append(("group", pid))
        if libc.getsid(pid) >= 0: found.append(("session", pid))
    if libc.sysinfo(ctypes.create_string_buffer(256)) == 0: found.append("machine")
    found += [p for p in ("/proc/loadavg", "/proc/stat", "/proc/meminfo") if tried(lambda: open(p).read())]
    return found
def f(what):
    return globals()[what]()
"""
MACHINE = "found = candidate('measured')\nassert not [f for f in found if type(f) is str], found"
NOTHING = ("files", "sockets", "signalled")


async def look(sandbox: Any, what: str) -> Any:
    said = await check(sandbox, LOOK, f"found = candidate({what!r})\nassert False, repr(found)", wall_s=20.0)
    return said.detail


async def finds_nothing(sandbox: Any, *what: str) -> None:
    """Beside a program that shows itself, and after it."""
    test = "\n".join(f"found = candidate({name!r})\nassert not found, found" for name in what)
    present = asyncio.create_task(check(sandbox, PRESENT, "candidate(2)", wall_s=30.0))
    await asyncio.sleep(0.7)
    during = await asyncio.gather(*(check(sandbox, LOOK, test, wall_s=20.0) for _ in range(3)))
    assert (await present).status == "passed"
    after = await asyncio.gather(*(check(sandbox, LOOK, test, wall_s=20.0) for _ in range(4)))
    assert [said.detail for said in (*during, *after)] == [""] * 7
    assert {said.status for said in (*during, *after)} == {"passed"}


async def test_with_landlock_nothing_but_a_number_shows(sandbox: Any) -> None:
    await finds_nothing(sandbox, "listed", *NOTHING)


async def test_the_machine_cannot_be_measured_from_inside(sandbox: Any) -> None:
    assert (await check(sandbox, LOOK, MACHINE)).status == "passed"


VERSIONS = [1, pytest.param(3, marks=pytest.mark.full), 5]


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=VERSIONS)
async def old(request: pytest.FixtureRequest, docker_engine: Any) -> AsyncIterator[Any]:
    """A sandbox as on a kernel whose Landlock has no scopes."""
    opened = await open_program_sandbox(judges=3, run_label="old", landlock_at_most=request.param)
    yield opened
    await opened.close()


async def test_without_scopes_a_filter_stands_in_for_them(old: Any) -> None:
    assert old.describe()["isolation"] == "shared"
    await finds_nothing(old, "listed", *NOTHING)
    honest = """
import asyncio, socket
async def g(n): return n
def f(n):
    a, b = socket.socketpair()
    a.send(b"x")
    return asyncio.run(g(n)) if b.recv(1) == b"x" else 0
"""
    assert (await check(old, honest, "assert candidate(5) == 5", wall_s=20.0)).status == "passed"


@pytest.mark.full
async def test_without_landlock_one_program_at_a_time(docker_engine: Any) -> None:
    opened = await open_program_sandbox(judges=4, run_label="none", landlock_at_most=0)
    try:
        described = opened.describe()
        assert (described["isolation"], described["at_once"], described["in_flight"]) == ("strict", 1, 1)
        await finds_nothing(opened, *NOTHING)
        await alone(opened)
    finally:
        await opened.close()


async def test_without_landlock_more_at_once_take_a_pair_each(docker_engine: Any) -> None:
    opened = await open_sandboxes(1, 2, "pairs", landlock_at_most=0)
    try:
        assert opened.describe()["sandboxes"] == 2
        await finds_nothing(opened, *NOTHING)
        await alone(opened)
    finally:
        await opened.close()


async def test_strictly_not_even_a_number_shows(docker_engine: Any) -> None:
    label = f"strict-{os.getpid()}"
    opened = await open_sandboxes(1, 2, label, strict_isolation=True)
    try:
        assert opened.describe()["isolation"] == "strict"
        assert opened.describe()["sandboxes"] == 2
        await finds_nothing(opened, "listed", *NOTHING)
        await alone(opened)
        assert (await check(opened, LOOK, MACHINE)).status == "passed"
    finally:
        await opened.close()
    assert not [thing for thing in list_leftovers(docker_engine) if thing.run == label]


async def alone(sandbox: Any) -> None:
    """Beside others in their containers a program finds one process: the nursery that it came from."""
    test = (
        "killed, asked = candidate('known')\nassert len(killed) <= 1 and len(asked) <= 1, (killed, asked)\n"
        # without Landlock /proc tells how busy the machine is
        "found = [f[1] for f in candidate('measured') if type(f) is tuple]\nassert len({*found}) <= 1, found"
    )
    present = [asyncio.create_task(check(sandbox, PRESENT, "candidate(1.5)", wall_s=30.0)) for _ in range(2)]
    said = await asyncio.gather(*(check(sandbox, LOOK, test, wall_s=20.0) for _ in range(4)))
    assert [s.detail for s in said] == [""] * 4
    assert {(await p).status for p in present} == {"passed"}
