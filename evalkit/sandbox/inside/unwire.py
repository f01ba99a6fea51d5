"""Reading the value table of `wire.py`: bounded, strict, and executing nothing.

Whatever is wrong with the bytes ends as `Malformed`. The rebuilt containers are put into `refs` in
the order in which they are met.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import scalars, special  # noqa: F401  (they register their kinds)
from .decoder import READ, Decoder
from .kinds import KINDS
from .packed import unpack
from .records import fill_record, is_enumeration, is_record
from .wire import TYPES, Malformed, _unpack_c, _unpack_d, _unpack_q, is_long

__all__ = ["Decoder"]

CHUNK = 1000  # keys put into a table at once: keys that collide take long, and an alarm must get through


def _numbered(
    make: Callable[[], Any], weight: int, fill: Callable[[Decoder, Any], None]
) -> Callable[[Decoder], Any]:
    """Reads a container that later values may refer to; `weight` is that of an empty one, in values."""

    def read(d: Decoder) -> Any:
        value = make()
        number, before = len(d.refs), d.left
        d.refs.append(value)
        d.left -= weight
        fill(d, value)
        d.weights[number] = before - d.left
        return value

    return read


def _fill_list(d: Decoder, value: list[Any]) -> None:
    d.fill(value, d.count())


def _packed(d: Decoder) -> Any:
    container, code = d.data[d.pos : d.pos + 1], d.data[d.pos + 1 : d.pos + 2]
    d.pos += 2
    n = d.count()
    if 4 * n > len(d.data):
        raise Malformed("count beyond the data")
    d.weigh(n)
    values, d.pos = unpack(d.data, d.pos, code, n)
    if container == b"(":
        return tuple(values)
    if container != b"[":
        raise Malformed("packed neither as list nor as tuple")
    d.weights[len(d.refs)] = n
    d.refs.append(values)
    return values


def _fill_dict(d: Decoder, value: dict[Any, Any]) -> None:
    parts = d.many(2 * d.count())
    for at in range(0, len(parts), 2 * CHUNK):
        end = at + 2 * CHUNK
        value.update(zip(parts[at:end:2], parts[at + 1 : end : 2], strict=True))


def _fill_set(d: Decoder, value: set[Any]) -> None:
    items = d.many(d.count())
    for at in range(0, len(items), CHUNK):
        value.update(items[at : at + CHUNK])


def _frozenset(d: Decoder) -> frozenset[Any]:
    value: set[Any] = set()
    d.left -= 4
    _fill_set(d, value)
    return frozenset(value)


def _fill_bytearray(d: Decoder, value: bytearray) -> None:
    value += d.raw()


def _tuple(d: Decoder) -> tuple[Any, ...]:
    d.left -= 1
    return tuple(d.many(d.count()))


def _fixed(
    size: int, unpack: Callable[..., tuple[Any, ...]], build: Callable[..., Any]
) -> Callable[[Decoder], Any]:
    def read(d: Decoder) -> Any:
        pos = d.pos
        d.pos = pos + size
        return build(*unpack(d.data, pos)) if pos + size <= len(d.data) else _short()

    return read


def _short() -> Any:
    raise Malformed("cut short")


def _range(d: Decoder) -> range:
    made = range(*map(_exact_int, d.many(3)))
    if is_long(made):
        raise Malformed("a range without an end")
    return made


def _exact_int(value: Any) -> int:
    if type(value) is not int:
        raise Malformed("a range of something else than int")
    return value


def _type(d: Decoder) -> type:
    return TYPES[d.text()]


def _ref(d: Decoder) -> Any:
    number = d.count()
    d.weigh(d.weights.get(number, 1))
    return d.refs[number]


def _kind(d: Decoder) -> Any:
    kind = KINDS[d.text()]
    d.weigh(kind.weight)
    if kind.empty is None:
        built = kind.build(d.get() if kind.holds_anything else _inert(d))
        if kind.numbered:
            d.refs.append(built)
        return built
    value = kind.empty()
    number, before = len(d.refs), d.left + kind.weight
    d.refs.append(value)
    kind.refill(value, d.get())
    d.weights[number] = before - d.left
    return value


def _inert(d: Decoder) -> Any:
    """A value without any object of the other side in it."""
    kept = d.opaque, d.handle, d.module, d.record
    d.opaque = d.handle = d.module = d.record = None
    value = d.get()
    d.opaque, d.handle, d.module, d.record = kept
    return value


def _opaque(d: Decoder) -> Any:
    if d.opaque is None:
        raise Malformed("an opaque object where none may be")
    return d.opaque(d.count(), d.count(), d.text()[:200])


def _handle(d: Decoder) -> Any:
    if d.handle is None:
        raise Malformed("a handle where none may be")
    return d.handle(d.count())


def _module(d: Decoder) -> Any:
    if d.module is None:
        raise Malformed("a module where none may be")
    return d.module(d.text())


def _function(d: Decoder) -> Any:
    if d.function is None:
        raise Malformed("a function where none may be")
    return d.function(d.text(), d.text())


def _class(d: Decoder) -> Any:
    if d.record is None:
        raise Malformed("an object of a class where none may be")
    return d.record(d.text())


def _record(d: Decoder) -> Any:
    kind = _class(d)
    if not is_record(kind):
        raise Malformed("an object of no plain class")
    value = object.__new__(kind)
    number, before = len(d.refs), d.left
    d.refs.append(value)
    d.weigh(8)
    fill_record(value, d.get())
    d.weights[number] = before - d.left
    return value


def _member(d: Decoder) -> Any:
    kind, name = _class(d), d.text()
    if not is_enumeration(kind):
        raise Malformed("a member of no enumeration")
    return kind._member_map_[name]


for _tag, _read in {
    "N": lambda d: None,
    "T": lambda d: True,
    "F": lambda d: False,
    "E": lambda d: ...,
    "X": lambda d: NotImplemented,
    "q": _fixed(8, _unpack_q, int),
    "I": lambda d: int.from_bytes(d.raw(), "little", signed=True),
    "d": _fixed(8, _unpack_d, float),
    "c": _fixed(16, _unpack_c, complex),
    "s": lambda d: d.text(),
    "b": lambda d: d.raw(),
    "(": _tuple,
    "[": _numbered(list, 1, _fill_list),
    "V": _packed,
    "{": _numbered(dict, 2, _fill_dict),
    "S": _numbered(set, 4, _fill_set),
    "Z": _frozenset,
    "A": _numbered(bytearray, 1, _fill_bytearray),
    "r": _range,
    "l": lambda d: slice(*d.many(3)),
    "t": _type,
    "m": _module,
    "f": _function,
    "@": _ref,
    "K": _kind,
    "R": _record,
    "M": _member,
    "O": _opaque,
    "H": _handle,
}.items():
    READ[ord(_tag)] = _read
