"""Values as short texts, in time that does not depend on what the answer made of them.

`repr` walks a list that holds another one twice, and so on sixty times over, for ever, in C.
"""

from __future__ import annotations

import array
import collections
import itertools
import types
from collections.abc import Iterable, Iterator
from typing import Any

from .objects import Opaque

SHOWN = 300  # characters of a value in a detail
DEPTH = 20
BITS = 8192  # of an int that is written out

_BRACKETS: dict[type, tuple[str, str]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    set: ("{", "}"),
    frozenset: ("frozenset({", "})"),
}
_NAMED: tuple[tuple[type, Any], ...] = (
    (collections.deque, list),
    (collections.UserDict, lambda v: v.data),
    (collections.UserList, lambda v: v.data),
    (collections.ChainMap, lambda v: v.maps),
    (types.MappingProxyType, dict),
    (array.array, lambda v: list(v[:SHOWN])),
    (type({}.keys()), list),
    (type({}.values()), list),
    (type({}.items()), list),
)


def short(value: Any, most: int = SHOWN) -> str:
    """Much as `repr`, at most `most` characters."""
    text = ""
    try:
        for piece in _pieces(value, 0):
            text += piece
            if len(text) > most:
                break
    except Exception as e:  # a test's own object may have any __repr__
        text += f"<{type(value).__name__[:50]}: {type(e).__name__}>"
    return text if len(text) <= most else text[: most - 1] + "…"


def text_of(error: BaseException) -> str:
    """What an exception says: its `str` may be that of a value without an end."""
    if all(type(argument) is str for argument in error.args):
        return str(error)
    return ", ".join(map(short, error.args[:3]))


def _pieces(value: Any, depth: int) -> Iterator[str]:
    kind = type(value)
    if kind in (str, bytes, bytearray):
        yield repr(value[: 2 * SHOWN])
    elif kind is int:
        yield repr(value) if value.bit_length() <= BITS else f"<int of {value.bit_length()} bits>"
    elif isinstance(value, Opaque):
        yield f"<{value._name[:50]} object of the answer>"
    elif depth > DEPTH:
        yield "..."
    elif kind is dict:
        yield from _mapping(value, depth)
    elif kind in _BRACKETS:
        yield from _sequence(value, kind, depth)
    else:
        yield from _by_base(value, depth)


def _by_base(value: Any, depth: int) -> Iterator[str]:
    """Of subclasses and wrappers: the name, and the contents in brackets."""
    name = type(value).__name__[:50]
    if isinstance(value, tuple):
        yield from _sequence(tuple(tuple.__iter__(value)), tuple, depth)
        return
    for kind, contents in (*_NAMED, *((base, base) for base in (dict, list, set, frozenset, str, bytes))):
        if isinstance(value, kind):
            yield f"{name}("
            yield from _pieces(contents(value), depth + 1)
            yield ")"
            return
    if name == "ndarray" and value.dtype.kind == "O":
        yield f"<ndarray of objects, shape {value.shape}>"
    elif isinstance(value, int):
        yield from _pieces(int.__add__(value, 0), depth) if not isinstance(value, bool) else (repr(value),)
    else:
        yield repr(value)


def _sequence(items: Any, kind: type, depth: int) -> Iterator[str]:
    start, end = _BRACKETS[kind]
    if not items and kind in (set, frozenset):
        yield f"{kind.__name__}()"
        return
    yield start
    yield from _joined(_pieces(item, depth + 1) for item in items)
    yield f",{end}" if kind is tuple and len(items) == 1 else end


def _mapping(value: dict[Any, Any], depth: int) -> Iterator[str]:
    pairs = (
        itertools.chain(_pieces(key, depth + 1), (": ",), _pieces(item, depth + 1))
        for key, item in value.items()
    )
    yield "{"
    yield from _joined(pairs)
    yield "}"


def _joined(parts: Iterable[Iterable[str]]) -> Iterator[str]:
    for place, part in enumerate(parts):
        if place:
            yield ", "
        yield from part
