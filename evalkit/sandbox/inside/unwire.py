"""Reading the value table of `wire.py`: bounded, strict, and executing nothing.

Whatever is wrong with the bytes ends as `Malformed`. The rebuilt containers are put into `refs` in
the order in which they are met.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Any

from . import special  # noqa: F401  (registers its kinds)
from .kinds import KINDS
from .records import fill_record, is_enumeration, is_record
from .wire import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_VALUES,
    TYPES,
    Excess,
    Malformed,
    _unpack_c,
    _unpack_d,
    _unpack_q,
    is_long,
)

CHUNK = 1000  # keys put into a table at once: keys that collide take long, and an alarm must get through


class Decoder:
    """Takes values from `data`, from `pos` on.

    `refs`: containers that both sides have already, by number. `opaque(handle, abilities, name)` makes
    the stand-in of an opaque object, `handle(number)` finds an object by handle, `module(name)` a
    module, `function(module, name)` one of its functions, `record(name)` a class that the prompt defines; a
    side that does not expect them refuses.
    """

    __slots__ = (
        "data",
        "depth",
        "function",
        "handle",
        "left",
        "module",
        "opaque",
        "pos",
        "record",
        "refs",
        "weights",
    )

    def __init__(
        self,
        data: bytes,
        pos: int = 0,
        *,
        refs: list[Any] | None = None,
        opaque: Callable[[int, int, str], Any] | None = None,
        handle: Callable[[int], Any] | None = None,
        module: Callable[[str], Any] | None = None,
        function: Callable[[str, str], Any] | None = None,
        record: Callable[[str], Any] | None = None,
    ) -> None:
        if len(data) > MAX_BYTES + 4096:
            raise Malformed("message too large")
        self.data = data
        self.pos = pos
        self.refs: list[Any] = [] if refs is None else refs
        self.opaque = opaque
        self.handle = handle
        self.module = module
        self.function = function
        self.record = record
        self.depth = 0
        self.left = MAX_VALUES
        self.weights: dict[int, int] = {}  # of the containers read so far, with all that they hold

    def value(self) -> Any:
        """The next value; every fault in the bytes is Malformed."""
        try:
            return self.get()
        except (Malformed, MemoryError):
            raise
        except RecursionError:
            raise Excess("nested too deep") from None
        # whatever a built-in constructor says about wrong contents: unhashable keys, bad lengths...
        except Exception as e:
            raise Malformed(type(e).__name__) from None

    def end(self) -> None:
        if self.pos != len(self.data):
            raise Malformed("bytes left over")

    def get(self) -> Any:
        pos = self.pos
        self.pos = pos + 1
        return READ[self.data[pos]](self)

    def count(self) -> int:
        data, pos = self.data, self.pos
        n = data[pos]
        pos += 1
        if n > 127:
            n &= 127
            shift = 7
            while True:
                byte = data[pos]
                pos += 1
                n |= (byte & 127) << shift
                if byte < 128:
                    break
                shift += 7
                if shift > 35:
                    raise Malformed("count too long")
        self.pos = pos
        return n

    def raw(self) -> bytes:
        n = self.count()
        start = self.pos
        end = start + n
        if end > len(self.data):
            raise Malformed("cut short")
        self.pos = end
        return self.data[start:end]

    def text(self) -> str:
        return self.raw().decode("utf-8", "surrogatepass")

    def many(self, n: int) -> list[Any]:
        """The next `n` values; each takes at least a byte, so that a false count is found at once."""
        into: list[Any] = []
        self.fill(into, n)
        return into

    def fill(self, into: list[Any], n: int) -> None:
        if n > len(self.data) - self.pos:
            raise Malformed("count beyond the data")
        self.weigh(n)
        self.depth += 1
        if self.depth > MAX_DEPTH + 8:
            raise Excess("nested too deep")
        get, add = self.get, into.append
        for _ in range(n):
            add(get())
        self.depth -= 1

    def weigh(self, weight: int) -> None:
        self.left -= weight
        if self.left < 0:
            raise Excess("too many values")


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
    container, code = d.data[d.pos : d.pos + 1], chr(d.data[d.pos + 1])
    d.pos += 2
    n = d.count()
    items = array({"q": "q", "d": "d", "s": "I"}[code])
    end = d.pos + n * items.itemsize
    if end > len(d.data):
        raise Malformed("count beyond the data")
    d.weigh(n)
    items.frombytes(memoryview(d.data)[d.pos : end])
    d.pos = end
    values: list[Any] = items.tolist()
    if code == "s":
        values = _cut(d.text(), values)
    if container == b"(":
        return tuple(values)
    if container != b"[":
        raise Malformed("packed neither as list nor as tuple")
    d.weights[len(d.refs)] = n
    d.refs.append(values)
    return values


def _cut(text: str, lengths: list[int]) -> list[str]:
    values = []
    start = 0
    for length in lengths:
        values.append(text[start : start + length])
        start += length
    if start != len(text):
        raise Malformed("lengths that do not add up")
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


def _bad(d: Decoder) -> Any:
    raise Malformed(f"no such tag: {d.data[d.pos - 1]}")


READ: list[Callable[[Decoder], Any]] = [_bad] * 256
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
