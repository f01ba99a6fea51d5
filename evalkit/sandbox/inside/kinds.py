"""Kinds of the value table that are rebuilt from a name and plain contents.

Only exact types count: a subclass made by the answer is an opaque object. `contents` takes a value
apart into plain values; `build` makes it anew, or `empty` and `refill` do where it is a container
that may hold itself and that a call may change in place.
"""

from __future__ import annotations

import array
import collections
import datetime
import decimal
import fractions
import re
import sys
import types
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from .wire import TYPES, WRITE, Encoder, Malformed, name_type


@dataclass(frozen=True)
class Kind:
    """`numbered` kinds are mutable: they can be referred to, and written back after a call."""

    name: str
    contents: Callable[[Any], Any]
    build: Callable[[Any], Any] = lambda contents: contents
    empty: Callable[[], Any] | None = None
    refill: Callable[[Any, Any], None] = lambda value, contents: None
    numbered: bool = False


KINDS: dict[str, Kind] = {}
OF_TYPE: dict[type, Kind] = {}


def _register(kind: Kind, *of: type) -> None:
    KINDS[kind.name] = kind
    for one in of:
        OF_TYPE[one] = kind
        if one.__name__ == kind.name and kind.name in vars(sys.modules[one.__module__]):
            name_type(one)
        WRITE[one] = _writer(kind)


def _writer(kind: Kind) -> Callable[[Encoder, Any], None]:
    name = kind.name.encode()
    head = b"K" + bytes([len(name)]) + name

    def write(e: Encoder, value: Any) -> None:
        if kind.numbered and e.met(value):
            return
        e.out += head
        e.items((kind.contents(value),))

    return write


def _pairs(value: Any) -> tuple[Any, ...]:
    return tuple(part for pair in value.items() for part in pair)


def _fill_pairs(value: Any, parts: Iterable[Any]) -> None:
    parts = list(parts)
    value.clear()
    for key, item in zip(parts[::2], parts[1::2], strict=True):
        value[key] = item


def _fill_defaultdict(value: Any, contents: Any) -> None:
    factory, parts = contents
    if factory is not None and factory not in TYPES.values():
        raise Malformed("a default factory that is no built-in type")
    value.default_factory = factory
    _fill_pairs(value, parts)


def _fill_deque(value: Any, items: Any) -> None:
    value.clear()
    value.extend(items)


def _zone(value: Any) -> Any:
    """A fixed offset in place of a time zone: it compares alike."""
    offset = value.utcoffset()
    return None if offset is None else _duration(offset)


def _duration(value: datetime.timedelta) -> tuple[int, int, int]:
    return (value.days, value.seconds, value.microseconds)


def _tz(offset: Any) -> datetime.timezone | None:
    return None if offset is None else datetime.timezone(datetime.timedelta(*offset))


def _datetime(c: Any) -> datetime.datetime:
    return datetime.datetime(*c[0], tzinfo=_tz(c[2]), fold=c[1])


def _time(c: Any) -> datetime.time:
    return datetime.time(*c[0], tzinfo=_tz(c[2]), fold=c[1])


def _clock(v: Any) -> tuple[int, ...]:
    return (v.hour, v.minute, v.second, v.microsecond)


def _views(c: Any) -> Any:
    return zip(c[::2], c[1::2], strict=True)


def _refilled(name: str, contents: Any, empty: Any, refill: Any, *of: type) -> None:
    _register(Kind(name, contents, empty=empty, refill=refill, numbered=True), *of)


def _built(name: str, contents: Any, build: Any, *of: type) -> None:
    _register(Kind(name, contents, build), *of)


def _register_standard() -> None:
    _refilled("Counter", _pairs, collections.Counter, _fill_pairs, collections.Counter)
    _refilled("OrderedDict", _pairs, collections.OrderedDict, _fill_pairs, collections.OrderedDict)
    _refilled(
        "defaultdict",
        lambda v: (v.default_factory if v.default_factory in TYPES.values() else None, _pairs(v)),
        collections.defaultdict,
        _fill_defaultdict,
        collections.defaultdict,
    )
    _refilled("deque", tuple, collections.deque, _fill_deque, collections.deque)
    _built("bounded deque", lambda v: (v.maxlen, tuple(v)), lambda c: collections.deque(c[1], c[0]))
    unbounded, bounded = WRITE[collections.deque], _writer(KINDS["bounded deque"])
    WRITE[collections.deque] = lambda e, v: (unbounded if v.maxlen is None else bounded)(e, v)

    _built("Decimal", str, decimal.Decimal, decimal.Decimal)
    _built("Fraction", lambda v: (v.numerator, v.denominator), lambda c: fractions.Fraction(*c), fractions.Fraction)
    _built("date", lambda v: (v.year, v.month, v.day), lambda c: datetime.date(*c), datetime.date)
    _built(
        "datetime",
        lambda v: ((v.year, v.month, v.day, *_clock(v)), v.fold, _zone(v)),
        _datetime,
        datetime.datetime,
    )
    _built("time", lambda v: (_clock(v), v.fold, _zone(v)), _time, datetime.time)
    _built("timedelta", _duration, lambda c: datetime.timedelta(*c), datetime.timedelta)
    _built(
        "timezone",
        lambda v: _duration(v.utcoffset(None)),
        _tz,
        datetime.timezone,
    )
    _built("UUID", lambda v: v.int, lambda c: uuid.UUID(int=c), uuid.UUID)
    _built("array", lambda v: (v.typecode, v.tobytes()), lambda c: array.array(c[0], c[1]), array.array)
    # views of a dictionary compare as sets do, and can be walked again and again
    ordered = collections.OrderedDict[Any, Any]()
    _built("dict_keys", tuple, lambda c: dict.fromkeys(c).keys(), type({}.keys()), type(ordered.keys()))
    _built("dict_values", tuple, lambda c: dict(enumerate(c)).values(), type({}.values()), type(ordered.values()))
    _built(
        "dict_items",
        lambda v: tuple(part for pair in v for part in pair),
        lambda c: dict(_views(c)).items(),
        type({}.items()),
        type(ordered.items()),
    )
    _built("mappingproxy", dict, lambda c: types.MappingProxyType(_exact_dict(c)), types.MappingProxyType)
    _built("namedtuple", lambda v: (type(v).__name__, type(v)._fields, tuple(v)), _namedtuple)


def _exact_dict(value: Any) -> dict[Any, Any]:
    if type(value) is not dict:
        raise Malformed("a proxy of something else than dict")
    return value


# -- named tuples ------------------------------------------------------------------------------
_NAMED: dict[tuple[str, tuple[str, ...]], type] = {}
_write_namedtuple: Callable[[Encoder, Any], None]


def _namedtuple(contents: Any) -> Any:
    """Built without collections.namedtuple, which compiles text made of the names."""
    name, fields, values = contents
    key = (name, tuple(fields))
    made = _NAMED.get(key)
    if made is None:
        plain = isinstance(name, str) and all(type(f) is str and f.isidentifier() and f[0] != "_" for f in fields)
        if not plain or len(set(fields)) != len(fields):
            raise Malformed("a named tuple with impossible names")
        members: dict[str, Any] = {f: property(itemgetter(i)) for i, f in enumerate(fields)}
        members |= {"__slots__": (), "_fields": tuple(fields)}
        members["_asdict"] = lambda self: dict(zip(self._fields, self, strict=True))
        made = type(name, (tuple,), members)
        if len(_NAMED) < 1000:
            _NAMED[key] = made
    if len(values) != len(fields):
        raise Malformed("a named tuple with too many or too few values")
    return tuple.__new__(made, values)


def is_namedtuple(value: Any) -> bool:
    """Of a class that collections.namedtuple or typing.NamedTuple made, comparing as tuples do."""
    kind = type(value)
    return kind.__bases__ == (tuple,) and kind.__eq__ is tuple.__eq__ and type(getattr(kind, "_fields", 0)) is tuple


# -- numpy -------------------------------------------------------------------------------------
_DTYPE = re.compile(r"[<>|=]?(?:[biufcSU]\d{1,9}|[mM]8(?:\[\d{0,9}[A-Za-z]{1,2}\])?)")


def _dtype(text: Any) -> Any:
    import numpy

    if type(text) is not str or not _DTYPE.fullmatch(text):
        raise Malformed(f"a dtype that is not of the table: {text!r:.40}")
    return numpy.dtype(text)


def _array(contents: Any) -> Any:
    import numpy

    dtype, shape, data = contents
    return numpy.frombuffer(data, _dtype(dtype)).reshape(shape).copy()


def _object_array(contents: Any) -> Any:
    import numpy

    shape, items = contents
    made = numpy.empty(len(items), dtype=object)
    made[:] = items
    return made.reshape(shape)


def _fill_array(value: Any, contents: Any) -> None:
    import numpy

    dtype, shape, data = contents
    if value.shape == tuple(shape) and value.dtype.str == dtype:
        value[...] = numpy.frombuffer(data, _dtype(dtype)).reshape(shape)


def _scalar(contents: Any) -> Any:
    import numpy

    return numpy.frombuffer(contents[1], _dtype(contents[0]), count=1)[0]


def _of_array(v: Any) -> Any:
    return (v.dtype.str, v.shape, v.tobytes())


def _register_numpy() -> None:
    _register(Kind("ndarray", _of_array, _array, refill=_fill_array, numbered=True))
    _built("object ndarray", lambda v: (v.shape, tuple(v.ravel())), _object_array)
    _built("numpy scalar", lambda v: (v.dtype.str, v.tobytes()), _scalar)


# -- plain subclasses --------------------------------------------------------------------------
# how to get at the contents without running a line of the subclass
_PLAIN: dict[type, Callable[[Any], Any]] = {
    int: lambda v: int.__add__(v, 0),
    str: lambda v: str.__add__(v, ""),
    float: float.__pos__,
    bytes: lambda v: bytes.__add__(v, b""),
    list: lambda v: list(list.__iter__(v)),
    tuple: lambda v: tuple(tuple.__iter__(v)),
    dict: lambda v: dict(dict.items(v)),
    set: lambda v: set(set.__iter__(v)),
    frozenset: lambda v: frozenset(frozenset.__iter__(v)),
}
_SUBCLASSES: dict[tuple[type, str], type] = {}


def plain_base(value: Any) -> type | None:
    """The built-in type that `value` is a subclass's instance of, if it compares as that type does."""
    kind = type(value)
    for base in _PLAIN:
        if base in kind.__mro__:
            return base if kind.__eq__ is base.__eq__ and kind.__hash__ is not None or base.__hash__ is None else None
    return None


def _subclass(contents: Any) -> Any:
    """An instance of a subclass without anything of its own: equal by its contents only."""
    base, name, plain = contents
    if base not in _PLAIN or type(plain) is not base:
        raise Malformed("a subclass of nothing known")
    made = _SUBCLASSES.get((base, name))
    if made is None:
        made = type(str(name)[:100].replace("\0", ""), (base,), {})
        if len(_SUBCLASSES) < 1000:
            _SUBCLASSES[base, name] = made
    return made(plain)


def _register_wrappers() -> None:
    _built("subclass", lambda v: (plain_base(v), type(v).__name__, _PLAIN[plain_base(v) or int](v)), _subclass)
    _built("UserDict", lambda v: dict(v.data), lambda c: collections.UserDict(_exact_dict(c)), collections.UserDict)
    _built("UserList", lambda v: list(v.data), lambda c: collections.UserList(list(c)), collections.UserList)
    _built("UserString", lambda v: str(v.data), lambda c: collections.UserString(c), collections.UserString)
    _built("ChainMap", lambda v: tuple(v.maps), lambda c: collections.ChainMap(*map(_exact_dict, c)), collections.ChainMap)


_register_standard()
_register_numpy()
_register_wrappers()
_SPECIAL = ("namedtuple", "ndarray", "object ndarray", "numpy scalar", "subclass")
_write_special = {name: _writer(KINDS[name]) for name in _SPECIAL}


def write_special(e: Encoder, value: Any) -> bool:
    """Write a named tuple, a numpy value or a plain subclass's instance; False for anything else."""
    name = ""
    if isinstance(value, tuple) and is_namedtuple(value):
        name = "namedtuple"
    elif type(value).__module__ == "numpy" and (numpy := sys.modules.get("numpy")) is not None:
        if type(value) is numpy.ndarray:
            name = "object ndarray" if value.dtype.kind == "O" else "ndarray"
        elif isinstance(value, numpy.generic):
            name = "numpy scalar"
        if name and name != "object ndarray" and not _DTYPE.fullmatch(value.dtype.str):
            return False
    elif plain_base(value) is not None:
        name = "subclass"
    if not name:
        return False
    _write_special[name](e, value)
    return True


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
    return _of_array(value)


def refill(value: Any, contents: Any) -> None:
    """Give a numbered container new contents, in place."""
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
    else:
        _fill_array(value, contents)
