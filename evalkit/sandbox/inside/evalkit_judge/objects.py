"""Stand-ins for the answer's own objects and functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..wire import CALLABLE, ITERABLE, ITERATOR, SIZED

if TYPE_CHECKING:
    from .remote import Answer


class Opaque:
    """An object of the answer that is no plain value.

    It is true, and equal to nothing but itself. What a test does to it (an attribute, a call, an item,
    a length, a walk) happens in the answer's process and gives values of the table again. An iterator
    is one of these: equal to no list, but `list()` walks it.
    """

    __slots__ = ("_abilities", "_answer", "_handle", "_name")
    _abilities: int
    _answer: Answer
    _handle: int
    _name: str

    def __init__(self, answer: Answer, handle: int, abilities: int, name: str) -> None:
        object.__setattr__(self, "_answer", answer)
        object.__setattr__(self, "_handle", handle)
        object.__setattr__(self, "_abilities", abilities)
        object.__setattr__(self, "_name", name)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<{self._name} object of the answer>"

    def __str__(self) -> str:
        text = self._answer._operate("str", self)
        return text if type(text) is str else repr(self)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"{self!r} has no {name} here")
        return self._answer._attribute(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._answer._operate("set attribute", self, name, value)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not self._abilities & CALLABLE:
            raise TypeError(f"{self!r} is not callable")
        return self._answer._call(self, args, kwargs)

    def __len__(self) -> int:
        if not self._abilities & SIZED:
            raise TypeError(f"{self!r} has no len()")
        size = self._answer._operate("len", self)
        if type(size) is not int:
            raise TypeError(f"len() of {self!r} is no integer")
        return size

    def __getitem__(self, key: Any) -> Any:
        return self._answer._operate("item", self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._answer._operate("set item", self, key, value)

    def __delitem__(self, key: Any) -> None:
        self._answer._operate("delete item", self, key)

    def __contains__(self, item: Any) -> bool:
        return self._answer._operate("contains", self, item) is True

    def __iter__(self) -> Iterator[Any]:
        if not self._abilities & ITERABLE:
            raise TypeError(f"{self!r} is not iterable")
        if self._abilities & ITERATOR:
            return self._answer._walk(self)
        return iter(self._answer._operate("iter", self))

    def __next__(self) -> Any:
        if not self._abilities & ITERATOR:
            raise TypeError(f"{self!r} is not an iterator")
        return next(self._answer._walk(self))


class Walk:
    """Items of one of the answer's iterators, fetched in batches that grow."""

    MOST = 256

    def __init__(self, answer: Answer, iterator: Opaque) -> None:
        self.answer = answer
        self.iterator = iterator
        self.items: list[Any] = []
        self.ended = False
        self.error: Exception | None = None
        self.batch = 1

    def __iter__(self) -> Walk:
        return self

    def __next__(self) -> Any:
        if not self.items and not self.ended:
            self.items, self.ended, self.error = self.answer._take(self.iterator, self.batch)
            self.items.reverse()
            self.batch = min(2 * self.batch, self.MOST)
        if self.items:
            return self.items.pop()
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        raise StopIteration


class Function:
    """A function of the answer, by name: what a test calls."""

    def __init__(self, answer: Answer, name: str) -> None:
        self._answer = answer
        self.__name__ = self.__qualname__ = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._answer._call(self.__name__, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._answer.lookup(self.__name__), name)

    def __repr__(self) -> str:
        return f"<function {self.__name__} of the answer>"


class Module:
    """A module of the standard library that the answer holds: its name, and nothing to run."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"<module {self.name} of the answer>"
