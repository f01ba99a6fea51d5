"""Hostile values on real containers: each ends as a failed verdict, in time, and harms no neighbour."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from tests.sandbox.asking import asserts, check, judge
from tests.steady import steady

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="session")]

# builds bytes of the protocol by hand: what no honest process sends
RAW = """
import os, struct
class Raw:
    pass
def reply(body, operation=b"V"):
    import sys
    fd = next(f.f_locals["self"].fd for f in iter_frames() if "self" in f.f_locals and hasattr(f.f_locals["self"], "fd"))
    data = operation + body
    data = struct.pack("<I", len(data)) + data
    while data:
        data = data[os.write(fd, data):]
    import time
    time.sleep(60)
def iter_frames():
    import sys
    f = sys._getframe()
    while f:
        yield f
        f = f.f_back
def q(n): return b"q" + struct.pack("<q", n)
def k(name, body): return b"K" + bytes([len(name)]) + name + body
def leb(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])
def s(text): return b"s" + leb(len(text)) + text
def big(n):
    data = n.to_bytes(n.bit_length() // 8 + 1, "little", signed=True)
    return b"I" + leb(len(data)) + data
"""

BOMBS = {
    # name: (body of f, test, statuses)
    "a list in a list sixty times over": ("x = [1]\nfor _ in range(60): x = [x, x]\nreturn x", "assert candidate() == 5", "output"),
    "two of them compared": ("x = [1]\nfor _ in range(60): x = [x, x]\nreturn x", "assert candidate() == candidate()", "output"),
    "a list that holds itself twice": ("x = []\nx += [x, x]\nreturn x", "assert candidate() == [1]", "wrong"),
    "two of those compared": ("x = []\nx += [x, x]\nreturn x", "assert candidate() == candidate()", "wrong"),
    "raised with a list without an end": ("x = [1]\nfor _ in range(60): x = [x, x]\nraise ValueError(x)", "candidate()", "crashed memory timeout"),
    "an integer of a million digits": ("return 10 ** 10**6", "assert str(candidate()) == '5'", "wrong"),
    "an integer of 60 MB": ("return 1 << (480 << 20)", "assert candidate() == 5", "wrong"),
    "a range without an end": ("return range(10**30)", "assert 'x' in candidate()", "wrong timeout"),
    "a range of everything": ("return range(10**9)", "assert sorted(candidate()) == [1]", "wrong timeout memory"),
    "a million tuples deep": ("x = ()\nfor _ in range(10**6): x = (x,)\nreturn x", "assert candidate() == 5", "output"),
    "a Decimal of a billion zeros": ("import decimal\nreturn decimal.Decimal('1E+1000000000')", "assert int(candidate()) == 5", "wrong"),
    "a Decimal of a million digits": ("import decimal\nreturn decimal.Decimal('9' * 10**6)", "assert candidate() == 5", "wrong"),
    "a Fraction of a million bits": ("import fractions\nreturn fractions.Fraction(1, 2**10**6 + 1)", "assert candidate() == 5", "wrong"),
    "an iterator without an end": ("import itertools\nreturn itertools.count()", "assert list(candidate()) == [1]", "timeout memory"),
    "an iterator of growing texts": ("return ('x' * n * 10**6 for n in range(10**6))", "assert list(candidate()) == [1]", "timeout memory output crashed"),
    "millions of lists": ("return [[] for _ in range(5 * 10**6)]", "assert candidate() == 5", "wrong timeout memory output crashed"),
    "millions of sets": ("return [set() for _ in range(10**6)]", "assert candidate() == 5", "wrong timeout memory output crashed"),
    "keys that collide": ("p = 2**61 - 1\nreturn {n * p: 0 for n in range(20000)}", "assert candidate() == {1: 2}", "wrong timeout"),
    "numbers whose set collides": ("p = 2**61 - 1\nreturn [n * p for n in range(100000)]", "assert set(candidate()) == {1}", "timeout"),
    "an error with an endless name": ("raise type('E' * 10**7, (Exception,), {})('x' * 10**8)", "candidate()", "crashed"),
    "a class with markup for a name": ("return type('<b>\\x1b[2J', (list,), {})()", "assert candidate() == 5", "wrong"),
    "an argument given back ten times": ("return 'x' * (30 << 20)", "candidate([candidate()] * 3)", "output memory"),
    "a module as an argument": ("import os\nreturn os", "candidate(candidate()) == 5 or 1 / 0", "crashed wrong"),
    "an empty array that spans the world": ("import numpy\nreturn numpy.zeros((0, 10**12))", "assert candidate().T.tolist() == 5", "crashed wrong"),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
async def test_a_value_that_is_a_bomb_is_a_failed_verdict_in_time(sandbox: Any, name: str) -> None:
    body, test, allowed = BOMBS[name]
    program = "def f(*args):\n" + "".join(f"    {line}\n" for line in body.splitlines())
    start = time.monotonic()
    said = await check(sandbox, program, test, wall_s=1.0 if "timeout" in allowed else 3.0)
    assert said.status in allowed.split(), said.detail
    assert len(said.detail) < 5000
    assert time.monotonic() - start < 60


async def test_bombs_stall_no_neighbour(sandbox: Any) -> None:
    """Honest programs keep their pass while the worst of these run beside them."""
    names = (
        "numbers whose set collides",
        "millions of lists",
        "two of them compared",
        "an iterator without an end",
    )
    bombs = []
    for name in names:
        body, test, _ = BOMBS[name]
        program = "def f(*args):\n" + "".join(f"    {line}\n" for line in body.splitlines())
        bombs.append(asyncio.create_task(check(sandbox, program, test, wall_s=1.5)))
    good = [
        check(sandbox, "def f(n): return n + 1", "assert candidate(1) == 2", wall_s=8.0) for _ in range(8)
    ]
    assert [said.status for said in await asyncio.gather(*good)] == ["passed"] * 8
    assert all(said.status not in ("passed", "grader") for said in await asyncio.gather(*bombs))


FORGED = {
    "text of an error that is a list": "reply(s(b'E') + s(b'ValueError') + b'[' + bytes([2]) + q(1) * 2 + b'(' + bytes([0]), b'R')",
    "a callback with a negative number": "reply(q(-1) + b'(' + bytes([0]) + b'{' + bytes([0]), b'B')",
    "a callback of no function": "reply(q(5) + b'(' + bytes([0]) + b'{' + bytes([0]), b'B')",
    "a callback with a list for names": "reply(q(0) + b'(' + bytes([0]) + b'[' + bytes([0]), b'B')",
    "contents for too many arguments": "reply(q(1) + b'(' + bytes([9]) + b'N' * 9)",
    "contents of another kind": "reply(q(1) + b'(' + bytes([2]) + b'N' + b'N')",
    "a reference to what it was not given": "reply(b'@' + leb(77))",
    "a number for a handle": "reply(b'H' + leb(3))",
    "dates of bytes": "reply(k(b'date', b'(' + bytes([1]) + b'b' + bytes([4]) + b'\\x07\\xe8\\x01\\xff'))",
    "a truth value that is neither": "reply(k(b'ndarray', b'(' + bytes([3]) + s(b'|b1') + b'(' + bytes([1]) + q(1) + b'b' + bytes([1, 2])))",
    "an array of characters beyond unicode": "reply(k(b'ndarray', b'(' + bytes([3]) + s(b'<U1') + b'(' + bytes([1]) + q(1) + b'b' + bytes([4]) + bytes([255]) * 4))",
    "a function by name": "reply(b'f' + leb(2) + b'os' + leb(6) + b'system')",
    "a factory that acts": "reply(k(b'defaultdict', b'(' + bytes([2]) + b't' + leb(4) + b'type' + b'(' + bytes([0])))",
    "a range of a range": "reply(b'r' + q(0) + big(2**70) + q(1))",
    "a count that lies": "reply(b'[' + leb(2**34))",
    "texts for a walk": "reply(b'(' + bytes([3]) + b'N' * 3)",
}  # fmt: skip


@pytest.mark.parametrize("name", FORGED)
async def test_forged_bytes_are_a_crash(sandbox: Any, name: str) -> None:
    program = RAW + f"def f(*args, **kwargs):\n    {FORGED[name]}\n"
    said = await check(sandbox, program, "xs = [1]\nassert candidate(xs, key=lambda x: x) == 5", wall_s=3.0)
    assert (said.status, "broke the protocol" in said.detail) == ("crashed", True), said.detail


async def test_forged_depth_is_too_much_of_a_value(sandbox: Any) -> None:
    for value in ("b'(\\x01' * 10**6 + b'N'", "k(b'UserString', b'') * 10**5 + b'N'"):
        said = await check(sandbox, RAW + f"def f():\n    reply({value})\n", "candidate()", wall_s=3.0)
        assert (said.status, said.detail[:24]) == ("output", "the answer's value has n"), said.detail


async def test_an_answer_changes_only_what_it_was_given(sandbox: Any) -> None:
    said = await check(
        sandbox,
        """
import gc
def f(xs, *more):
    for thing in gc.get_objects():
        if type(thing) is list and thing == ["theirs"]:
            thing.append("changed")
    xs.append(xs); xs.append({1: xs})
    return xs
""",
        """
mine, shared, table = ["theirs"], [], {}
got = candidate(shared)
assert mine == ["theirs"] and got is shared and got[0] is shared and got[1][1] is shared
try:
    candidate({})
except AttributeError:
    pass
else:
    assert False
""",
    )
    assert said.status == "passed", said.detail


async def test_functions_of_the_library_run_on_the_answers_side(sandbox: Any) -> None:
    """Lent to the answer, `eval` and `open` would run here what the answer says."""
    program = """
import os
def f(function, *args): return function(*args)
def where(): return os.getuid()
"""
    said = await asserts(
        sandbox,
        program,
        "import os, math, operator, numpy",
        "assert f(os.getuid) == where() != os.getuid() and f(eval, '1 + 1') == 2 and f(len, [1]) == 1",
        "assert f(math.sqrt, 4) == 2 and f(operator.add, 1, 2) == 3 and f(numpy.sum, [1, 2]) == 3 and f(max, 1, 2) == 2",
        "import pathlib\nassert f(pathlib.Path, '/x') and f(isinstance, 1, int) and f(issubclass, pathlib.Path, pathlib.PurePath)",
        "assert f(lambda: os.getuid()) == os.getuid() and f(str.upper, 'a') == 'A' and f(operator.itemgetter(1), [1, 2]) == 2",
    )
    assert said.status == "passed", said.detail


async def test_a_failed_assert_in_a_function_of_the_test_ends_the_test(sandbox: Any) -> None:
    program = """
said = []
def f(function):
    try:
        function(1)
    except BaseException as e:
        said.append(str(e))
    return 5
def told(): return said
"""
    statement = "def ask(x): assert x == 2, 'two was wanted'\nassert f(ask) == 5"
    said = await asserts(sandbox, program, statement, "assert told() == []")
    assert [t.status for t in said.tests] == ["wrong", "passed"]
    said = await asserts(
        sandbox,
        program,
        "def ask(x): raise KeyError('mine')\nassert f(ask) == 5",
        "assert told() == [\"'mine'\"]",
    )
    assert said.status == "passed", said.detail


async def test_what_a_function_of_the_test_returns_can_be_given_back(sandbox: Any) -> None:
    said = await check(
        sandbox,
        "def f(make, *args):\n    made = make(*args)\n    return [made, made]",
        """
import re
class Mine: pass
one = Mine()
assert candidate(lambda: one) == [one, one] and candidate(lambda: [one])[0][0] is one
assert candidate(re.compile("a").match, "abc")[1].group() == "a"
try:
    candidate(lambda: one.missing)
except AttributeError:
    pass
else:
    assert False
""",
    )
    assert said.status == "passed", said.detail
    said = await check(
        sandbox, "def f(make): return make()(1)", "class Mine: pass\ncandidate(lambda: Mine())"
    )
    assert (said.status, "TypeError" in said.detail) == ("crashed", True)


async def test_a_function_of_the_test_called_for_ever_ends_in_time(sandbox: Any) -> None:
    for program in (
        "def f(function):\n    while True: function(1)",
        "def f(function):\n    import threading\n    for _ in range(4): threading.Thread(target=lambda: [function(1) for _ in range(10**6)]).start()\n    return 5",
        "def f(function):\n    global kept\n    kept = function\n    return 5\ndef g():\n    while True: kept(1)",
    ):  # fmt: skip
        test = "seen = []\ncandidate(seen.append)\ncandidate(lambda x: x)\ng()\nassert len(seen) == 1"
        said = await check(sandbox, program, test, wall_s=1.0)
        assert said.status in ("timeout", "crashed", "memory"), said.detail


@steady
async def test_callbacks_win_no_time_for_a_single_call(sandbox: Any) -> None:
    text = """
import time
from evalkit_judge import AnswerError, Test
def judge(answer, task):
    answer.load()
    start = time.monotonic()
    try:
        answer.call("f", lambda x: x, timeout=0.5)
    except AnswerError as e:
        yield Test("t", "passed" if e.kind == "timeout" and time.monotonic() - start < 2 else "wrong", repr(e))
"""
    program = "import time\ndef f(function):\n    while True:\n        time.sleep(0.2)\n        function(1)"
    assert (await judge(sandbox, text, program, {}, wall_s=6.0)).status == "passed"


async def test_errors_are_what_the_tests_except_clause_means(sandbox: Any) -> None:
    program = """
class Empty(Exception): pass
class Mine(ValueError):
    def __init__(self, code): super().__init__(code, "text"); self.code = code
def f(kind):
    if kind == "empty": raise Empty("nothing")
    if kind == "mine": raise Mine(7)
    if kind == "key": return {}["k"]
    if kind == "object": raise ValueError(object())
    raise kind
"""
    said = await check(
        sandbox,
        program,
        """
def caught(what, kind):
    try:
        candidate(what)
    except kind as e:
        return str(e), e.args
    assert False
assert caught("empty", Empty) == ("nothing", ("nothing",))
assert caught("mine", ValueError) == ("(7, 'text')", (7, "text"))
assert caught("key", KeyError) == ("'k'", ("k",))
text, [thing] = caught("object", ValueError)
assert thing and thing != 5
assert "x" not in repr(thing)
""",
        helpers="class Empty(Exception): pass",
    )
    assert said.status == "passed", said.detail


@pytest.mark.parametrize(
    "kind",
    ["StopIteration", "StopAsyncIteration", "GeneratorExit", "SystemExit", "KeyboardInterrupt", "AssertionError",
     "IndexError", "KeyError", "AttributeError", "NameError", "MemoryError", "RecursionError", "TimeoutError",
     "NotImplementedError", "ExceptionGroup", "BaseExceptionGroup", "Warning", "UnicodeDecodeError", "AnswerError",
     "OutOfTime", "SupervisorGone", "NotCrossable"],
)  # fmt: skip
async def test_no_raised_error_makes_a_test_pass(sandbox: Any, kind: str) -> None:
    """Errors that mean something to loops, generators, protocols and to the judge itself."""
    program = f"""
import builtins
kind = getattr(builtins, {kind!r}, None) or type({kind!r}, (BaseException,), {{}})
def make():
    for args in ((), ("x",), ("x", [ValueError()]), ("utf-8", b"x", 0, 1, "x")):
        try: return kind(*args)
        except TypeError: pass
def f(*args): raise make()
class Walk:
    def __iter__(self): return self
    def __next__(self):
        if kind is StopIteration: return 1
        raise make()
def g(): return Walk()
"""
    said = await asserts(
        sandbox,
        program,
        "assert list(f(n) for n in range(3)) == []",
        "assert [n for n in iter(f, 5)] == []",
        "assert all(f(n) == n for n in range(3))",
        "for n in range(3):\n    assert f(n) == n",
        "assert sorted([1], key=f) == [1]",
        "assert list(map(f, [1])) == []",
        "assert list(g()) == []",
        "assert 5 in g()",
        "assert not any(x != 5 for x in g())",
        "def walk():\n    yield f(1)\nassert list(walk()) == []",
        "assert not hasattr(g(), 'x') and f(1) == 1",
        "assert (lambda: f(1))() == 1",
        wall_s=2.0,
    )
    passed = [t.name for t in said.tests if t.status == "passed"]
    assert passed == []
    assert said.status not in ("grader", "passed")
