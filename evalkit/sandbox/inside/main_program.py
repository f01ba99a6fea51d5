"""The answer as a whole program: `__main__` on true descriptors, from its first line to its exit status.

What the interpreter does for `python3 answer.py` is done here in a process that is warm already. The
program's exit is the process's: nothing here says how it went, the supervisor does.
"""

from __future__ import annotations

import atexit
import builtins
import contextlib
import gc
import io
import linecache
import os
import sys
import threading
import types
from typing import Any, NoReturn

from . import semaphores

NAME = "answer.py"
FLUSH_FAILED = 120  # the interpreter's own status where its output could not be written
INTERRUPTED = 130


def run(program: str, before: str, stdin: bytes, pipe: int) -> NoReturn:
    """`stdin` is a file on descriptor 0, output goes to 1 as ever, errors (2) go to the judge on `pipe`.

    `before`: statements of the judge's, executed in `__main__` first.
    """
    leave = os._exit
    descriptors(stdin, pipe)
    streams()
    main = types.ModuleType("__main__")
    main.__dict__.update({"__builtins__": builtins, "__file__": NAME})
    sys.modules["__main__"] = main
    sys.argv[:] = [NAME]
    linecache.cache[NAME] = (len(program), None, program.splitlines(keepends=True), NAME)  # for tracebacks
    exec(compile(before, "<before>", "exec", dont_inherit=True), main.__dict__)
    if "multiprocessing" in program:  # importing it costs more than most programs
        semaphores.no_shared_folder()
    status = execute(program, main.__dict__)
    del main  # nothing of ours holds the program's names any more
    status = finish("__del__" in program) or status
    leave(status & 0xFF)


def descriptors(stdin: bytes, pipe: int) -> None:
    """0: a file without a name, at its beginning. 2: the pipe. None beyond 2."""
    file = os.open(".", os.O_TMPFILE | os.O_RDWR, 0o600)
    rest = memoryview(stdin)
    while rest:
        rest = rest[os.write(file, rest) :]
    os.lseek(file, 0, os.SEEK_SET)
    os.dup2(file, 0)
    os.dup2(pipe, 2)
    os.closerange(3, 256)


def streams() -> None:
    """`sys.stdin` anew, since the old one knows another descriptor 0; the others as at the start."""
    errors = sys.__stdin__.errors if sys.__stdin__ is not None else None
    stdin = io.TextIOWrapper(open(0, "rb", closefd=False), "utf-8", errors)  # noqa: SIM115
    sys.stdin = sys.__stdin__ = stdin  # type: ignore[misc]
    sys.stdout = sys.__stdout__
    sys.stderr = sys.__stderr__


def execute(program: str, namespace: dict[str, Any]) -> int:
    """Run it; the exit status as the interpreter would give it."""
    try:
        exec(compile(program, NAME, "exec", dont_inherit=True), namespace)
    except SystemExit as e:
        return status_of(e.code)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BaseException as e:
        trace = e.__traceback__.tb_next if e.__traceback__ else None  # without this function
        e.__traceback__ = trace
        try:
            sys.excepthook(type(e), e, trace)
        except BaseException:  # the program's own hook failed
            sys.__excepthook__(type(e), e, trace)
        return 1
    return 0


def status_of(code: object) -> int:
    """The status that SystemExit(code) means."""
    if code is None:
        return 0
    if isinstance(code, int):
        return int(code)
    with contextlib.suppress(BaseException):  # its own __str__, a closed stream
        print(code, file=sys.stderr)
    return 1


def finish(finalizers: bool) -> int:
    """What comes after a program's last line: waiting for threads, exit hooks, flushing; a status or 0."""
    steps = [threading._shutdown, atexit._run_exitfuncs, *[forget] * finalizers]  # type: ignore[attr-defined]
    for step in steps:
        try:
            step()
        except BaseException as e:
            sys.__excepthook__(type(e), e, e.__traceback__)
    status = 0
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None and not stream.closed:
                stream.flush()
        except BaseException:
            status = FLUSH_FAILED if stream is sys.stdout else status
    return status


def forget() -> None:
    """Let go of what the program's names hold, so that its finalizers run."""
    sys.modules.pop("__main__", None)
    gc.collect()
