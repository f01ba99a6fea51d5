"""Kinds of the value table that an exact type does not tell: named tuples, numpy's, plain subclasses."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable
from operator import itemgetter
from typing import Any

from .kinds import KINDS, Kind, built, exact, held, ints, register, writer
from .wire import MAX_VALUES, Encoder, Malformed

NAME = 200  # characters of a class's or a field's name
CLASSES = 1000  # made for named tuples and subclasses and kept for the next such value

# -- named tuples ------------------------------------------------------------------------------
_NAMED: dict[tuple[str, tuple[str, ...]], type] = {}


def _namedtuple(contents: Any) -> Any:
    """Built without collections.namedtuple, which compiles text made of the names."""
    name, fields, values = exact(contents, tuple)
    exact(values, tuple)
    key = (_name(name), tuple(map(_name, exact(fields, tuple))))
    made = _NAMED.get(key)
    if made is None:
        if not all(f.isidentifier() and f[0] != "_" for f in fields) or len(set(fields)) != len(fields):
            raise Malformed("a named tuple with impossible names")
        members: dict[str, Any] = {f: property(itemgetter(i)) for i, f in enumerate(fields)}
        members |= {"__slots__": (), "_fields": fields, "_asdict": _asdict}
        members |= {"_replace": _replace, "__repr__": _named_repr}
        made = _kept(_NAMED, key, type(name, (tuple,), members))
    if len(values) != len(fields):
        raise Malformed("a named tuple with too many or too few values")
    return tuple.__new__(made, values)


def _asdict(self: Any) -> dict[str, Any]:
    return dict(zip(self._fields, self, strict=True))


def _replace(self: Any, /, **changes: Any) -> Any:
    values = tuple(changes.pop(field, value) for field, value in zip(self._fields, self, strict=True))
    if changes:
        raise ValueError(f"Got unexpected field names: {list(changes)!r}")
    return tuple.__new__(type(self), values)


def _named_repr(self: Any) -> str:
    inside = ", ".join(f"{field}={value!r}" for field, value in zip(self._fields, self, strict=True))
    return f"{type(self).__name__}({inside})"


def _name(value: Any) -> str:
    if len(exact(value, str)) > NAME:
        raise Malformed("a name that is too long")
    return str(value)


def _kept(classes: dict[Any, type], key: Any, made: type) -> type:
    if len(classes) >= CLASSES:
        classes.clear()
    classes[key] = made
    return made


def _compares_as(kind: Any, base: Any) -> bool:
    """Whether a subclass left its base's comparison alone."""
    return kind.__eq__ is base.__eq__


def is_namedtuple(value: Any) -> bool:
    """Of a class that collections.namedtuple or typing.NamedTuple made, comparing as tuples do."""
    kind = type(value)
    return (
        kind.__bases__ == (tuple,)
        and _compares_as(kind, tuple)
        and type(getattr(kind, "_fields", 0)) is tuple
        and len(kind.__name__) <= NAME
    )


# -- numpy -------------------------------------------------------------------------------------
_DTYPE = re.compile(r"[<>|=]?(?:[biufcSU]\d{1,7}|[mM]8(?:\[\d{0,9}[A-Za-z]{1,2}\])?)")
_DIMENSIONS = 32


def _dtype(text: Any) -> Any:
    import numpy

    if type(text) is not str or not _DTYPE.fullmatch(text):
        raise Malformed("a dtype that is not of the table")
    return numpy.dtype(text)


def _shape(value: Any) -> tuple[int, ...]:
    """Also where an array is empty no dimension may be huge: turned over, it would be a list of so many."""
    shape: tuple[int, ...] = ints(value, min(len(exact(value, tuple)), _DIMENSIONS))
    if not all(0 <= n <= MAX_VALUES for n in shape):
        raise Malformed("an array of an impossible shape")
    return shape


def _array(contents: Any) -> Any:
    import numpy

    dtype, shape, data = exact(contents, tuple)
    kind, shape, data = _dtype(dtype), _shape(shape), exact(data, bytes)
    items = math.prod(shape)
    if items * kind.itemsize != len(data) or items > MAX_VALUES:
        raise Malformed("an array whose data is not of its shape")
    if kind.kind == "b" and data.strip(b"\0\1"):
        raise Malformed("truth values that are neither true nor false")
    if kind.kind == "U":
        data.decode("utf-32-be" if kind.byteorder == ">" else "utf-32-le", "surrogatepass")
    if not data:  # texts without a character, arrays without an item
        return numpy.zeros(shape, kind)
    return numpy.frombuffer(data, kind).reshape(shape).copy()


def _scalar(contents: Any) -> Any:
    made = _array(contents)
    if made.shape:
        raise Malformed("a scalar of many items")
    return made[()]


def _object_array(contents: Any) -> Any:
    import numpy

    shape, items = exact(contents, tuple)
    if math.prod(_shape(shape)) != len(exact(items, tuple)):
        raise Malformed("an array whose items are not of its shape")
    made = numpy.empty(len(items), dtype=object)
    for place, item in enumerate(items):  # one by one: numpy would look into them
        made[place] = item
    return made.reshape(shape)


def _fill_array(value: Any, contents: Any) -> None:
    made = _array(contents)
    if value.shape == made.shape and value.dtype == made.dtype:
        value[...] = made


def _of_scalar(v: Any) -> Any:
    import numpy

    return _of_array(numpy.asarray(v))  # which gives an empty text an item size


def _of_array(v: Any) -> Any:
    return (v.dtype.str, v.shape, v.tobytes())


def _register_numpy() -> None:
    register(Kind("ndarray", _of_array, _array, refill=_fill_array, numbered=True))
    held("object ndarray", lambda v: (v.shape, tuple(v.ravel())), _object_array)
    built("numpy scalar", _of_scalar, _scalar)


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
            return (
                base
                if (kind.__eq__ is base.__eq__ and kind.__hash__ is not None) or base.__hash__ is None
                else None
            )
    return None


def _subclass(contents: Any) -> Any:
    """An instance of a subclass without anything of its own: equal by its contents only."""
    base, name, plain = exact(contents, tuple)
    if not any(base is known for known in _PLAIN) or type(plain) is not base:
        raise Malformed("a subclass of nothing known")
    key = (base, _name(name))
    made = _SUBCLASSES.get(key) or _kept(_SUBCLASSES, key, type(name, (base,), {}))
    return made(plain)


held("namedtuple", lambda v: (type(v).__name__, type(v)._fields, tuple(v)), _namedtuple)
held(
    "subclass",
    lambda v: (plain_base(v), type(v).__name__[:NAME], _PLAIN[plain_base(v) or int](v)),
    _subclass,
)
_register_numpy()
_SPECIAL = ("namedtuple", "ndarray", "object ndarray", "numpy scalar", "subclass")
_write_special = {name: writer(KINDS[name]) for name in _SPECIAL}


def write_special(e: Encoder, value: Any) -> bool:
    """Write a named tuple, a numpy value or a plain subclass's instance; False for anything else."""
    name = ""
    if isinstance(value, tuple) and is_namedtuple(value):
        name = "namedtuple"
    elif (
        getattr(type(value), "__module__", "") == "numpy" and (numpy := sys.modules.get("numpy")) is not None
    ):
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
