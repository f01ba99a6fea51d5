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
from .wire import MAX_BYTES, MAX_DEPTH, MAX_VALUES, TYPES, Malformed, _unpack_c, _unpack_d, _unpack_q


class Decoder:
    """Takes values from `data`, from `pos` on.

    `refs`: containers that both sides have already, by number. `opaque(handle, abilities, name)` makes
    the stand-in of an opaque object, `handle(number)` finds an object by handle, `module(name)` a
    module; a side that does not expect them refuses.
    """

    __slots__ = ("data", "depth", "handle", "left", "module", "opaque", "pos", "refs")

    def __init__(
        self,
        data: bytes,
        pos: int = 0,
        *,
        refs: list[Any] | None = None,
        opaque: Callable[[int, int, str], Any] | None = None,
        handle: Callable[[int], Any] | None = None,
        module: Callable[[str], Any] | None = None,
    ) -> None:
        if len(data) > MAX_BYTES + 4096:
            raise Malformed("message too large")
        self.data = data
        self.pos = pos
        self.refs: list[Any] = [] if refs is None else refs
        self.opaque = opaque
        self.handle = handle
        self.module = module
        self.depth = 0
        self.left = MAX_VALUES

    def value(self) -> Any:
        """The next value; every fault in the bytes is Malformed."""
        try:
            return self.get()
        except Malformed:
            raise
        # whatever a built-in constructor says about wrong contents (unhashable keys, bad lengths...)
        except (
            TypeError,
            ValueError,
            IndexError,
            KeyError,
            OverflowError,
            ArithmeticError,
            AttributeError,
        ) as e:
            raise Malformed(f"{type(e).__name__}: {e}") from None
        except RecursionError:
            raise Malformed("nested too deep") from None

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
        self.left -= n
        if n > len(self.data) - self.pos or self.left < 0:
            raise Malformed("count beyond the data" if self.left >= 0 else "too many values")
        self.depth += 1
        if self.depth > MAX_DEPTH + 8:
            raise Malformed("nested too deep")
        get, add = self.get, into.append
        for _ in range(n):
            add(get())
        self.depth -= 1


def _list(d: Decoder) -> list[Any]:
    value: list[Any] = []
    d.refs.append(value)
    d.fill(value, d.count())
    return value


def _packed(d: Decoder) -> Any:
    container, code = d.data[d.pos : d.pos + 1], chr(d.data[d.pos + 1])
    d.pos += 2
    n = d.count()
    items = array({"q": "q", "d": "d", "s": "I"}[code])
    end = d.pos + n * items.itemsize
    d.left -= n
    if end > len(d.data) or d.left < 0:
        raise Malformed("count beyond the data")
    items.frombytes(memoryview(d.data)[d.pos : end])
    d.pos = end
    values: list[Any] = items.tolist()
    if code == "s":
        values = _cut(d.text(), values)
    if container == b"(":
        return tuple(values)
    if container != b"[":
        raise Malformed("packed neither as list nor as tuple")
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


def _dict(d: Decoder) -> dict[Any, Any]:
    value: dict[Any, Any] = {}
    d.refs.append(value)
    parts = d.many(2 * d.count())
    value.update(zip(parts[::2], parts[1::2], strict=True))
    return value


def _set(d: Decoder) -> set[Any]:
    value: set[Any] = set()
    d.refs.append(value)
    value.update(d.many(d.count()))
    return value


def _bytearray(d: Decoder) -> bytearray:
    value = bytearray()
    d.refs.append(value)
    value += d.raw()
    return value


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
    return range(*map(_exact_int, d.many(3)))


def _exact_int(value: Any) -> int:
    if type(value) is not int:
        raise Malformed("a range of something else than int")
    return value


def _type(d: Decoder) -> type:
    return TYPES[d.text()]


def _ref(d: Decoder) -> Any:
    return d.refs[d.count()]


def _kind(d: Decoder) -> Any:
    kind = KINDS[d.text()]
    if kind.empty is None:
        built = kind.build(d.get() if kind.holds_anything else _inert(d))
        if kind.numbered:
            d.refs.append(built)
        return built
    value = kind.empty()
    d.refs.append(value)
    kind.refill(value, d.get())
    return value


def _inert(d: Decoder) -> Any:
    """A value without any object of the other side in it."""
    kept = d.opaque, d.handle, d.module
    d.opaque = d.handle = d.module = None
    value = d.get()
    d.opaque, d.handle, d.module = kept
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
    "(": lambda d: tuple(d.many(d.count())),
    "[": _list,
    "V": _packed,
    "{": _dict,
    "S": _set,
    "Z": lambda d: frozenset(d.many(d.count())),
    "A": _bytearray,
    "r": _range,
    "l": lambda d: slice(*d.many(3)),
    "t": _type,
    "m": _module,
    "@": _ref,
    "K": _kind,
    "O": _opaque,
    "H": _handle,
}.items():
    READ[ord(_tag)] = _read
