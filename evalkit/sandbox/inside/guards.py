"""Names that official scorers take away from a program, by guard.

HumanEval (openai/human-eval 6d43fb9, execution.py) and EvalPlus (evalplus 26d6d00, eval/utils.py) set
them to None against accidents. Here nothing depends on them for safety; they are taken away so that
a program which uses them fails as it does there.
"""

from __future__ import annotations

import builtins
import io
import os
import shutil
import subprocess
import sys
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
MODULES = ("ipdb", "joblib", "resource", "psutil", "tkinter")


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


def apply(guard: str) -> None:
    """`guard`: "none", "human-eval" or "evalplus"."""
    if guard == "none":
        return
    os.environ["OMP_NUM_THREADS"] = "1"
    sys.stdin = NoInput()
    if sys.__stdout__ is not None:
        sys.stdout = sys.stderr = Output(sys.__stdout__)
    _remove(builtins, ("exit", "quit", "help"))
    _remove(os, OS_NAMES)
    _remove(shutil, SHUTIL_NAMES)
    _remove(subprocess, ("Popen",))
    for name in MODULES:
        sys.modules[name] = None  # type: ignore[assignment] # makes its import fail
    if guard == "evalplus":
        _remove(builtins, ("open",))


def _remove(owner: Any, names: tuple[str, ...]) -> None:
    for name in names:
        setattr(owner, name, None)
