"""Functions of the test that the answer may call: its side chooses when, how often, and with what.

They are the test's own text, run here on values of the table. What is not a function of a test's own
(`eval`, `open`, numpy's) is never lent: it crosses by name, and runs there.
"""

from __future__ import annotations

import sys
import types
from typing import Any

from ..wire import is_known_module

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

    def call(self, number: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self.depth >= NESTED:
            raise RecursionError("calls back and forth nested too deep")
        self.depth += 1
        try:
            return self.functions[number](*args, **kwargs)
        finally:
            self.depth -= 1


def known_name(function: Any) -> tuple[str, str] | None:
    """Module and name of a function of the standard library or numpy."""
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    if not isinstance(function, types.BuiltinFunctionType | types.FunctionType):
        return None
    if type(module) is not str or type(name) is not str or not is_known_module(module):
        return None
    home = vars(sys.modules[module]) if module in sys.modules else {}
    return (module, name) if home.get(name) is function else None
