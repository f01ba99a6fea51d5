"""The value table: how plain values cross between an answer and its judge.

A strict tagged binary form. Decoding builds exact built-ins and the few kinds of `kinds.py`; it
imports nothing, looks up no attribute and calls nothing that the bytes name, whatever they hold.
Mutable containers are numbered in the order in which they are met, on both sides alike, so that
aliases, cycles and arguments changed in place keep their meaning (`@` refers to a number).

    N T F E X   None True False Ellipsis NotImplemented
    q I         int: 8 bytes signed little endian, or a length and two's complement bytes
    d c         float, complex: IEEE 754 doubles, little endian
    s b         str (UTF-8, lone surrogates kept), bytes
    ( [ { S Z   tuple, list, dict, set, frozenset: a count, then the items (dict: key, value)
    V           a list or tuple (`[` or `(`) of at least 8 items that are all int of 64 bits, all float or
                all str (`q`, `d`, `s`), a count, and the items (`packed.py`)
    A r l       bytearray, range, slice
    t m         a type of this table, or a module of the standard library or numpy, by name
    f           a function of such a module, by module and name: to the answer only
    @           a container met before, by number
    K           a kind of `kinds.py`: its name, then its contents as one value
    R M         an object of a class that the prompt defines (`records.py`): class name, attributes; of an
                enumeration: class name, member name
    O           an opaque object of the answer: handle, abilities, type name (`Opaque`)
    H           an opaque object on its way back to the answer: handle

Lengths and counts are LEB128. Depth and size are bounded while encoding and while decoding; a container
that is referred to counts again, with all that it holds, so that nothing which is walked or compared later
is larger than it was to read.
"""

from __future__ import annotations

import builtins
import struct
import sys
from collections.abc import Callable
from typing import Any

from .packed import pack

MAX_DEPTH = 400
MAX_BYTES = 64 << 20
MAX_VALUES = 8_000_000  # in one message, containers by their weight: bounds the memory of what is rebuilt

PACK = 8  # items from which on packing pays

CALLABLE, ITERABLE, ITERATOR, SIZED = 1, 2, 4, 8  # abilities of an opaque object


class Malformed(ValueError):
    """Bytes that no encoder of ours writes: the answer's process did not stick to the protocol."""


class Excess(Malformed):
    """Bytes that stand for more than the bounds of the table allow: an honest process may write them."""


class TooLarge(ValueError):
    """A value beyond the bounds of the table."""


TYPES: dict[str, type] = {
    name: value
    for name, value in vars(builtins).items()
    if isinstance(value, type) and not name.startswith("_")
}
TYPES["NoneType"] = type(None)
TYPES["function"] = type(lambda: None)
_TYPE_NAMES = {id(value): name for name, value in TYPES.items()}


def name_type(value: type) -> None:
    """Let a class that the table rebuilds cross by its name too."""
    TYPES[value.__name__] = value
    _TYPE_NAMES[id(value)] = value.__name__


_SIDE_EFFECTS = {"antigravity", "this", "test", "idlelib", "lib2to3", "turtledemo", "__main__", "__phello__"}


def is_known_module(name: str) -> bool:
    """Whether a module of this name is of the standard library (without side effects) or numpy's."""
    parts = name.split(".")
    return (parts[0] in sys.stdlib_module_names or parts[0] == "numpy") and not _SIDE_EFFECTS & set(parts)


_pack_q = struct.Struct("<q").pack
_pack_d = struct.Struct("<d").pack
_pack_c = struct.Struct("<dd").pack
_unpack_q = struct.Struct("<q").unpack_from
_unpack_d = struct.Struct("<d").unpack_from
_unpack_c = struct.Struct("<dd").unpack_from


class Encoder:
    """Appends values to `out`. `other(encoder, value)` writes what the table does not hold.

    `known` are containers that the reader has already, by number.
    """

    __slots__ = ("depth", "kept", "memo", "other", "out")

    def __init__(
        self, other: Callable[[Encoder, Any], None], known: tuple[Any, ...] | list[Any] = ()
    ) -> None:
        self.out = bytearray()
        self.other = other
        self.kept = list(known)  # also keeps them alive, so that no number names two objects
        self.memo = {id(value): number for number, value in enumerate(self.kept)}
        self.depth = 0

    def put(self, value: Any) -> None:
        write = WRITE.get(type(value))
        if write is None:
            self.other(self, value)
        else:
            write(self, value)

    def count(self, n: int) -> None:
        out = self.out
        while n > 127:
            out.append(n & 127 | 128)
            n >>= 7
        out.append(n)

    def text(self, value: str) -> None:
        if len(value) + len(self.out) > MAX_BYTES:  # before it is copied
            raise TooLarge("too large")
        data = value.encode("utf-8", "surrogatepass")
        self.count(len(data))
        self.out += data

    def met(self, value: Any) -> bool:
        """Number a mutable container; True (and a reference is written) where it was met before."""
        number = self.memo.get(id(value))
        if number is not None:
            self.out += b"@"
            self.count(number)
            return True
        self.memo[id(value)] = len(self.kept)
        self.kept.append(value)
        return False

    def items(self, values: Any) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH or len(self.out) > MAX_BYTES:
            raise TooLarge("nested too deep" if self.depth > MAX_DEPTH else "too large")
        get, put_other = WRITE.get, self.other
        for value in values:
            write = get(type(value))
            if write is None:
                put_other(self, value)
            else:
                write(self, value)
        if len(self.out) > MAX_BYTES:
            raise TooLarge("too large")
        self.depth -= 1


def _constant(tag: bytes) -> Callable[[Encoder, Any], None]:
    def write(e: Encoder, value: Any) -> None:
        e.out += tag

    return write


def _bool(e: Encoder, value: bool) -> None:
    e.out += b"T" if value else b"F"


def _int(e: Encoder, value: int) -> None:
    if -0x8000000000000000 <= value <= 0x7FFFFFFFFFFFFFFF:
        e.out += b"q" + _pack_q(value)
        return
    data = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    e.out += b"I"
    e.count(len(data))
    e.out += data


def _float(e: Encoder, value: float) -> None:
    e.out += b"d" + _pack_d(value)


def _complex(e: Encoder, value: complex) -> None:
    e.out += b"c" + _pack_c(value.real, value.imag)


def _str(e: Encoder, value: str) -> None:
    e.out += b"s"
    e.text(value)


def _bytes(e: Encoder, value: bytes) -> None:
    e.out += b"b"
    e.count(len(value))
    e.out += value


def _bytearray(e: Encoder, value: bytearray) -> None:
    if not e.met(value):
        e.out += b"A"
        e.count(len(value))
        e.out += value


def _packed(e: Encoder, value: Any, container: bytes) -> bool:
    """Write items of one simple type all at once, which is a hundred times faster; False for others."""
    data = pack(value)
    if data is None:
        return False
    e.out += b"V" + container + data[:1]
    e.count(len(value))
    e.out += data[1:]
    if len(e.out) > MAX_BYTES:
        raise TooLarge("too large")
    return True


def _tuple(e: Encoder, value: tuple[Any, ...]) -> None:
    if len(value) >= PACK and _packed(e, value, b"("):
        return
    e.out += b"("
    e.count(len(value))
    e.items(value)


def _frozenset(e: Encoder, value: frozenset[Any]) -> None:
    e.out += b"Z"
    e.count(len(value))
    e.items(value)


def _list(e: Encoder, value: list[Any]) -> None:
    if not e.met(value):
        if len(value) >= PACK and _packed(e, value, b"["):
            return
        e.out += b"["
        e.count(len(value))
        e.items(value)


def _set(e: Encoder, value: set[Any]) -> None:
    if not e.met(value):
        e.out += b"S"
        e.count(len(value))
        e.items(value)


def _dict(e: Encoder, value: dict[Any, Any]) -> None:
    if not e.met(value):
        e.out += b"{"
        e.count(len(value))
        e.items([part for pair in value.items() for part in pair])


def _range(e: Encoder, value: range) -> None:
    if is_long(value):
        e.other(e, value)  # an opaque object, if the answer's: `x in` it may never end
    else:
        put_range(e, value)


def put_range(e: Encoder, value: range) -> None:
    e.out += b"r"
    e.items((value.start, value.stop, value.step))


def is_long(value: range) -> bool:
    return abs(value.stop - value.start) // abs(value.step) > MAX_VALUES


def _slice(e: Encoder, value: slice) -> None:
    e.out += b"l"
    e.items((value.start, value.stop, value.step))


def _type(e: Encoder, value: type) -> None:
    name = _TYPE_NAMES.get(id(value))
    if name is None:
        e.other(e, value)
        return
    e.out += b"t"
    e.text(name)


WRITE: dict[type, Callable[[Encoder, Any], None]] = {
    type(None): _constant(b"N"),
    type(...): _constant(b"E"),
    type(NotImplemented): _constant(b"X"),
    bool: _bool,
    int: _int,
    float: _float,
    complex: _complex,
    str: _str,
    bytes: _bytes,
    bytearray: _bytearray,
    tuple: _tuple,
    list: _list,
    dict: _dict,
    set: _set,
    frozenset: _frozenset,
    range: _range,
    slice: _slice,
    type: _type,
}
