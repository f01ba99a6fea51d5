"""Stand-ins for what of the answer is no plain value. All but `Live` ones are dead: see `Opaque`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..wire import CALLABLE, ITERABLE, ITERATOR
from .errors import AnswerError

if TYPE_CHECKING:
    from .remote import Answer


class Opaque:
    """An object of the answer that is no plain value: true, equal to itself, and nothing else.

    It has no attribute, no item, no length and no text of its own, so that a test which treats it as the
    value it expected asks the answer nothing and tells it nothing. It can be given back to the answer.
    """

    __slots__ = ("_answer", "_handle", "_name")

    def __init__(self, answer: Answer, handle: int, name: str) -> None:
        self._answer = answer
        self._handle = handle
        self._name = name

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return "<object of the answer>"  # its type's name is the answer's to choose

    def __copy__(self) -> Opaque:
        return self

    def __deepcopy__(self, memo: Any) -> Opaque:
        return self

    def __reduce__(self) -> Any:
        raise TypeError(f"{self!r} cannot be taken apart")


class Callable(Opaque):
    """A function that the answer returned. Calling it asks a question, as calling the answer does."""

    __slots__ = ()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._answer._call(self, args, kwargs)


class Walk(Opaque):
    """An iterator of the answer, equal to no list: its items are fetched in batches that grow.

    Membership, sorting and comparing happen here, among the items. Once ended it stays ended.
    """

    __slots__ = ("_batch", "_ended", "_error", "_items")
    MOST = 256

    def __init__(self, answer: Answer, handle: int, name: str) -> None:
        super().__init__(answer, handle, name)
        self._items: list[Any] = []
        self._ended = False
        self._error: BaseException | None = None
        self._batch = 1

    def __iter__(self) -> Walk:
        return self

    def __next__(self) -> Any:
        if not self._items and not self._ended:
            self._items, self._ended, self._error = self._answer._take(self, self._batch)
            self._items.reverse()
            self._batch = min(2 * self._batch, self.MOST)
        if self._items:
            return self._items.pop()
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        raise StopIteration


class Iterable(Opaque):
    """What can be walked again and again: it is walked once, and gives the same items ever after."""

    __slots__ = ("_error", "_items", "_walk")

    def __init__(self, answer: Answer, handle: int, name: str) -> None:
        super().__init__(answer, handle, name)
        self._items: list[Any] = []
        self._walk: Iterator[Any] | None = None
        self._error: BaseException | None = None

    def __iter__(self) -> Iterator[Any]:
        if self._walk is None:
            self._walk = self._answer._start_walk(self)
        place = 0
        while True:
            if place == len(self._items):
                if self._error is not None:
                    raise self._error
                try:
                    self._items.append(next(self._walk))
                except StopIteration:
                    return
                except (AnswerError, Exception) as e:
                    self._error = e
                    raise
            yield self._items[place]
            place += 1


class Live(Opaque):
    """An object of the answer in a task whose own text says that a class is asked for.

    Then methods are what is under test. A name, a protocol's method (`__len__`, `__contains__`...)
    can be used where the task's own text has it: an answer that returns such an object where a list
    was due gets nothing from it. Equality is never the answer's.
    """

    __slots__ = ()

    def _ask(self, method: str, operation: str, *operands: Any) -> Any:
        if method not in self._answer.interface:
            raise TypeError(f"the task says nothing of {method}")
        return self._answer._operate(operation, self, *operands)

    def __bool__(self) -> bool:
        if self._answer.interface.isdisjoint(("__bool__", "__len__")):
            return True
        return self._answer._operate("bool", self) is True

    def __str__(self) -> str:
        if self._answer.interface.isdisjoint(("__str__", "__repr__")):
            return repr(self)
        text = self._answer._operate("str", self)
        if type(text) is not str:
            raise TypeError("str() gave something else")
        return text

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name not in self._answer.interface:
            raise AttributeError(f"the task says nothing of {name}")
        return self._answer._attribute(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in Opaque.__slots__:
            object.__setattr__(self, name, value)
            return
        if name.startswith("__") or name not in self._answer.interface:
            raise AttributeError(f"the task says nothing of {name}")
        self._answer._operate("set attribute", self, name, value)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._answer._call(self, args, kwargs)

    def __len__(self) -> int:
        size = self._ask("__len__", "len")
        if type(size) is not int:
            raise TypeError("len() gave no integer")
        return size

    def __getitem__(self, key: Any) -> Any:
        return self._ask("__getitem__", "item", key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._ask("__setitem__", "set item", key, value)

    def __delitem__(self, key: Any) -> None:
        self._ask("__delitem__", "delete item", key)

    def __contains__(self, item: Any) -> bool:
        return self._ask("__contains__", "contains", item) is True

    def __iter__(self) -> Iterator[Any]:
        if self._answer.interface.isdisjoint(("__iter__", "__getitem__")):
            raise TypeError("the task says nothing of __iter__")
        return self._answer._start_walk(self)

    def __next__(self) -> Any:
        if "__next__" not in self._answer.interface:
            raise TypeError("the task says nothing of __next__")
        items, _, error = self._answer._take(self, 1)
        if not items:
            raise error or StopIteration
        return items[0]


def stand_in(answer: Answer, handle: int, abilities: int, name: str) -> Opaque:
    """The stand-in of an object of the answer; its process says what it can do."""
    if abilities & ITERATOR and "__next__" not in answer.interface:
        return Walk(answer, handle, name)
    if answer.interface:
        return Live(answer, handle, name)
    if abilities & CALLABLE:
        return Callable(answer, handle, name)
    return (Iterable if abilities & ITERABLE else Opaque)(answer, handle, name)


class Function:
    """A function or a class of the answer that the test names: what it calls."""

    def __init__(self, answer: Answer, name: str) -> None:
        self._answer = answer
        self.__name__ = self.__qualname__ = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._answer._call(self.__name__, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        """Of a class that is under test: its constants, its class and static methods."""
        if name.startswith("__") or name not in self._answer.interface:
            raise AttributeError(name)
        return getattr(self._answer._lookup(self.__name__), name)

    def __repr__(self) -> str:
        return f"<function {self.__name__} of the answer>"


class Module:
    """A module of the standard library that the answer holds: its name, and nothing to run."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"<module {self.name} of the answer>"
