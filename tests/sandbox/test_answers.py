"""What a judge can ask an answer, on real containers: values, calls, in-place changes, errors."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.asking import asserts, check, judge

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="session")]


async def test_values_cross_both_ways(sandbox: Any) -> None:
    said = await check(
        sandbox,
        "def f(x): return x",
        """
import collections, datetime, decimal, fractions, math, numpy
P = collections.namedtuple("P", "x y")
for v in [None, True, 0, -1, 10**50, 1.5, 1j, "a\\ud800", b"\\xff", [1, [2]], (1, (2,)), {1: {2}}, {3}, frozenset({4}),
          range(5), slice(1), ..., int, bytearray(b"x"), [1.5] * 30, ["ab"] * 30, collections.Counter("aab"),
          collections.OrderedDict(a=1), collections.deque([1]), collections.defaultdict(int, a=1), P(1, 2),
          decimal.Decimal("1.0"), fractions.Fraction(1, 3), datetime.datetime(2024, 1, 1), numpy.float64(2.5)]:
    got = candidate(v)
    assert got == v and type(got).__name__ == type(v).__name__, (v, got)
assert math.isnan(candidate(math.nan)) and math.copysign(1, candidate(-0.0)) == -1
assert (candidate(numpy.arange(4)) == numpy.arange(4)).all()
assert not isinstance(candidate((1, 2)), list) and candidate(True) is True
""",
    )
    assert said.status == "passed", said.detail


async def test_arguments_changed_in_place_travel_back(sandbox: Any) -> None:
    said = await check(
        sandbox,
        """
def f(xs, table, seen, data, nested):
    xs.sort(); xs.append(xs[0]); table["new"] = xs; del table["old"]; seen.discard(1); data += b"!"
    nested[0][0] = "deep"; nested.append(nested[0])
    return xs
""",
        """
import collections
xs, table, seen, data, nested = [3, 1, 2], {"old": 1}, {1, 2}, bytearray(b"a"), [[0], collections.deque([1])]
inner = nested[0]
got = candidate(xs, table, seen, data, nested)
assert xs == [1, 2, 3, 1] and got is xs and table == {"new": xs} and table["new"] is xs
assert seen == {2} and data == b"a!" and inner == ["deep"] and nested[2] is inner
""",
    )
    assert said.status == "passed", said.detail
    text = """
from evalkit_judge import Test
def judge(answer, task):
    answer.load()
    xs = [2, 1]
    got = answer.call("f", xs)
    yield Test("call leaves arguments alone", "passed" if (xs, got) == ([2, 1], [1, 2]) else "wrong")
"""
    assert (await judge(sandbox, text, "def f(xs):\n    xs.sort()\n    return xs", {})).status == "passed"


async def test_a_tests_iterators_reach_the_answer_as_iterators(sandbox: Any) -> None:
    said = await check(
        sandbox,
        """
def f(given, more=None):
    assert iter(given) is given and not isinstance(given, list)
    first = next(given, None)
    return [first, *given], list(more or ())
""",
        """
import itertools
assert candidate(iter([1, 2, 3])) == ([1, 2, 3], [])
assert candidate(n * n for n in range(4)) == ([0, 1, 4, 9], [])
assert candidate(map(str, [1, 2]), more=zip("ab", [1, 2])) == (["1", "2"], [("a", 1), ("b", 2)])
assert candidate(itertools.chain([1], [[2]]), reversed([3])) == ([1, [2]], [3])
assert candidate(enumerate(candidate(iter("ab"))[0])) == ([(0, "a"), (1, "b")], [])
assert candidate(iter(())) == ([None], [])
""",
    )
    assert (said.status, said.detail) == ("passed", "")


async def test_a_tests_iterator_without_an_end_is_the_tests_fault(sandbox: Any) -> None:
    said = await check(
        sandbox, "def f(g): return next(g)", "import itertools\nassert candidate(itertools.count()) == 0"
    )
    assert said.status == "grader"
    assert "100,000 items" in said.detail


async def test_iterators_are_walked_and_equal_no_list(sandbox: Any) -> None:
    said = await check(
        sandbox,
        """
import itertools
def f(kind):
    if kind == "endless": return itertools.count()
    if kind == "broken": return (1 // (3 - n) for n in range(9))
    if kind == "map": return map(str, [1, 2])
    return (n * n for n in range(1000))
""",
        """
import itertools
g = candidate("squares")
assert g != [n * n for n in range(1000)]
assert next(g) == 0 and list(g) == [n * n for n in range(1, 1000)] and list(g) == []
assert list(itertools.islice(candidate("endless"), 5)) == [0, 1, 2, 3, 4]
assert sorted(candidate("map")) == ["1", "2"] and "".join(candidate("map")) == "12"
got = []
try:
    for item in candidate("broken"): got.append(item)
except ZeroDivisionError:
    got.append("zero")
assert got == [0, 0, 1, "zero"]
""",
    )
    assert said.status == "passed", said.detail


async def test_names_belong_to_tests_first_then_to_the_answer(sandbox: Any) -> None:
    program = "import sys, math\nfrom collections import Counter\ndef sum(a, b): return a + b\ndef check(n): return n > 1\nK = 7"
    said = await asserts(
        sandbox,
        program,
        "assert sum(10, 15) == 25",
        "assert check(2) == True",
        "assert sys.getsizeof(()) > 0 and math.pi > 3",
        "assert K == 7 and Counter('aa') == {'a': 2}",
        "assert len([1]) == 1",
        entry_point="sum",
    )
    assert said.status == "passed", said.detail
    missing = await asserts(sandbox, program, "assert nothing(1) == 1")
    assert (missing.status, missing.detail) == ("crashed", "NameError: name 'nothing' is not defined")
    # an answer cannot put its own len() or math beside the tests
    fake = "import types\nmath = types\ndef len(x): return 3\ndef f(): return [1]"
    assert (await asserts(sandbox, fake, "assert len(f()) == 3")).status == "wrong"
    assert "another module" in (await asserts(sandbox, fake, "assert math.sqrt(4) == 2")).detail


async def test_setup_runs_where_its_names_are(sandbox: Any) -> None:
    said = await asserts(
        sandbox,
        "def f(xs): return sorted(xs)",
        "assert f(data) == want",
        setup="import math\ndata = [2, 1]\nwant = [1, 2]",
    )
    assert said.status == "passed", said.detail
    classes = "class Pair:\n    def __init__(self, a): self.a = a"
    said = await asserts(sandbox, "def f(p): return p.a", "assert f(Pair(3)) == 3", setup=classes)
    assert said.status == "passed", said.detail


async def test_helpers_of_the_task_replace_the_answers(sandbox: Any) -> None:
    said = await check(
        sandbox,
        "def helper(x): return 0\ndef f(x): return 99",
        "assert helper(candidate(1)) == 0",
        helpers="def helper(x): return x\ndef f(x):\n    'only a docstring'",
    )
    assert said.status == "wrong"
    assert said.detail == "assert helper(candidate(1)) == 0 (the last call gave 99)"


async def test_functions_of_the_test_can_be_called_by_the_answer(sandbox: Any) -> None:
    said = await check(
        sandbox,
        "def f(xs, key): return sorted(xs, key=key)\n",
        """
assert candidate([1, 2, 3], lambda x: -x) == [3, 2, 1]
assert candidate(["bb", "a"], len) == ["a", "bb"]
def bad(x): raise KeyError("mine")
try:
    candidate([1], bad)
    assert False
except KeyError:
    pass
assert candidate([3, 1], key=lambda n: candidate([n], abs)[0]) == [1, 3]
""",
    )
    assert said.status == "passed", said.detail


async def test_errors_cross_with_their_type_and_text(sandbox: Any) -> None:
    said = await check(
        sandbox,
        """
class Mine(ValueError): pass
def f(what):
    if what == "mine": raise Mine("no")
    if what == "unicode": "\\ud800".encode()
    raise what
""",
        """
for what, kind in [("mine", ValueError), ("unicode", UnicodeEncodeError), (IndexError, IndexError), (OSError, OSError)]:
    try:
        candidate(what)
    except kind as e:
        assert e.kind == "crashed" and not e.died, e
    else:
        assert False
""",
    )
    assert said.status == "passed", said.detail
    uncaught = await check(sandbox, "def f(): {}['k']", "candidate()")
    assert (uncaught.status, uncaught.detail) == ("crashed", "KeyError: 'k'")
    syntax = await check(sandbox, "def f(:", "candidate()")
    assert syntax.status == "crashed"
    assert syntax.detail.startswith("SyntaxError")


async def test_a_judge_may_restart_and_remember(sandbox: Any) -> None:
    text = """
from evalkit_judge import AnswerError, Test, remember
def judge(answer, task):
    known = remember("n", lambda: b"first" + bytes(str(task["salt"]), "ascii"))
    answer.load()
    first, second = answer.call("f"), answer.call("f")
    answer.restart()
    answer.load()
    third = answer.call("f")
    answer.execute("n = 40")
    ok = (first, second, third, answer.evaluate("n + 2"), answer.has("f"), answer.has("g")) == (1, 2, 1, 42, True, False)
    yield Test("restart", "passed" if ok and 0 < answer.remaining() <= 5 else "wrong", repr((first, second, third)))
    try:
        answer.call("f", timeout=0.0)
        answer.call("sleep", timeout=0.1)
    except AnswerError as e:
        yield Test("timeout", "passed" if e.kind == "timeout" and e.died and answer.died else "wrong", repr(e))
    return {"known": known.decode()}
"""
    program = "n = 0\ndef f():\n    global n\n    n += 1\n    return n\ndef sleep():\n    import time; time.sleep(9)"
    first = await judge(sandbox, text, program, {"salt": 1})
    assert first.status == "passed", first.detail
    assert first.data == {"known": "first1"}
    again = await judge(sandbox, text.replace("first", "again"), program, {"salt": 1})
    assert again.data == {"known": "again1"}  # another judge, another memory
    changed = await judge(sandbox, text, program, {"salt": 2})
    assert changed.data == {"known": "first2"}
    counting = 'import os, time\nfrom evalkit_judge import Test, remember\ndef judge(answer, task):\n    yield Test("t", "passed")\n    return {"pid": remember("p", lambda: str(time.time_ns()).encode()).decode()}'
    stamps = {(await judge(sandbox, counting, "", {})).data["pid"] for _ in range(3)}
    assert len(stamps) == 1


async def test_faults_of_a_judge_are_the_graders(sandbox: Any) -> None:
    for text, detail in (
        ("def judge(answer, task):\n    yield 1", "a Test with a known status"),
        ("def judge(answer, task):\n    return 1", "no generator"),
        ("def judge(answer, task):\n    answer.load()\n    return {}\n    yield", "made no test"),
        ("def judge(answer, task):\n    1 / 0\n    yield", "ZeroDivisionError"),
        ("def judge(answer, task", "SyntaxError"),
        ("import os\ndef judge(answer, task):\n    os._exit(0)\n    yield", "ended without a result"),
        ("def judge(answer, task):\n    yield\nclass X: pass\n", "expected"),
    ):
        said = await judge(sandbox, text, "def f(): pass", {})
        assert said.status == "grader", text
        assert detail in said.detail
    outcome = await check(sandbox, "def f(x): return x", "class T: pass\ncandidate(T())")
    assert outcome.status == "grader"  # the test's object has no way across: no fault of the answer's
