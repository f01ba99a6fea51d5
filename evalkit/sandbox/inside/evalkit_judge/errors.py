"""How an answer can fail while it is asked something."""

from __future__ import annotations

import builtins
from typing import Any

KINDS = ("crashed", "timeout", "cpu", "memory", "output")


class AnswerError(BaseException):
    """The answer raised, ended, or went over a limit. `kind` is one of KINDS.

    No Exception by itself: a test's `except Exception` catches what it would officially, errors that the
    answer raised as one (`raised`), and neither its end nor a SystemExit.

    Where the answer raised, `type_name` is the exception's, and the error is also of its nearest
    built-in type, so that a test's `except ValueError` sees what it expects. `died`: the answer's
    process is gone, or was ended for going over a limit; every further question says so again.
    """

    def __init__(self, kind: str, message: str, type_name: str = "", died: bool = False) -> None:
        BaseException.__init__(self, message)  # not super(): mixed in, that may be one which wants more
        self.kind = kind
        self.message = message
        self.text = message  # what the exception itself says
        self.type_name = type_name
        self.died = died

    def __str__(self) -> str:
        return self.text


class NotOfTheTest(BaseException):
    """What passes through a test's code and is no outcome of it. Not for judges to catch."""


class SupervisorGone(NotOfTheTest):
    """Container A does not answer: the pair is broken, whatever the program did."""


class Astray(NotOfTheTest):
    """A question was not the one that had been sent ahead: the program has to start anew, without."""


class NotCrossable(TypeError):
    """A value of the judge's side that the value table does not hold."""


class Raised(AnswerError, Exception):
    """Raised by the answer as an Exception, of no class that a test can name."""


_MIXED: dict[str, type[AnswerError]] = {}
# these mean something to the interpreter itself when they pass through a test's code
_UNMIXED = (StopIteration, StopAsyncIteration, MemoryError, BaseExceptionGroup)


def raised(
    type_name: str, base: str, message: str, args: tuple[Any, ...] = (), own: object = None
) -> AnswerError:
    """The error for an exception that the answer raised: `base` names its nearest built-in type.

    `own`: what the test or the task's prompt calls by `type_name`, if anything; a class of exceptions
    there is the one that a test's `except` means.
    """
    made = _MIXED.get(base)
    if made is None:
        made = _MIXED[base] = _mix(getattr(builtins, base, None))
    if own is not None:
        made = _mix(own) if _mix(own) not in (AnswerError, Raised) else made
    error = made.__new__(made)
    AnswerError.__init__(error, "crashed", f"{type_name}: {message}" if message else type_name, type_name)
    error.text = message
    error.args = args
    return error


def _mix(kind: object) -> type[AnswerError]:
    """A class of both; of Exception alone where `kind` means more to the interpreter, or cannot be mixed;
    AnswerError itself where `kind` is no Exception."""
    if not isinstance(kind, type) or not issubclass(kind, Exception):
        return AnswerError
    if issubclass(kind, (*_UNMIXED, AnswerError)):
        return Raised
    try:
        return type(kind.__name__, (AnswerError, kind), {"__module__": "answer"})
    except TypeError:  # two classes of built-in layouts
        return Raised
