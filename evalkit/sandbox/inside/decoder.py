"""Where a message is read: a place in its bytes, and what is left of its bounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .wire import MAX_BYTES, MAX_DEPTH, MAX_VALUES, Excess, Malformed


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


def _bad(d: Decoder) -> Any:
    raise Malformed(f"no such tag: {d.data[d.pos - 1]}")


READ: list[Callable[[Decoder], Any]] = [_bad] * 256  # by tag; `unwire.py` fills them in
