"""How an answer can fail while it is asked something."""

from __future__ import annotations

import builtins

KINDS = ("crashed", "timeout", "cpu", "memory", "output")


class AnswerError(Exception):
    """The answer raised, ended, or went over a limit. `kind` is one of KINDS.

    Where the answer raised, `type_name` is the exception's, and the error is also of its nearest
    built-in type, so that a test's `except ValueError` sees what it expects. `died`: the answer's
    process is gone, or was ended for going over a limit; every further question says so again.
    """

    def __init__(self, kind: str, message: str, type_name: str = "", died: bool = False) -> None:
        Exception.__init__(self, message)  # not super(): mixed in, that may be one which wants more
        self.kind = kind
        self.message = message
        self.type_name = type_name
        self.died = died

    def __str__(self) -> str:
        return self.message


class SupervisorGone(BaseException):
    """Container A does not answer: the pair is broken, whatever the program did. Not for judges to catch."""


class NotCrossable(TypeError):
    """A value of the judge's side that the value table does not hold."""


_MIXED: dict[str, type[AnswerError]] = {}
# these mean something to the interpreter itself when they pass through a test's code
_UNMIXED = (StopIteration, StopAsyncIteration, MemoryError, BaseExceptionGroup)


def raised(type_name: str, base: str, message: str) -> AnswerError:
    """The error for an exception that the answer raised: `base` names its nearest built-in type."""
    text = f"{type_name}: {message}" if message else type_name
    made = _MIXED.get(base)
    if made is None:
        made = AnswerError
        kind = getattr(builtins, base, None)
        if isinstance(kind, type) and issubclass(kind, Exception) and not issubclass(kind, _UNMIXED):
            made = _mix(kind)
            _MIXED[base] = made
    error = made.__new__(made)
    AnswerError.__init__(error, "crashed", text, type_name)
    error.args = (message,)
    return error


def _mix(kind: type[Exception]) -> type[AnswerError]:
    return type(kind.__name__, (AnswerError, kind), {"__module__": "answer"})
