"""Kinds of the value table that are rebuilt from a name and plain contents.

Only exact types count: a subclass made by the answer is an opaque object. `contents` takes a value
apart into plain values; `build` makes it anew, or `empty` and `refill` do where it is a container
that may hold itself and that a call may change in place.
"""

from __future__ import annotations

import collections
import itertools
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .records import attributes, fill_record
from .wire import WRITE, Encoder, Malformed, TooLarge, name_type

ITEMS = 100_000  # of an iterator that a test gives to the answer
# what a missing key may be given: empty values, nothing that acts
FACTORIES = (list, dict, set, int, float, str, bool, tuple, complex, bytes, bytearray, frozenset)


@dataclass(frozen=True)
class Kind:
    """`numbered` kinds are mutable: they can be referred to, and written back after a call.

    `weight` is what a rebuilt one takes of memory, in values (of some 64 bytes). `fits`: whether a value is
    within the table's bounds; if it is not, it is an opaque object.
    """

    name: str
    contents: Callable[[Any], Any]
    build: Callable[[Any], Any] = lambda contents: contents
    empty: Callable[[], Any] | None = None
    refill: Callable[[Any, Any], None] = lambda value, contents: None
    numbered: bool = False
    holds_anything: bool = False  # else no object of the answer may be inside: nothing that could act
    weight: int = 16
    fits: Callable[[Any], bool] | None = None


KINDS: dict[str, Kind] = {}
OF_TYPE: dict[type, Kind] = {}


def register(kind: Kind, *of: type) -> None:
    KINDS[kind.name] = kind
    for one in of:
        OF_TYPE[one] = kind
        if one.__name__ == kind.name and kind.name in vars(sys.modules[one.__module__]):
            name_type(one)
        WRITE[one] = writer(kind)


def writer(kind: Kind) -> Callable[[Encoder, Any], None]:
    name = kind.name.encode()
    head = b"K" + bytes([len(name)]) + name

    def write(e: Encoder, value: Any) -> None:
        if kind.fits is not None and not kind.fits(value):
            e.other(e, value)
            return
        if kind.numbered and e.met(value):
            return
        e.out += head
        e.items((kind.contents(value),))

    return write


def _pairs(value: Any) -> tuple[Any, ...]:
    return tuple(part for pair in value.items() for part in pair)


def exact(value: Any, kind: type) -> Any:
    """`value`, which must be of this very type: a stand-in for an object could act when it is walked."""
    if type(value) is not kind:
        raise Malformed(f"a {type(value).__name__} where a {kind.__name__} was expected")
    return value


def ints(value: Any, count: int) -> Any:
    """`value`, which must be a tuple of so many numbers: constructors take stranger things than these."""
    if len(exact(value, tuple)) != count:
        raise Malformed("too many or too few numbers")
    for number in value:
        exact(number, int)
    return value


def _fill_pairs(value: Any, parts: Any) -> None:
    exact(parts, tuple)
    value.clear()
    for key, item in zip(parts[::2], parts[1::2], strict=True):
        value[key] = item


def _factory(value: Any) -> Any:
    """None for a factory of the program's own: a missing key is missing here."""
    return next((f for f in (*FACTORIES, collections.Counter) if f is value), None)


def _fill_defaultdict(value: Any, contents: Any) -> None:
    factory, parts = exact(contents, tuple)
    if factory is not None and _factory(factory) is None:
        raise Malformed("a default factory that makes no empty value")
    value.default_factory = factory
    _fill_pairs(value, parts)


def _fill_deque(value: Any, items: Any) -> None:
    value.clear()
    value.extend(exact(items, tuple))


def _bounded_deque(contents: Any) -> Any:
    most, items = exact(contents, tuple)
    return collections.deque(exact(items, tuple), exact(most, int))


def _items(iterator: Any) -> tuple[Any, ...]:
    items = tuple(itertools.islice(iterator, ITEMS + 1))
    if len(items) > ITEMS:
        raise TooLarge(f"an iterator of more than {ITEMS:,} items")
    return items


def _views(c: Any) -> Any:
    return zip(c[::2], c[1::2], strict=True)


def refilled(name: str, contents: Any, empty: Any, refill: Any, *of: type) -> None:
    kind = Kind(name, contents, empty=empty, refill=refill, numbered=True, holds_anything=True)
    register(kind, *of)


def built(name: str, contents: Any, build: Any, *of: type, **more: Any) -> None:
    register(Kind(name, contents, build, **{"weight": 4, **more}), *of)


def held(name: str, contents: Any, build: Any, *of: type) -> None:
    """A kind whose contents may be anything; `build` gets them as the type that `contents` gave."""
    register(Kind(name, contents, build, holds_anything=True), *of)


def _register_standard() -> None:
    refilled("Counter", _pairs, collections.Counter, _fill_pairs, collections.Counter)
    refilled("OrderedDict", _pairs, collections.OrderedDict, _fill_pairs, collections.OrderedDict)
    refilled(
        "defaultdict",
        lambda v: (_factory(v.default_factory), _pairs(v)),
        collections.defaultdict,
        _fill_defaultdict,
        collections.defaultdict,
    )
    refilled("deque", tuple, collections.deque, _fill_deque, collections.deque)
    held("bounded deque", lambda v: (v.maxlen, tuple(v)), _bounded_deque)
    unbounded, bounded = WRITE[collections.deque], writer(KINDS["bounded deque"])
    WRITE[collections.deque] = lambda e, v: (unbounded if v.maxlen is None else bounded)(e, v)

    # views of a dictionary compare as sets do, and can be walked again and again
    ordered = collections.OrderedDict[Any, Any]()
    held(
        "dict_keys",
        tuple,
        lambda c: dict.fromkeys(exact(c, tuple)).keys(),
        type({}.keys()),
        type(ordered.keys()),
    )
    held(
        "dict_values",
        tuple,
        lambda c: dict(enumerate(exact(c, tuple))).values(),
        type({}.values()),
        type(ordered.values()),
    )
    held(
        "dict_items",
        lambda v: tuple(part for pair in v for part in pair),
        lambda c: dict(_views(exact(c, tuple))).items(),
        type({}.items()),
        type(ordered.items()),
    )
    # of a test's only: an answer's stay where they are, and are walked from here
    held("iterator", _items, lambda c: iter(exact(c, tuple)))
    held("mappingproxy", dict, lambda c: types.MappingProxyType(exact(c, dict)), types.MappingProxyType)


def _register_wrappers() -> None:
    held(
        "UserDict",
        lambda v: dict(v.data),
        lambda c: collections.UserDict(exact(c, dict)),
        collections.UserDict,
    )
    held(
        "UserList",
        lambda v: list(v.data),
        lambda c: collections.UserList(exact(c, list)),
        collections.UserList,
    )
    built(
        "UserString",
        lambda v: str(v.data),
        lambda c: collections.UserString(exact(c, str)),
        collections.UserString,
        weight=8,
    )
    held(
        "ChainMap",
        lambda v: tuple(v.maps),
        lambda c: collections.ChainMap(*(exact(m, dict) for m in exact(c, tuple))),
        collections.ChainMap,
    )


_register_standard()
_register_wrappers()


# -- changes in place --------------------------------------------------------------------------
def contents_of(value: Any) -> Any:
    """What a numbered container holds, as one plain value for `refill`."""
    kind = OF_TYPE.get(type(value))
    if kind is not None:
        return kind.contents(value)
    if type(value) is dict:
        return _pairs(value)
    if type(value) is bytearray:
        return bytes(value)
    if type(value) in (list, set):
        return tuple(value)
    if type(value).__name__ == "ndarray":
        return KINDS["ndarray"].contents(value)
    return attributes(value)


def refill(value: Any, contents: Any) -> None:
    """Give a numbered container new contents, in place."""
    if type(contents) not in (tuple, bytes):
        raise Malformed("contents that are no plain value")
    kind = OF_TYPE.get(type(value))
    if kind is not None:
        kind.refill(value, contents)
    elif type(value) is dict:
        _fill_pairs(value, contents)
    elif type(value) in (list, bytearray):
        value[:] = contents
    elif type(value) is set:
        value.clear()
        value.update(contents)
    elif type(value).__name__ == "ndarray":
        KINDS["ndarray"].refill(value, contents)
    else:
        fill_record(value, contents)
