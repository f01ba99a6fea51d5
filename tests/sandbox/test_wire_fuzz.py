"""The value table against anything: what is written comes back, and damaged bytes do nothing."""

from __future__ import annotations

import collections
import contextlib
import datetime
import decimal
import fractions
import subprocess
import sys
import tracemalloc
import uuid
from array import array
from pathlib import Path
from typing import Any

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.sandbox.inside.evalkit_judge.shown import short
from evalkit.sandbox.inside.unwire import Decoder
from evalkit.sandbox.inside.wire import MAX_VALUES, Excess, Malformed, TooLarge
from tests.sandbox.test_wire import Row, Stack, decode, encode

ints = st.integers() | st.integers(-(2**63) - 2, 2**63 + 2) | st.integers(-2, 300)
days = st.dates().map(lambda d: d)
scalars = st.one_of(
    st.none(), st.booleans(), ints, st.floats(), st.complex_numbers(), st.text(), st.binary(),
    st.characters(categories=["Cs"]), st.just(...), st.just(NotImplemented), st.sampled_from([int, list, ValueError]),
    st.decimals().filter(lambda d: abs(d.adjusted()) < 1000 if d.is_finite() else True), st.fractions(), days,
    st.datetimes(timezones=st.none() | st.just(datetime.UTC)), st.times(), st.timedeltas(), st.uuids(),
    st.builds(range, st.integers(0, 9), st.integers(0, 2**40).map(lambda n: n % MAX_VALUES), st.integers(1, 3)),
    st.builds(lambda xs: array("d", xs), st.lists(st.floats())), st.binary().map(bytearray),
    st.sampled_from([numpy.float32(1.5), numpy.int8(-3), numpy.str_("é"), numpy.bool_(True), numpy.datetime64("NaT")]),
)  # fmt: skip
keys = st.text() | st.integers() | st.tuples(st.integers(), st.text()) | st.frozensets(st.integers())


def containers(inner: Any) -> Any:
    table = st.dictionaries(keys, inner)
    return st.one_of(
        st.lists(inner), st.lists(inner).map(tuple), st.sets(keys), table, table.map(collections.OrderedDict),
        st.lists(keys).map(collections.Counter), table.map(lambda d: collections.defaultdict(list, d)),
        st.lists(inner).map(collections.deque), st.lists(inner).map(lambda xs: collections.deque(xs, maxlen=2)),
        table.map(collections.UserDict), st.lists(inner).map(collections.UserList), table.map(collections.ChainMap),
        st.builds(Row, st.text(), st.integers()), st.lists(inner).map(Stack), st.builds(slice, inner, inner),
        st.lists(st.integers(), min_size=8), st.lists(st.floats(), min_size=8), st.lists(st.text(), min_size=8).map(tuple),
    )  # fmt: skip


values: Any = scalars | st.deferred(lambda: containers(values))


@given(values)
@settings(max_examples=400, deadline=None)
def test_any_value_comes_back_by_type_and_contents(value: Any) -> None:
    assert shape(decode(encode(value))) == shape(value)


def shape(value: Any) -> Any:
    """A value with the types of everything in it, comparable where nan and -0.0 are inside."""
    kind = type(value)
    if isinstance(value, tuple | list | collections.deque | collections.UserList):
        return kind.__name__, [shape(item) for item in value], getattr(value, "maxlen", None)
    if isinstance(value, collections.ChainMap):
        return kind.__name__, [shape(item) for item in value.maps]
    if isinstance(value, dict | collections.UserDict):
        return (
            kind.__name__,
            [(shape(k), shape(v)) for k, v in value.items()],
            getattr(value, "default_factory", 0),
        )
    if isinstance(value, set | frozenset):
        return kind.__name__, sorted(repr(shape(item)) for item in value)
    if isinstance(value, slice):
        return "slice", shape(value.start), shape(value.stop)
    return kind.__name__, value.tobytes() if isinstance(value, numpy.generic | array) else repr(value)


@given(
    values.map(encode),
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=6),
)
@settings(max_examples=600, deadline=None)
def test_damaged_bytes_are_malformed_or_a_value_that_nothing_goes_wrong_with(
    data: bytes, damage: list[tuple[int, int]]
) -> None:
    damaged = bytearray(data)
    for where, byte in damage:
        damaged[where % len(damaged)] = byte
    try:
        value = decode(bytes(damaged))
    except Malformed:
        return
    assert len(short(value)) <= 300
    with contextlib.suppress(TooLarge):
        encode(decode(encode(value)))  # it can be an argument
    if not isinstance(value, numpy.ndarray):
        with contextlib.suppress(RecursionError, ArithmeticError):  # it may hold itself, or a signalling nan
            bool(value == decode(bytes(damaged)))


# events of sys.addaudithook that decoding damaged bytes may not raise: imports, files, code, processes...
WATCH = """
import random, sys
from tests.sandbox.test_wire import EXACT, Malformed, decode, encode
import numpy
seeds = [encode(v) for v in EXACT] + [encode(numpy.arange(3)), encode([numpy.float64(1)] * 2), encode(len), encode(sys)]
more = [b"m", b"t", b"K", b"O", b"H", b"f", b"R", b"M"]
seeds += [tag + bytes([n]) + b"os.system"[:n] + b"(" + bytes([2]) for tag in more for n in (2, 9)]
for data in seeds:
    try: decode(data)
    except Malformed: pass
events = set()
sys.addaudithook(lambda event, arguments: events.add(event) if event != "array.__new__" else None)
chance = random.Random(7)
for n in range(30000):
    data = bytearray(chance.choice(seeds))
    for _ in range(chance.randrange(4)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    try: decode(bytes(data[:20000]))
    except Malformed: pass
print(sorted(events))
"""


def test_decoding_raises_no_event_that_an_audit_would_see() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", WATCH],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert ran.stdout.strip() == "[]", ran.stdout + ran.stderr[-2000:]


SMALL: dict[str, Any] = {
    "lists": list, "dicts": dict, "sets": set, "frozensets": lambda: frozenset([1]), "tuples": lambda: (1,), "bytearrays": bytearray,
    "floats": lambda: 1.5, "texts": lambda: "\U0001f600", "big ints": lambda: 2**70, "Counters": collections.Counter,
    "OrderedDicts": lambda: collections.OrderedDict(a=1), "deques": collections.deque, "bounded deques": lambda: collections.deque(maxlen=1),
    "Decimals": lambda: decimal.Decimal(1), "Fractions": lambda: fractions.Fraction(1, 3), "UUIDs": lambda: uuid.UUID(int=1),
    "datetimes": lambda: datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC), "UserDicts": collections.UserDict, "ChainMaps": collections.ChainMap,
    "UserStrings": lambda: collections.UserString(""), "arrays": lambda: numpy.zeros(0), "scalars": lambda: numpy.float64(1),
    "views": lambda: {}.items(), "named tuples": lambda: Row("a"), "subclasses": lambda: Stack(), "defaultdicts": lambda: collections.defaultdict(int),
    "new classes": iter([type(f"Stack{n}", (Stack,), {}) for n in range(3000)]).__next__,
}  # fmt: skip
PER_VALUE = 130  # bytes: with MAX_VALUES, a gigabyte at the very most


@pytest.mark.parametrize("name", SMALL)
def test_what_is_rebuilt_takes_no_more_memory_than_its_weight_says(name: str) -> None:
    def make() -> Any:
        made = SMALL[name]()
        return made() if isinstance(made, type) else made

    data = encode([make() for _ in range(2000)])
    tracemalloc.start()
    try:
        d = Decoder(data, opaque=lambda *facts: facts)
        value = d.value()
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert len(value) == 2000
    assert held / (MAX_VALUES - d.left) < PER_VALUE


def test_a_container_counts_wherever_it_is_referred_to() -> None:
    def doubled(times: int) -> list[Any]:
        x: list[Any] = [1]
        for _ in range(times):
            x = [x, x]
        return x

    assert decode(encode(doubled(15))) == doubled(15)
    for kind in (list, collections.deque, lambda xs: dict(enumerate(xs)), collections.UserList):
        x: Any = kind([1])
        for _ in range(60):
            x = kind([x, x])
        with pytest.raises((Excess, TooLarge)):  # wrappers are not numbered: their writer gives up
            decode(encode(x))
    rows = [[0] * 1000] * 1000  # an honest grid of one row
    assert decode(encode(rows)) == rows
