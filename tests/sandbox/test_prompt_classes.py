"""Classes that a task's own prompt defines: their objects cross, their methods are the prompt's."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.asking import check

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="session")]

PROMPT = """
from __future__ import annotations
from dataclasses import dataclass, field
from enum import Enum, IntEnum, auto
from typing import NamedTuple

class Node:
    def __init__(self, value, next=None):
        self.value = value
        self.next = next
    def last(self):
        return self if self.next is None else self.next.last()

@dataclass(frozen=True)
class Point:
    x: int
    y: int = 0
    def doubled(self) -> Point:
        return Point(2 * self.x, 2 * self.y)

class Slotted:
    __slots__ = ("a", "b")
    def __init__(self, a): self.a = a

class Colour(Enum):
    RED = auto()
    BLUE = auto()

class Level(IntEnum):
    LOW = 1
    HIGH = 3

class Row(NamedTuple):
    name: str
    size: int = 0
"""


async def test_objects_of_the_prompts_classes_cross_both_ways(sandbox: Any) -> None:
    program = (
        PROMPT
        + """
def f(what, *args):
    if what == "reverse":
        node, back = args[0], None
        while node:
            node.next, back, node = back, node, node.next
        return back
    if what == "middle": return Point((args[0].x + args[1].x) // 2, (args[0].y + args[1].y) // 2)
    if what == "same": return args[0]
    if what == "other": return {Colour.RED: Colour.BLUE, Level.LOW: Level.HIGH}[args[0]]
    if what == "slotted":
        args[0].a += 1
        args[0].b = [args[0].a]
        return Slotted(5)
    if what == "new": return [Row("a"), Node(1, Node(2)), Point]
"""
    )
    test = """
head = Node(1, Node(2, Node(3)))
second = head.next
got = candidate("reverse", head)
assert (got.value, got.next.value, got.next.next.value, got.next.next.next) == (3, 2, 1, None)
assert head.next is None and second.next is head and got.next is second and type(got) is Node
assert candidate("middle", Point(0), Point(4, 2)) == Point(2, 1) and candidate("middle", Point(0), Point(2)).doubled() == Point(2)
assert candidate("middle", Point(0), Point(4, 2)) != Point(2, 2) and candidate("middle", Point(0), Point(0)) != (0, 0)
assert candidate("same", head) is head and candidate("same", [Point(1)]) == [Point(1)]
loop = Node(1)
loop.next = loop
assert candidate("same", loop) is loop and candidate("same", loop).next is loop
assert candidate("other", Colour.RED) is Colour.BLUE and candidate("other", Level.LOW) == 3 and candidate("same", Colour.RED) is Colour.RED
s = Slotted(1)
assert candidate("slotted", s).a == 5 and s.a == 2 and s.b == [2]
row, node, kind = candidate("new")
assert row == ("a", 0) and row.name == "a" and node.last().value == 2 and kind != Point
assert candidate("same", Row("b", 2)).size == 2
"""
    said = await check(sandbox, program, test, helpers=PROMPT)
    assert said.status == "passed", said.detail


async def test_an_object_of_the_prompts_class_acts_as_the_prompt_says(sandbox: Any) -> None:
    """The answer's own class of that name, with whatever methods, is attributes here and no more."""
    program = """
class Point:
    def __init__(self, **attributes): self.__dict__.update(attributes)
    def __eq__(self, other): return True
    def __getattr__(self, name): return 4
    def doubled(self): return 4
class Node: pass
class Slotted: pass
class Colour: pass
class Level: pass
class Row: pass
def f(kind):
    if kind == "liar": return Point()
    if kind == "method": return Point(x=1, y=2, doubled=lambda: 4)
    if kind == "special": return Point(x=1, y=2, __eq__=lambda other: True)
    if kind == "subclass": return type("Point", (Point,), {})(x=4, y=4)
    return Point(x=1, y=2)
"""
    for question in (
        "candidate('liar') == Point(4, 4)", "candidate('liar').x == 4", "candidate('method').doubled() == 4", "candidate('plain') == Point(4, 4)",
        "candidate('special') == Point(4, 4)", "candidate('subclass') == Point(4, 4)", "candidate('plain').doubled() == 4",
    ):  # fmt: skip
        said = await check(sandbox, program, f"assert {question}", helpers=PROMPT)
        assert said.status in ("wrong", "crashed"), question
    said = await check(sandbox, program, "assert candidate('plain') == Point(1, 2)", helpers=PROMPT)
    assert said.status == "passed", said.detail


async def test_an_answer_without_the_class_fails_and_breaks_nothing(sandbox: Any) -> None:
    for program in (
        "def f(x): return x",
        "Point = 5\ndef f(x): return x",
        "class Point(list): pass\ndef f(x): return x",
    ):
        said = await check(sandbox, program, "assert candidate(Point(1)) == Point(1)", helpers=PROMPT)
        assert said.status == "crashed", said.detail
