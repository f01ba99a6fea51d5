"""Kinds of the value table that an exact type does not tell: named tuples, numpy's, plain subclasses."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable
from operator import itemgetter
from typing import Any

from .kinds import KINDS, Kind, built, exact, held, register, writer
from .wire import MAX_VALUES, Encoder, Malformed

# -- named tuples ------------------------------------------------------------------------------
_NAMED: dict[tuple[str, tuple[str, ...]], type] = {}


def _namedtuple(contents: Any) -> Any:
    """Built without collections.namedtuple, which compiles text made of the names."""
    name, fields, values = exact(contents, tuple)
    key = (exact(name, str), exact(fields, tuple))
    exact(values, tuple)
    made = _NAMED.get(key)
    if made is None:
        plain = all(type(f) is str and f.isidentifier() and f[0] != "_" for f in fields)
        if not plain or len(set(fields)) != len(fields):
            raise Malformed("a named tuple with impossible names")
        members: dict[str, Any] = {f: property(itemgetter(i)) for i, f in enumerate(fields)}
        members |= {"__slots__": (), "_fields": fields}
        members["_asdict"] = lambda self: dict(zip(self._fields, self, strict=True))
        made = type(name, (tuple,), members)
        if len(_NAMED) < 1000:
            _NAMED[key] = made
    if len(values) != len(fields):
        raise Malformed("a named tuple with too many or too few values")
    return tuple.__new__(made, values)


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
    )


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
    kind = _dtype(dtype)
    items = math.prod(map(int, shape))
    if items * kind.itemsize != len(data) or not 0 <= items <= MAX_VALUES:
        raise Malformed("an array whose data is not of its shape")
    if not data:  # texts without a character, arrays without an item
        return numpy.zeros(shape, kind)
    return numpy.frombuffer(data, kind).reshape(shape).copy()


def _object_array(contents: Any) -> Any:
    import numpy

    shape, items = exact(contents, tuple)
    made = numpy.empty(len(exact(items, tuple)), dtype=object)
    for place, item in enumerate(items):  # one by one: numpy would look into them
        made[place] = item
    return made.reshape([exact(n, int) for n in exact(shape, tuple)])


def _fill_array(value: Any, contents: Any) -> None:
    import numpy

    dtype, shape, data = contents
    if value.shape == tuple(shape) and value.dtype.str == dtype:
        value[...] = numpy.frombuffer(data, _dtype(dtype)).reshape(shape)


def _of_scalar(v: Any) -> Any:
    import numpy

    return _of_array(numpy.asarray(v))  # which gives an empty text an item size


def _of_array(v: Any) -> Any:
    return (v.dtype.str, v.shape, v.tobytes())


def _register_numpy() -> None:
    register(Kind("ndarray", _of_array, _array, refill=_fill_array, numbered=True))
    held("object ndarray", lambda v: (v.shape, tuple(v.ravel())), _object_array)
    built("numpy scalar", _of_scalar, lambda c: _array(c)[()])


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
    if base not in _PLAIN or type(plain) is not base:
        raise Malformed("a subclass of nothing known")
    made = _SUBCLASSES.get((base, name))
    if made is None:
        made = type(str(name)[:100].replace("\0", ""), (base,), {})
        if len(_SUBCLASSES) < 1000:
            _SUBCLASSES[base, name] = made
    return made(plain)


held("namedtuple", lambda v: (type(v).__name__, type(v)._fields, tuple(v)), _namedtuple)
held("subclass", lambda v: (plain_base(v), type(v).__name__, _PLAIN[plain_base(v) or int](v)), _subclass)
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
