"""Names that official scorers take away from a program, by guard.

HumanEval (openai/human-eval 6d43fb9, execution.py), EvalPlus (evalplus 26d6d00, eval/utils.py) and
LiveCodeBench (28fef95, testing_util.py) set them to None against accidents. Here nothing depends on them
for safety; they are taken away so that a program which uses them fails as it does there.
"""

from __future__ import annotations

import builtins
import io
import multiprocessing.process  # noqa: F401 # asks os.getcwd when it is imported: loaded here as it is there
import os
import shutil
import subprocess
import sys
from collections.abc import MutableMapping
from resource import RLIMIT_STACK, setrlimit
from typing import Any, TextIO

OS_NAMES = (
    *(
        "kill",
        "system",
        "putenv",
        "remove",
        "removedirs",
        "rmdir",
        "fchdir",
        "setuid",
        "fork",
        "forkpty",
        "killpg",
    ),
    *("rename", "renames", "truncate", "replace", "unlink", "fchmod", "fchown", "chmod", "chown", "chroot"),
    *("lchflags", "lchmod", "lchown", "getcwd", "chdir"),
)
SHUTIL_NAMES = ("rmtree", "move", "chown")
USUAL_STACK = 8 << 20
MODULES = ("ipdb", "joblib", "resource", "psutil", "tkinter")
ABSENT = object()


class NoInput(io.StringIO):
    """Standard input as HumanEval has it: reading raises."""

    def read(self, *args: Any, **kwargs: Any) -> str:
        raise OSError("the program may not read standard input")

    def readline(self, *args: Any, **kwargs: Any) -> str:  # type: ignore[override]
        raise OSError("the program may not read standard input")

    def readlines(self, *args: Any, **kwargs: Any) -> list[str]:  # type: ignore[override]
        raise OSError("the program may not read standard input")

    def readable(self, *args: Any, **kwargs: Any) -> bool:
        return False


class Output(io.TextIOBase):
    """Standard output and error as HumanEval has them: text only, without `buffer` or `fileno`."""

    def __init__(self, real: TextIO) -> None:
        self._write = real.write

    def write(self, text: str, /) -> int:
        return self._write(text)

    def writable(self) -> bool:
        return True


class Worn:
    """The guard that this interpreter wears: what it forks has it on, at no cost for each of them.

    The interpreter's own code has to hold whatever it needs of those names itself.
    """

    def __init__(self) -> None:
        self.guard = "none"
        self.before: list[tuple[MutableMapping[str, Any], str, Any]] = []

    def wear(self, guard: str) -> None:
        """Put on `guard`: "none", "human-eval", "evalplus" or "livecodebench"."""
        if guard == self.guard:
            return
        self.guard = "none"
        while self.before:
            names, name, value = self.before.pop()
            if value is ABSENT:
                del names[name]
            else:
                names[name] = value
        if guard == "none":
            return
        self.guard = guard
        self._set(os.environ, "OMP_NUM_THREADS", "1")  # before os.putenv goes
        if guard == "livecodebench":
            self._remove(vars(builtins), ("quit", "help"))  # exit is left
        else:
            self._streams()
            self._remove(vars(builtins), ("exit", "quit", "help"))
        self._remove(vars(os), OS_NAMES)
        self._remove(vars(shutil), SHUTIL_NAMES)
        self._remove(vars(subprocess), ("Popen",))
        self._remove(sys.modules, MODULES)  # makes their import fail
        if guard == "evalplus":
            self._remove(vars(builtins), ("open",))

    def in_fork(self) -> None:
        """The rest: limits hold for a process."""
        if self.guard == "livecodebench":
            # deep recursion through C crashes there: this is the stack that a process has by default
            setrlimit(RLIMIT_STACK, (USUAL_STACK, USUAL_STACK))

    def _streams(self) -> None:
        self._set(vars(sys), "stdin", NoInput())
        if sys.__stdout__ is not None:
            output = Output(sys.__stdout__)
            self._set(vars(sys), "stdout", output)
            self._set(vars(sys), "stderr", output)

    def _remove(self, names: MutableMapping[str, Any], which: tuple[str, ...]) -> None:
        for name in which:
            self._set(names, name, None)

    def _set(self, names: MutableMapping[str, Any], name: str, value: Any) -> None:
        self.before.append((names, name, names.get(name, ABSENT)))
        names[name] = value
