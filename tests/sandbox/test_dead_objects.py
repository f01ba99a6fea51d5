"""Objects of the answer on the judge's side: dead, but for what a task itself asks for (docs/judge.md)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.asking import asserts, check

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="session")]

# does whatever a test could hope for, and tells everybody what it was asked
LIVE = """
seen = []
class Yes:
    def __eq__(self, other): seen.append(other); return True
    def __ne__(self, other): return False
    def __hash__(self): return hash(5)
    def __contains__(self, item): seen.append(item); return True
    def __getattr__(self, name): return lambda *args, **kwargs: seen.append(args) or True
    def __getitem__(self, key): seen.append(key); return True
    def __len__(self): return 3
    def __str__(self): return "abc"
    def __format__(self, spec): return "abc"
    def __index__(self): return 5
    def __float__(self): return 5.0
    def __lt__(self, other): return True
    def __add__(self, other): return self
    def __radd__(self, other): return self
    def __sub__(self, other): return self
    def __rsub__(self, other): return self
    def __mod__(self, other): return 0
    def __abs__(self): return 0
    def __round__(self, n=0): return 5
    def __instancecheck__(self, other): return True
    @property
    def __class__(self): return int
class Text(str):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __contains__(self, item): return True
    def startswith(self, *args): return True
    __hash__ = str.__hash__
class Items(list):
    def __eq__(self, other): return True
    def __contains__(self, item): return True
    def __iter__(self): return iter([object()])
class Number(int):
    def __eq__(self, other): return True
    def __sub__(self, other): return 0
    __hash__ = int.__hash__
def f(kind="yes"): return {"yes": Yes(), "text": Text("q"), "list": Items([7]), "int": Number(7)}[kind]
def told(): return len(seen)
"""

QUESTIONS = [
    "result == 5", "5 == result", "not result != 5", "result in [5]", "5 in [result]", "5 in result",
    "result.equals(5)", "result.value == 5", "getattr(result, 'value') == 5", "result[0] == 5", "result[:1] == [5]",
    "len(result) == 3", "str(result) == 'abc'", "f'{result}' == 'abc'", "'%s' % result == 'abc'", "'abc' in repr(result)",
    "abs(result - 5) < 1e-6", "abs(5 - result) < 1e-6", "result + 1 == 6", "result % 2 == 0", "round(result, 1) == 5",
    "result < 6", "6 > result", "result <= 5", "int(result) == 5", "float(result) == 5", "isinstance(result, int)",
    "isinstance(5, type(result))", "result is True", "{5: 1}.get(result) == 1", "result in {5}", "[5][result:] == []",
    "sorted(result) == [5]", "list(result) == [5]", "set(result) == {5}", "max(result) == 5", "sum([result]) == 5", "dict(result) == {}",
    "[*result] == [5]", "all(x == 5 for x in result)", "any(x == 5 for x in result)", "result.startswith('abc')", "result.count(5) == 1",
    "__import__('math').isclose(result, 5)", "__import__('numpy').allclose(result, 5)", "(__import__('numpy').array([5]) == result).all()",
    "__import__('operator').eq(result, 5)", "__import__('json').dumps(result) == '5'", "hash(result) == hash(5)",
    "__import__('copy').deepcopy(result) == 5", "(result, 1) == (5, 1)", "[result] == [5]", "{'k': result} == {'k': 5}",
]  # fmt: skip


@pytest.mark.parametrize("kind", ["yes", "text", "list", "int"])
async def test_no_question_makes_an_object_the_expected_value(sandbox: Any, kind: str) -> None:
    """Each question as an assert of its own; for every kind of object that has an __eq__ of its own."""
    statements = [f"result = f({kind!r})\nassert {question}" for question in QUESTIONS]
    said = await asserts(sandbox, LIVE, *statements, "assert told() == 0")
    *answers, silence = said.tests
    passed = [q for q, t in zip(QUESTIONS, answers, strict=True) if t.status == "passed"]
    assert passed == []
    assert silence.status == "passed", silence.detail  # nothing of it ever reached the answer


async def test_an_object_is_true_itself_and_a_possible_argument(sandbox: Any) -> None:
    said = await asserts(
        sandbox,
        """
import re
class Pair:
    def __init__(self, a, b): self.a, self.b = a, b
def first(pair): return pair
def items(*pairs): return list(pairs)
def total(pairs): return sum(p.a * p.b for p in pairs)
def find(text): return re.search("b+", text)
""",
        "assert find('abb') and not find('ac') and find('abb') is not None and bool(find('abb')) is True",
        "p = Pair(2, 3)\nassert first(p) is p and first(p) == p and items(p)[0] is p and p in {first(p)}",
        "assert Pair(1, 1) != Pair(1, 1) and first(Pair(1, 1)) != p",
        "assert total([Pair(1, 2), p, first(p)]) == 14",
        "import copy\nassert total(copy.deepcopy([p])) == 6",
    )
    assert said.status == "passed", said.detail


async def test_a_returned_function_can_be_asked_like_the_answer_itself(sandbox: Any) -> None:
    said = await check(
        sandbox,
        "def f(n):\n    return lambda x: x + n\n",
        """
add = candidate(3)
assert add(4) == 7 and [*map(add, [1, 2])] == [4, 5] and add != 7 and callable(add)
assert not hasattr(add, '__wrapped__') and not hasattr(add, 'cache')
""",
    )
    assert said.status == "passed", said.detail


async def test_iterators_and_iterables_give_items_that_are_compared_here(sandbox: Any) -> None:
    program = """
class Shifty:
    walks = 0
    def __iter__(self):
        self.walks += 1
        return iter([1, 2] if self.walks == 1 else [2, 1])
    def __contains__(self, item): return True
class Liar:
    def __eq__(self, other): return True
class Restless:
    n = 0
    def __iter__(self): return self
    def __next__(self):
        self.n += 1
        if self.n % 3 == 0: raise StopIteration
        return self.n
def f(kind):
    if kind == "shifty": return Shifty()
    if kind == "liars": return iter([Liar()])
    if kind == "restless": return Restless()
    if kind == "no iterator": return type("X", (), {"__iter__": lambda self: [1]})()
    return (n for n in (1, 2, 3))
"""
    said = await check(
        sandbox,
        program,
        """
x = candidate("shifty")
assert list(x) == [1, 2] and list(x) == [1, 2] and sorted(x) == [1, 2] and 3 not in x and 2 in x and x != [1, 2]
assert 2 in candidate("generator") and 7 not in candidate("generator") and candidate("generator") != [1, 2, 3]
assert 5 not in candidate("liars") and list(candidate("liars")) != [5]
r = candidate("restless")
assert list(r) == [1, 2] and list(r) == []
try:
    list(candidate("no iterator"))
except TypeError:
    pass
else:
    assert False
""",
    )
    assert said.status == "passed", said.detail


STACK = '''class Stack:
    """A stack of numbers: push, pop, `size`; len() and `in` work."""
    def push(self, x): ...
    def pop(self): ...
    def __len__(self): ...
    def __contains__(self, x): ...
'''
GOOD_STACK = """
class Stack(list):
    made = 0
    def push(self, x): self.append(x); return self
    @property
    def size(self): return len(self)
"""
STACK_TEST = """
s = candidate()
assert s.push(3) is s and s.push(4).size == 2 and len(s) == 2 and 4 in s and 5 not in s
assert s.pop() == 4 and s.size == 1
s.pop()
try:
    s.pop()
except IndexError:
    pass
else:
    assert False
assert not s
"""


async def test_a_class_that_the_task_asks_for_is_tested_by_its_methods(sandbox: Any) -> None:
    said = await check(sandbox, GOOD_STACK, STACK_TEST, entry_point="Stack", text=STACK)
    assert said.status == "passed", said.detail
    broken = GOOD_STACK.replace("self.append(x)", "self.append(x + 1)")
    assert (await check(sandbox, broken, STACK_TEST, entry_point="Stack", text=STACK)).status == "wrong"


async def test_a_class_where_a_function_was_asked_for_gets_nothing(sandbox: Any) -> None:
    for text in (
        "def Stack(n):\n    '''class Stack'''",
        "class Other: ...",
        "def f(): ...\n# class Stack",
        "",
    ):
        said = await check(sandbox, GOOD_STACK, STACK_TEST, entry_point="Stack", text=text)
        assert said.status == "wrong", text


async def test_a_live_object_answers_by_the_names_of_its_task_only(sandbox: Any) -> None:
    program = """
class Stack:
    def push(self, x): return self
    def pop(self): return self
    def __len__(self): return 3
    def __contains__(self, x): return True
    def __eq__(self, other): return True
    def __getitem__(self, key): return 4
    def __str__(self): return "4"
    def __iter__(self): return iter([4])
    def __getattr__(self, name): return lambda *args: True
"""
    for question in (
        "s.pop() == 4", "s.pop().startswith('4')", "s.pop()[0] == 4", "str(s.pop()) == '4'", "s.pop() == candidate()",
        "list(s.pop()) == [4]", "s.pop().isdigit()", "s.pop().items() == 4", "s.pop().__eq__(4) is True",
    ):  # fmt: skip
        said = await check(
            sandbox, program, f"s = candidate()\nassert {question}", entry_point="Stack", text=STACK
        )
        assert said.status == "wrong", question


async def test_set_up_code_is_parted_between_the_sides(sandbox: Any) -> None:
    program = """
import sys
class Tree:
    def __init__(self, v): self.v, self.left = v, None
def height(t): return 1 + height(t.left) if t else 0
def total(nodes): return sum(n.v for n in nodes)
also = "mine"
want = 7
def leaked(): return [n for n in ("want", "also", "limit", "secret") if n in globals()], want, also
"""
    setup = """
import math
want = [2, 1]
also = sorted(want)
secret = 5
limit = 3
def twice(x): return math.floor(2 * x)
root = Tree(twice(limit))
root.left = Tree(1)
nodes = []
for i in range(3):
    nodes.append(Tree(i))
"""
    said = await asserts(
        sandbox,
        program,
        "assert height(root) == 2 and total(nodes) == 3 and total([root]) == 6",
        "assert also == [1, 2] and want == [2, 1] and secret == 5",
        "assert leaked() == (['want', 'also', 'limit'], 7, 'mine')",
        "assert twice(limit) == 6",
        setup=setup,
    )
    assert said.status == "passed", said.detail
