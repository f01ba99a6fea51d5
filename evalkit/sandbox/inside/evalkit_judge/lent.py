"""Functions of the test that the answer may call: its side chooses when, how often, and with what.

They are the test's own text, run here on values of the table. What is not a function of a test's own
(`eval`, `open`, numpy's) is never lent: it crosses by name, and runs there (`crossing.py`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .. import frames
from ..wire import Encoder, TooLarge
from .errors import AnswerError, NotCrossable
from .shown import text_of

if TYPE_CHECKING:
    from .remote import Answer

NESTED = 50  # calls back and forth


class Lent:
    """By number, from zero on."""

    def __init__(self) -> None:
        self.functions: list[Any] = []
        self.numbers: dict[int, int] = {}
        self.depth = 0

    def number(self, function: Any) -> int:
        number = self.numbers.get(id(function))
        if number is None:
            number = self.numbers[id(function)] = len(self.functions)
            self.functions.append(function)
        return number

    @contextlib.contextmanager
    def nested(self) -> Iterator[None]:
        if self.depth >= NESTED:
            raise RecursionError("calls back and forth nested too deep")
        self.depth += 1
        try:
            yield
        finally:
            self.depth -= 1


def call_lent(answer: Answer, frame: bytes) -> bytes:
    """Call a function for the answer, as its `frame` asks; the frame that says what came out.

    A failed assert of the test's does not go there, where it could be caught, with its text: it ends the
    test. Other errors do: they may be what the test wants to see handled. An object that the table does not
    hold goes there as a thing to give back: what the answer asks for may not make the judge fail.
    """
    lent, d = answer._lent, answer._decoder(frame, None)
    number, args, kwargs = answer._checked(d, int), answer._checked(d, tuple), answer._checked(d, dict)
    if not 0 <= number < len(lent.functions) or not all(type(key) is str for key in kwargs):
        raise answer._line.broken("a call of no function")
    answer._told = True
    e = Encoder(answer._other)
    try:
        with lent.nested():
            e.put(lent.functions[number](*args, **kwargs))
        return frames.frame(frames.RETURNED, e.out)
    except (AssertionError, MemoryError, NotCrossable):
        raise
    except TooLarge as error:
        raise answer._too_large(error) from None
    except AnswerError as error:  # it asked the answer in its turn
        if error.died:
            raise
        said = error.type_name or "Exception", str(error)
    except Exception as error:
        [text] = error.args if len(error.args) == 1 else [None]
        said = type(error).__name__, text if type(text) is str else text_of(error)
    e = Encoder(answer._other)
    for text in said:
        e.put(text[:2000])
    return frames.frame(frames.FAILED, e.out)
