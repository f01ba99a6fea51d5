"""Programs that read standard input and print, run as `__main__` in a process of their own each."""

from __future__ import annotations

import time
from typing import Any

import pytest

from evalkit.program import Judgement
from tests.sandbox.asking import judge
from tests.steady import steady

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="session")]

# each test: input, expected output, expected exit status
RUNS = """
from evalkit_judge import Test
def judge(answer, task):
    for n, (stdin, stdout, status) in enumerate(task["runs"]):
        run = answer.run(stdin, timeout=task.get("timeout"), before=task["before"])
        good = (run.stdout, run.status) == (stdout, status)
        detail = f"{run.status} {run.stdout[:300]!r} {run.stderr[-600:]}"
        yield Test(f"run {n}", "passed" if good else "wrong", detail)
"""


async def runs(
    sandbox: Any, program: str, *expected: tuple[str, str, int], before: str = "", **limits: Any
) -> Judgement:
    return await judge(sandbox, RUNS, program, {"runs": expected, "before": before}, **limits)


async def passes(
    sandbox: Any, program: str, stdin: str, stdout: str, status: int = 0, **limits: Any
) -> Judgement:
    said = await runs(sandbox, program, (stdin, stdout, status), **limits)
    assert said.status == "passed", said.detail
    return said


@pytest.mark.parametrize(
    "read",
    [
        "input() + input()",
        "''.join(line.strip() for line in __import__('sys').stdin)",
        "__import__('sys').stdin.read().replace('\\n', '')",
        "__import__('sys').stdin.buffer.read().decode().replace('\\n', '')",
        "b''.join(x.strip() for x in __import__('sys').stdin.buffer).decode()",
        "open(0).read().replace('\\n', '')",
        "__import__('os').read(0, 1 << 20).decode().replace('\\n', '')",
        "__import__('mmap').mmap(0, 0, prot=1)[:].decode().replace('\\n', '')",
        "''.join(__import__('fileinput').input()).replace('\\n', '')",
    ],
)
async def test_every_way_to_read(sandbox: Any, read: str) -> None:
    await passes(sandbox, f"print({read})", "ab\ncd\n", "abcd\n")


@pytest.mark.parametrize(
    "write",
    [
        "print('x')",
        "import sys; sys.stdout.write('x\\n')",
        "import sys; sys.stdout.buffer.write(b'x\\n')",
        "import os; os.write(1, b'x\\n')",
        "import os; print('x', flush=True); os._exit(0)",
        "import os; open(1, 'w').write('x\\n')",
        "import sys; print('noise ' * 99999, file=sys.stderr); print('x')",
        "import atexit; atexit.register(print, 'x')",
        "import threading, time; threading.Thread(target=lambda: (time.sleep(0.1), print('x'))).start()",
        "import sys; print('x'); sys.exit(0)",
        "print('x'); exit()",
        "print('x'); quit()",
        "if __name__ == '__main__':\n    print('x')\nunused = 1",
        "from __future__ import annotations\nprint('x')",
        "n = 1\ndef f():\n    global n\n    n += 1\n    return n\nf()\nprint('x')",
        "import os\nif os.fork() == 0:\n    os._exit(0)\nos.wait()\nprint('x')",
        "import sys\nsys.setrecursionlimit(10**6)\ndef f(n): return n and 1 + f(n - 1)\nassert f(10**5) == 10**5\nprint('x')",
        "import pickle\nclass C: pass\nassert type(pickle.loads(pickle.dumps(C()))) is C\nprint('x')",
        "import sys, os\nassert sys.argv and os.getcwd() and not os.isatty(0)\nprint('x')",
        "import os\nos.close(2)\nprint('x')",
        "class C:\n    def __del__(self):\n        print('x')\nc = C()",
        "import inspect\ndef f(): pass\nassert inspect.getsource(f).startswith('def f') and __file__\nprint('x')",
        "from multiprocessing import Pool\nwith Pool(3) as p: print('x' if p.map(abs, range(-99, 0)) else 'y')",
        "from concurrent.futures import ProcessPoolExecutor as P\nwith P(2) as p: print(*p.map(chr, [120]))",
        """
from multiprocessing import Process, Queue, Lock, Value, Semaphore, BoundedSemaphore, Event, Condition, RLock, Barrier
def work(queue, lock, value, event):
    event.wait()
    for _ in range(100):
        with lock:
            value.value += 1
    queue.put(1)
queue, lock, value, event = Queue(), Lock(), Value('i', 0), Event()
ps = [Process(target=work, args=(queue, lock, value, event)) for _ in range(4)]
for p in ps: p.start()
event.set()
assert sum(queue.get() for _ in ps) == 4
for p in ps: p.join()
assert value.value == 400
s = Semaphore(2)
assert s.acquire() and s.acquire() and not s.acquire(False) and not s.acquire(timeout=0.01)
s.release(); assert s.get_value() == 1
r = RLock()
with r:
    with r: pass
try:
    BoundedSemaphore(1).release()
except ValueError:
    print('x')
""",
    ],
)
async def test_honest_ways_to_write_and_to_leave(sandbox: Any, write: str) -> None:
    await passes(sandbox, write, "", "x\n")


async def test_exit_statuses(sandbox: Any) -> None:
    await passes(sandbox, "import sys; print(1); sys.exit(3)", "", "1\n", 3)
    await passes(sandbox, "print(1); raise SystemExit('why')", "", "1\n", 1)
    await passes(sandbox, "print(1); 1 / 0", "", "1\n", 1)
    await passes(sandbox, "print(1", "", "", 1)
    await passes(
        sandbox,
        "import os, signal\nprint(1, flush=True)\nos.kill(os.getpid(), signal.SIGKILL)",
        "",
        "1\n",
        -9,
    )
    await passes(sandbox, "import os\nprint(1)\nos.close(1)", "", "", 120)
    said = await runs(sandbox, "1 / 0", ("", "x", 0))
    assert "ZeroDivisionError" in said.detail
    assert 'File "answer.py", line 1, in <module>' in said.detail
    assert "main_program" not in said.detail


async def test_each_run_has_a_process_of_its_own(sandbox: Any) -> None:
    program = """
import os, builtins
print(hasattr(builtins, "seen"), os.listdir("."), BEFORE)
builtins.seen = True
open("seen", "w").write("x")
if os.fork() == 0:
    os.setsid()
    import time; time.sleep(60)
"""
    first = ("", "False [] 1\n", 0)
    said = await runs(sandbox, program, first, first, first, before="BEFORE = 1")
    assert said.status == "passed", said.detail


@steady
async def test_a_child_that_keeps_the_output_open_stalls_nothing(sandbox: Any) -> None:
    program = """
import os, time
print("x", flush=True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(60)
    os._exit(0)
"""
    started = time.monotonic()
    await passes(sandbox, program, "", "x\n", wall_s=20.0)
    assert time.monotonic() - started < 5


@steady
async def test_a_child_cannot_print_later(sandbox: Any) -> None:
    program = """
import os, time
if os.fork() == 0:
    time.sleep(1); os.write(1, b"late"); os._exit(0)
"""
    text = RUNS.replace("        good", "        import time; time.sleep(1.5)\n        good")
    said = await judge(sandbox, text, program, {"runs": [("", "", 0)] * 2, "before": ""})
    assert said.status == "passed", said.detail


@pytest.mark.parametrize(
    ("program", "kind"),
    [
        ("while True: pass", "timeout"),
        ("import time; time.sleep(60)", "timeout"),
        ("import sys\nwhile True: sys.stdout.write('y' * 1000)", "output"),
        ("import sys\nwhile True: sys.stderr.write('y' * 100000)", "output"),
        ("import os\nos.close(1); os.close(2); os.close(0)\nwhile True: pass", "timeout"),
        (
            "import os\nfor fd in range(3, 256):\n    try: os.write(fd, b'x')\n    except OSError: continue\n    print(fd)",
            "wrong",
        ),
    ],
)
async def test_limits(sandbox: Any, program: str, kind: str) -> None:
    said = await runs(sandbox, program, ("", "x", 0), wall_s=1.0)
    assert said.status == kind, said.detail
    assert said.measured["wall_s"] < 30  # on a busy machine more than its limit: it is owed effective time


async def test_bytes_of_any_kind(sandbox: Any) -> None:
    await passes(sandbox, r"import os; os.write(1, b'\xff\xfe\x00\x80 4\n')", "", "\ufffd\ufffd\0\ufffd 4\n")
    await passes(sandbox, "print(input()[::-1])", "a\u00e9\ud800\n", "\ufffd\ufffd\ufffd\u00e9a\n")
    await passes(sandbox, "print(len(input()))", "y" * 3_000_000 + "\n", "3000000\n")


async def test_a_large_input_that_is_never_read(sandbox: Any) -> None:
    await passes(sandbox, "print('x')", "y" * 8_000_000, "x\n")


async def test_an_input_larger_than_a_file_may_be_is_the_judges_fault(sandbox: Any) -> None:
    said = await runs(sandbox, "print('x')", ("y" * 2_000_000, "x\n", 0), file_bytes=1_000_000)
    assert said.status == "grader"
