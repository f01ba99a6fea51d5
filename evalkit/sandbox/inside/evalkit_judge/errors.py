"""How an answer can fail while it is asked something."""

from __future__ import annotations

import builtins

KINDS = ("crashed", "timeout", "cpu", "memory", "output")


class AnswerError(Exception):
    """The answer raised, ended, or went over a limit. `kind` is one of KINDS.

    Where the answer raised, the error is also of the nearest built-in type, so that a test's
    `except ValueError` sees what it expects; `type_name` is the name of the type itself.
    """

    def __init__(self, kind: str, message: str, type_name: str = "") -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.type_name = type_name

    def __str__(self) -> str:
        return self.message


class NotCrossable(TypeError):
    """A value of the judge's side that the value table does not hold."""


_MIXED: dict[str, type[AnswerError]] = {}
# these mean something to the interpreter itself when they pass through a test's code
_UNMIXED = (StopIteration, StopAsyncIteration, MemoryError)


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
