"""Tests written as Python text, run on the judge's side against an answer on the other.

    yield from run_check(answer, source, entry_point, helpers)      # HumanEval: check(candidate)
    yield from run_asserts(answer, statements, setup)               # MBPP: a list of assert statements

The answer must be loaded already. A name that the tests neither define nor find among the built-ins
belongs to the answer. Its functions are called there; its objects stay there and can be handed back as
arguments, no more (`objects.py`); comparisons, and whatever else the tests compute, happen here.
"""

from __future__ import annotations

import builtins
import functools
import importlib
import re
import sys
import time
import traceback
import types
from collections.abc import Iterator, Sequence
from typing import Any

from ..records import is_enumeration, is_record
from . import Test, ahead
from .errors import AnswerError, NotCrossable, NotOfTheTest
from .objects import Module
from .remote import Answer
from .set_up import run_setup
from .shown import SHOWN, short, text_of

KNOWN = 256  # texts of tasks that a worker keeps what it made of
MODULE = "tests"  # of what test code defines
sys.modules.setdefault(MODULE, types.ModuleType(MODULE))  # dataclasses look their module up


def run_check(
    answer: Answer, source: str, entry_point: str, helpers: str = "", task_text: str = ""
) -> Iterator[Test]:
    """Execute `helpers`, then `source`, then `check(candidate)`: one Test.

    `helpers` are functions that the tests use, from the task itself (HumanEval/32, 38, 50); what they
    define under the entry point's name gives way to the answer's. `task_text`: what the task itself says,
    prompt and reference. If that makes the entry point a class, the test may use the answer's objects by
    the names that stand there; whatever the answer defines, it cannot ask for that.
    """
    names = _names(answer, entry_point, task_text)
    if helpers:
        # faults of the task's own text are the judge's to report
        exec(code_of(helpers, "<helpers>"), names)
        names.pop(entry_point, None)
        if classes := {name: value for name, value in names.items() if _defined_there(value)}:
            answer.share(classes)
    names[entry_point] = answer.function(entry_point)
    yield from _one(answer, "check", source, names, entry_point)


def run_asserts(
    answer: Answer,
    statements: Sequence[str],
    setup: str = "",
    entry_point: str = "",
    per_test: float | None = None,
    task_text: str = "",
) -> Iterator[Test]:
    """Execute each statement: a Test each, until the answer's process is gone.

    `entry_point` is the answer's even where a built-in has that name (MBPP/126 defines `sum`).
    `setup` runs first; on the answer's side what makes objects of the answer's classes or defines
    classes (`set_up.py`). `per_test` bounds the waiting for the answer in one statement, in seconds.
    `task_text` as for `run_check`.
    """
    names = _names(answer, entry_point, task_text)
    line = answer._line
    run_setup(answer, setup, names)
    for number, statement in enumerate(statements, 1):
        if per_test is not None:
            line.test_end = time.monotonic() + per_test
        yield from _one(answer, f"test {number}", statement, names)
        line.test_end = line.end
        if line.dead is not None:
            return


def foresee_check(answer: Answer, source: str, entry_point: str) -> None:
    """Before `answer.load()`: send the first calls of `run_check` with it (`ahead.py`)."""
    answer.foresee(entry_point, lambda: literal_calls(source))


def foresee_asserts(answer: Answer, statements: Sequence[str], entry_point: str) -> None:
    """Before `answer.load()`: send the first calls of `run_asserts` with it (`ahead.py`)."""
    if entry_point:
        answer.foresee(entry_point, lambda: ahead.calls_of_statements(statements, entry_point))


@functools.lru_cache(maxsize=KNOWN)
def literal_calls(source: str) -> tuple[ahead.Call, ...]:
    return tuple(ahead.calls_of_check(source))


def _defined_there(value: Any) -> bool:
    """Whether this is a class of the helpers' own whose objects can cross."""
    own = isinstance(value, type) and value.__module__ == MODULE
    return own and (is_record(value) or is_enumeration(value))


def _names(answer: Answer, entry_point: str, task_text: str) -> Names:
    names = Names(answer)
    if entry_point:
        names[entry_point] = answer.function(entry_point)
    answer.errors = names
    answer.interface = interface(task_text, entry_point)
    if answer.interface:
        answer.keep(entry_point)
    return names


@functools.lru_cache(maxsize=KNOWN)
def code_of(text: str, name: str) -> types.CodeType:
    """Compiled text. The next samples of a task find it here."""
    return compile(text, name, "exec", dont_inherit=True)


@functools.lru_cache(maxsize=KNOWN)
def is_program(text: str) -> bool:
    """Whether a text is a program as it stands: a prompt that ends in a bare signature is not."""
    try:
        compile(text, "prompt", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


@functools.lru_cache(maxsize=KNOWN)
def interface(task_text: str, entry_point: str) -> frozenset[str]:
    """The words of a text that defines the entry point as a class; else none."""
    kinds = re.findall(rf"^(class|def|async def)\s+{re.escape(entry_point)}\b", task_text, re.MULTILINE)
    return frozenset(re.findall(r"\w+", task_text)) if kinds and set(kinds) == {"class"} else frozenset()


class Names(dict[str, Any]):
    """A namespace of test code: what it does not hold is a built-in, or the answer's."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(__name__=MODULE, __builtins__=builtins)
        self.answer = answer

    def __missing__(self, name: str) -> Any:
        value = getattr(builtins, name, self)
        if value is self:
            value = self.answer.lookup(name)
            if isinstance(value, Module):
                if value.name != {"np": "numpy"}.get(name, name):
                    raise NameError(f"name {name!r} is another module ({value.name}) in the answer")
                value = importlib.import_module(value.name)
            else:
                return value  # the answer may change it: ask again each time
        self[name] = value
        return value


def _one(answer: Answer, name: str, source: str, names: Names, candidate: str = "") -> Iterator[Test]:
    """Execute test code, then its `check` with the `candidate` of that name; its outcome."""
    status, detail = "passed", ""
    answer.last = None
    try:
        exec(code_of(source, "<test>"), names)
        if candidate:
            names["check"](answer.function(candidate))
    except AnswerError as e:
        status, detail = e.kind, e.message
    except (NotCrossable, NotOfTheTest):
        raise  # a limit of the value table, or the judge's own: not the answer's fault
    except (
        BaseException
    ) as e:  # test code is foreign: whatever it raises is its verdict, KeyboardInterrupt too
        if isinstance(e, MemoryError):
            status, detail = "memory", "the test took too much memory"
        else:
            status, detail = "wrong", _explain(e, source, answer)
    dead = answer._line.dead
    if status == "passed" and dead is not None:  # test code that swallowed the answer's end
        status, detail = dead.kind, dead.message
    yield Test(name, status, detail)


def _explain(e: BaseException, source: str, answer: Answer) -> str:
    """What failed: the line of the test, and what the answer last said."""
    lines = source.splitlines()
    at = [f.lineno for f in traceback.extract_tb(e.__traceback__) if f.filename == "<test>" and f.lineno]
    if isinstance(e, SyntaxError):
        at = []
    where = lines[at[-1] - 1].strip() if at and at[-1] <= len(lines) else ""
    said = text_of(e)[:SHOWN]
    text = type(e).__name__ + (f": {said}" if said else "")
    parts = [
        where[: 2 * SHOWN] if isinstance(e, AssertionError) and where else f"{text} {where[:SHOWN]}".strip()
    ]
    if answer.calls and isinstance(e, AssertionError):
        parts.append(f"(the last call gave {short(answer.last)})")
    return " ".join(parts)
