"""The value table by itself: what goes in comes out, and bytes from an enemy do nothing but fail."""

from __future__ import annotations

import collections
import contextlib
import datetime
import decimal
import enum
import fractions
import math
import struct
import sys
from typing import Any, NamedTuple

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.sandbox.inside import wire
from evalkit.sandbox.inside.answer import Server
from evalkit.sandbox.inside.unwire import Decoder
from evalkit.sandbox.inside.wire import Encoder, Malformed, TooLarge

Point = collections.namedtuple("Point", "x y")


class Row(NamedTuple):
    name: str
    size: int = 0


class Found(NamedTuple):
    """A stand-in for an opaque object."""

    kind: str
    handle: int
    abilities: int
    name: str


class Level(enum.IntEnum):
    HIGH = 3


class Stack(list[int]):
    def push(self, value: int) -> None:
        self.append(value)


def encode(*values: Any) -> bytes:
    """As an answer's process encodes: objects that are no values become opaque."""
    return bytes(Server(-1).encode(*values))


def decode(data: bytes) -> Any:
    d = Decoder(data, opaque=lambda *facts: Found("opaque", *facts), module=lambda name: name)
    value = d.value()
    d.end()
    return value


def crossed(value: Any) -> Any:
    return decode(encode(value))


EXACT = [
    None, True, False, ..., NotImplemented, 0, -1, 2**63 - 1, -(2**63), 2**63, -(10**4000), 0.0, -0.0, math.inf,
    5e-324, 1j, complex(-0.0, 2), "", "a\0ü\U0001f600", "\ud800 alone", b"", b"\xff", (), (1, (2, "x")), [], [[1], []],
    {}, {"b": 1, "a": [2]}, {1: None, (1, 2): {3}}, set(), {1, "x"}, frozenset({1}), bytearray(b"ab"),
    range(3, 10, 2), slice(1, None, 2), int, list, ValueError, type(None),
    [1.5] * 20, list(range(100)), ["ab", "", "\udfff", "é"] * 5, tuple(range(9)), [2**70] * 9, [True] * 9, [1, 1.0] * 9,
    decimal.Decimal("1.10"), decimal.Decimal("-Infinity"), fractions.Fraction(1, 3), datetime.date(2024, 2, 29),
    datetime.datetime(2024, 2, 29, 1, 2, 3, 4), datetime.time(1, 2), datetime.timedelta(-1, 5, 7),
    datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC), datetime.timezone(datetime.timedelta(hours=2)),
    collections.Counter("abca"), collections.OrderedDict([("b", 1), ("a", 2)]), collections.deque([1, [2]]),
    collections.deque([1, 2], maxlen=2), collections.defaultdict(list, {"a": [1]}), collections.UserDict({"a": 1}),
    collections.UserList([1]), collections.UserString("ab"), collections.ChainMap({"a": 1}, {"b": 2}),
]  # fmt: skip


@pytest.mark.parametrize("value", EXACT, ids=lambda v: f"{type(v).__name__}-{v!r:.20}")
def test_values_come_back_as_they_were(value: Any) -> None:
    back = crossed(value)
    assert type(back) is type(value)
    assert repr(back) == repr(value) if sys.getsizeof(value) < 1000 else back == value


def test_nan_stays_nan_and_nested_types_stay_exact() -> None:
    assert math.isnan(crossed(math.nan))
    assert math.isnan(crossed([math.nan] * 10)[3])
    back = crossed([(1, True, 1.0)])
    assert list(map(type, back[0])) == [int, bool, float]
    assert math.copysign(1, crossed([-0.0] * 8)[0]) == -1


def test_aliases_and_cycles_keep_their_meaning() -> None:
    inner = [1]
    back = crossed([inner, {"k": inner}, inner])
    assert back[0] is back[2] is back[1]["k"]
    loop: list[Any] = [1]
    loop.append({"self": loop})
    again = crossed(loop)
    assert again[1]["self"] is again
    queue: collections.deque[Any] = collections.deque()
    queue.append(queue)
    assert (q := crossed(queue))[0] is q


def test_numpy_values_are_rebuilt() -> None:
    for array in (numpy.arange(6).reshape(2, 3), numpy.array([1.5, numpy.nan]), numpy.array(["ab", "c"]),
                  numpy.zeros((0, 3), dtype=bool), numpy.array(7), numpy.array(["2024-01-01"], dtype="M8[D]")):  # fmt: skip
        back = crossed(array)
        assert back.dtype == array.dtype
        assert back.shape == array.shape
        numpy.testing.assert_array_equal(back, array)
        back[...] = back  # it can be written to
    for scalar in (
        numpy.float32(1.5),
        numpy.int64(3),
        numpy.bool_(True),
        numpy.str_("x"),
        numpy.str_(""),
        numpy.complex128(1j),
    ):
        assert crossed(scalar) == scalar
        assert type(crossed(scalar)) is type(scalar)
    mixed = crossed(numpy.array([[1], None], dtype=object))
    assert mixed.dtype == object
    assert mixed[0] == [1]
    assert crossed(numpy.zeros(2, dtype=[("a", "i4")]))[0] == "opaque"


def test_named_tuples_are_rebuilt_without_their_class() -> None:
    back = crossed(Point(1, [2]))
    assert back == Point(1, [2])
    assert back.y == [2]
    assert type(back).__name__ == "Point"
    assert crossed(Row("a"))._asdict() == {"name": "a", "size": 0}
    assert crossed(Row("a"))._replace(size=2)._replace(name="b") == ("b", 2)
    assert repr(crossed(Row("a"))) == repr(Row("a")) == "Row(name='a', size=0)"
    with pytest.raises(ValueError, match="unexpected field names"):
        crossed(Row("a"))._replace(other=1)


def test_plain_subclasses_are_their_contents_and_liars_are_opaque() -> None:
    class Liar(int):
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = int.__hash__

    back = crossed(Stack([1, 2]))
    assert back == [1, 2]
    assert type(back) is not list
    assert crossed(Level.HIGH) == 3
    assert crossed(Liar(5))[0] == "opaque"


def test_views_compare_as_views_do_and_iterators_are_opaque() -> None:
    assert crossed({1: 2}.keys()) == {1}
    assert crossed({1: 2}.items()) == {(1, 2)}
    assert list(crossed({1: 2}.values())) == [2]
    handle = crossed(iter([1]))
    assert handle[0] == "opaque"
    assert handle[2] & wire.ITERATOR
    assert crossed(x for x in "ab")[3] == "generator"
    assert crossed(object())[2] == 0
    assert crossed(len)[2] & wire.CALLABLE


def test_modules_cross_by_name_if_they_are_known() -> None:
    assert crossed(math) == "math"
    assert crossed(sys.modules[__name__])[0] == "opaque"


def test_depth_and_size_are_bounded_both_ways() -> None:
    deep: list[Any] = []
    for _ in range(1000):
        deep = [deep]
    with pytest.raises(TooLarge):
        encode(deep)
    with pytest.raises(Malformed, match="deep"):
        decode(b"(\x01" * 5000 + b"N")
    with pytest.raises(TooLarge):
        encode(["x" * (100 << 20)] * 3)
    with pytest.raises(Malformed):
        decode(b"[\xff\xff\xff\xff\x7f")  # 34 thousand million items, says the count


BAD = {
    "no tag": b"",
    "unknown tag": b"?",
    "cut int": b"q\0",
    "cut text": b"s\x05ab",
    "text that is none": b"s\x01\xff",
    "unhashable key": b"{\x01[\x00N",
    "unhashable item": b"S\x01[\x00",
    "reference to nothing": b"@\x07",
    "unknown type": b"t\x04Evil",
    "unknown kind": b"K\x04EvilN",
    "range of text": b"rs\x01ass\x01bs\x01c",
    "handle": b"H\x00",
    "left over": b"NN",
    "fraction by zero": b"K\x08Fraction(\x02q" + struct.pack("<q", 1) + b"q" + bytes(8),
    "month 13": b"K\x04date(\x03" + b"".join(b"q" + struct.pack("<q", n) for n in (2024, 13, 1)),
    "array of objects": b"K\x07ndarray(\x03s\x01O(\x01q" + struct.pack("<q", 1) + b"b\x08" + bytes(8),
    "array with too few bytes": b"K\x07ndarray(\x03s\x03<i8(\x01q"
    + struct.pack("<q", 9)
    + b"b\x08"
    + bytes(8),
    "array of nothing with a shape": b"K\x07ndarray(\x03s\x03<i8(\x01q"
    + struct.pack("<q", 1 << 40)
    + b"b\x00",
    "date of an object": b"K\x04dateO\x00\x02\x01x",
    "deque of an object": b"K\x05dequeO\x00\x02\x01x",
    "ChainMap of an object": b"K\x08ChainMap(\x01O\x00\x02\x01x",
    "packed with a false count": b"V[d\x7f" + bytes(8),
    "packed texts with false lengths": b"V[s\x01" + struct.pack("<I", 9) + b"\x02ab",
    "named tuple with code for a name": encode(("N", ("x): import os #",), (1,))).replace(
        b"(\x03", b"K\x0anamedtuple(\x03", 1
    ),
    "subclass of a class": encode((type, "T", 1)).replace(b"(\x03", b"K\x08subclass(\x03", 1),
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
def test_wrong_bytes_are_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        decode(data)


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text() | st.integers(), inner)
    ),
    max_leaves=30,
)


@given(plain)
@settings(max_examples=150, deadline=None)
def test_any_plain_value_comes_back(value: Any) -> None:
    assert crossed(value) == value


@given(st.binary(max_size=200) | plain.map(encode), st.integers(0, 2**31), st.integers(0, 255))
@settings(max_examples=300, deadline=None)
def test_any_bytes_give_a_value_or_malformed(data: bytes, where: int, byte: int) -> None:
    damaged = bytearray(data)
    if damaged:
        damaged[where % len(damaged)] = byte
    with contextlib.suppress(Malformed):
        decode(bytes(damaged))


def test_decoding_imports_nothing() -> None:
    before = set(sys.modules)
    for data in (b"m\x0aturtledemo", encode(math), encode(len)):
        with contextlib.suppress(Malformed):
            decode(data)
    assert set(sys.modules) == before


def test_known_containers_are_referred_to_by_number() -> None:
    shared: list[Any] = [1]
    e = Encoder(lambda e, v: None, [shared])
    e.put((shared, shared))
    d = Decoder(bytes(e.out), refs=[shared])
    first, second = d.value()
    assert first is second is shared
