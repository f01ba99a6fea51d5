"""What LiveCodeBench's checker puts around a program, for the answer's own process.

The judge sends this text there and calls `prepare`, then `run_stdio` or `call` once a test; what they give
back is a program's output or value, never a verdict. The rules are those of LiveCodeBench
(lcb_runner/evaluation/testing_util.py), odd ones included: whatever an honest program can notice there,
it finds here. Of 28fef95 for the scorer lcb-2025-05, of 15808c7 for lcb-2025-01: these differ in standard
input.
"""

import ast
import builtins
import contextlib
import faulthandler
import importlib
import io
import os
import sys
import tempfile
import types
from collections.abc import Callable
from typing import Any

INT_DIGITS = 50_000
# names of these are there without an import; a later module's hide an earlier one's
STARRED = (
    *("string", "re", "datetime", "collections", "heapq", "bisect", "copy", "math", "random", "statistics"),
    *("itertools", "functools", "operator", "io", "sys", "json", "builtins", "typing"),
)
PREAMBLE = "\n".join(
    [
        *(f"from {name} import *" for name in STARRED),
        *(f"import {name}" for name in STARRED if name not in ("builtins", "typing")),
        "sys.setrecursionlimit(50000)\n",
    ]
)

# for a true process; there the checker's own process has it
REAL_PREAMBLE = f"{PREAMBLE}sys.set_int_max_str_digits({INT_DIGITS})\n"

target: Any = None  # what each test calls
as_there = True  # whether calls are made with all the checker's peculiarities
new_stdin: Callable[[str], Any] = io.StringIO  # what stands for standard input


# -- preparing -----------------------------------------------------------------------------------------
def prepare(program: str, function: str, scorer: str) -> None:
    """Execute the program's definitions. `function`: what tests call; "" for a program that reads and prints.

    With the scorer "real" as a plain module, without the checker's peculiarities.
    """
    global target, as_there, new_stdin
    as_there = scorer != "real"
    new_stdin = io.StringIO if scorer == "lcb-2025-01" else Stdin
    sys.set_int_max_str_digits(INT_DIGITS)
    if not as_there:
        target = getattr(solution_of(plain_module(program), function), function)
        return
    no_input()
    tempfile.tempdir = None  # so that it asks os.getcwd, which is not there
    text = PREAMBLE + "\n\n" + program if function else as_function(program)
    module = types.ModuleType("tmp_sol", "")
    exec(compile(text, "<string>", "exec", dont_inherit=True), module.__dict__)
    # a class of that name anywhere in the text, be it in a function or a comment
    owner = module.Solution() if "class Solution" in text else module
    target = getattr(owner, function or "wrapped_function")


def no_input() -> None:
    """Standard input as a child process of multiprocessing has it: nothing, on a descriptor of its own."""
    with contextlib.suppress(OSError, AttributeError):
        sys.stdin.close()
    sys.stdin = open(os.open(os.devnull, os.O_RDONLY), encoding="utf-8", closefd=False)  # noqa: SIM115


def as_function(program: str) -> str:
    """The program as one function of no arguments after its imports; itself, where it cannot be parsed."""
    program = without_guard(program)
    try:
        body = ast.parse(program).body
        imports = [s for s in body if isinstance(s, (ast.Import, ast.ImportFrom))]
        rest = [s for s in body if not isinstance(s, (ast.Import, ast.ImportFrom))]
        nothing = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
        function = ast.FunctionDef("wrapped_function", nothing, rest, [], lineno=-1)
        return "\n".join([PREAMBLE, *map(ast.unparse, imports), ast.unparse(function)])
    except Exception:  # it is executed as it stands, and fails there
        return program


def without_guard(program: str) -> str:
    """With the body of a last `if __name__ == '__main__':` in its place; any other place stays a dead end."""
    try:
        body = ast.parse(program).body
        last = body[-1]
        if isinstance(last, ast.If) and ast.unparse(last.test).strip() == "__name__ == '__main__'":
            return "\n".join(map(ast.unparse, [*body[:-1], *last.body]))
    except Exception:  # no statement, no program
        pass
    return program


def plain_module(program: str) -> types.ModuleType:
    module = sys.modules["solution"] = types.ModuleType("solution")
    exec(PREAMBLE, module.__dict__)
    exec(compile(program, "<solution>", "exec", dont_inherit=True), module.__dict__)
    return module


def solution_of(module: types.ModuleType, function: str) -> Any:
    """An instance of the module's Solution; the module where the function is there alone."""
    solution = getattr(module, "Solution", None)
    if solution is None or (hasattr(module, function) and not hasattr(solution, function)):
        return module
    return solution()


# -- testing -------------------------------------------------------------------------------------------
def call(*arguments: Any) -> Any:
    """The value for one test's arguments."""
    if not as_there:
        return target(*arguments)
    faulthandler.enable()  # raises where a program has put something else in place of `sys.stderr`
    try:
        return target(*arguments)
    finally:
        faulthandler.disable()


def run_stdio(text: str, most: int) -> str | None:
    """What the program printed with `text` as its input; None for more than `most` characters.

    SystemExit is a good end, whatever its code.
    """
    faulthandler.enable()
    before, printed = sys.stdout, io.StringIO()
    left, true_write = most, printed.write

    def write(piece: str) -> int:
        nonlocal left
        left -= len(piece)
        if left < 0:
            raise SystemExit
        return true_write(piece)

    printed.write = write  # type: ignore[method-assign]
    printed.close = lambda x: 1  # type: ignore[method-assign,misc,assignment] # so that closing it raises
    sys.stdout = printed
    try:
        with contextlib.suppress(SystemExit):
            run_with(text)
        return printed.getvalue() if left >= 0 else None
    finally:
        sys.stdout = before
        faulthandler.disable()


def run_with(text: str) -> None:
    """The input is in `sys.stdin`, in its predecessor that programs may have imported, and in `open`."""
    lines = iter(text.split("\n"))
    old, true_open = sys.stdin, builtins.open
    ways: dict[str, Callable[..., Any]] = {
        "read": lambda *args: text,
        "readlines": lambda *args: text.split("\n"),
        "readline": lambda *args: next(lines),  # without the end of the line; StopIteration after the last
    }
    new = new_stdin(text)
    for name, way in ways.items():
        setattr(old, name, way)
    sys.stdin = new
    builtins.open = lambda *args, **kwargs: mocked_open(text)(*args, **kwargs)
    try:
        target()
    finally:
        builtins.open = true_open
        sys.stdin = old
        for name in ways:
            delattr(old, name)


def mocked_open(text: str) -> Any:
    """Only what calls `builtins.open` by that name gets it: the program's own `open` is the true one."""
    mock = importlib.import_module("unittest.mock")  # costs more than most programs: made when needed
    return mock.mock_open(read_data=text)


class Stdin:
    """Of May 2025. Not iterable. `read` always gives everything, `readlines` one line more than there are."""

    def __init__(self, text: str) -> None:
        self.inputs = text
        self._lines = io.StringIO(text)
        self.buffer = Buffer(text.encode("utf-8"))

    def read(self, *args: Any) -> str:
        return self.inputs

    def readline(self, *args: Any) -> str:
        return self._lines.readline(*args)

    def readlines(self, *args: Any) -> list[str]:
        return self.inputs.split("\n")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lines, name)


class Buffer:
    """`readline` always gives the first line."""

    def __init__(self, data: bytes) -> None:
        self.inputs = data

    def read(self, *args: Any) -> bytes:
        return self.inputs

    def readline(self, *args: Any) -> bytes:
        return self.inputs.split(b"\n")[0] + b"\n"
