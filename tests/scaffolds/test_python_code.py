"""The longest part that parses, against the rule written out; and what a function needs."""

from __future__ import annotations

import ast
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.scaffolds import python_code
from evalkit.scaffolds.python_code import longest_python, parse, reachable

# fmt: off
LINES = [
    "def f(x):", "    return x", "  return y", "", " ", "```", "```python", "Here it is:", "It's prose",
    "x = (", "1,", ")", "(((", "[", "]", "}", "f({", "a;b", "# c", "    # d", "\t", "\f", "a\r", "\u3000",
    "\0", "\ud800", "if x:", "else:", "try:", "except E:", "    finally:", "    pass", "for i in y:",
    "match x:", "    case 1:", "        pass", "@dec", "class A:", "    x = 1", "async def g():",
    "    await x", "return", "lambda:", "x = 1 \\", "+ 2", "b = 'c\\", "d'", "'''", "a'''", "    '''doc'''",
    "f'''{x", "}'''", 'x = """', '"""',
]
# fmt: on


def parses(source: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(source)
        except (SyntaxError, ValueError):
            return False
    return True


def rule_written_out(text: str) -> str:
    """A parse for every pair of lines: the definition, too slow for use."""
    lines = text.split("\n")
    best, first, last = 0, 0, 0
    for i in range(len(lines)):
        for j in range(i + 1, len(lines)):
            count = sum(1 for line in lines[i : j + 1] if line.strip())
            if count > best and parses("\n".join(lines[i : j + 1])):
                best, first, last = count, i, j
    return "\n".join(lines[first : last + 1])


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=14).map("\n".join))
def test_longest_is_what_the_rule_says(text: str) -> None:
    assert longest_python(text) == rule_written_out(text)


@pytest.mark.parametrize(
    ("text", "longest"),
    [
        ("Sure:\n```python\nx = 1\ny = 2\n```\nDone.", "x = 1\ny = 2"),
        ("x = 1\n```\ny = 2\nz = 3", "y = 2\nz = 3"),
        ("a\nb\n```\nc\nd", "a\nb"),  # the earliest of two that are as long
        ("one line", "one line"),  # nothing parses: the first line
        ("", ""),
        ("\n\n\n", ""),
        ("'''\nopen to the end\nx = 1", "'''"),
        ("x = (\n1,\n2,", "1,\n2,"),
        ("x = 'a\\\nb'\n```", "x = 'a\\\nb'"),
        ("```\r\nx = 1\r\ny = 2\r\n```", "x = 1\r\ny = 2\r"),
    ],
)
def test_longest_by_example(text: str, longest: str) -> None:
    assert longest_python(text) == longest


CODE = """
from __future__ import annotations
import math, os
from typing import List
LIMIT = 10
unused = 1
first, second = LIMIT
@cache
def decorated(): return 1
def helper(n): return n + LIMIT
def helper(n): return "the second of a name"
def shows(): print(helper(1))
class Node:
    def get(self): return other
other: int = 2
async def later(): return await helper(1)
def f(x: Node) -> int:
    # kept
    return helper(x.size)  # not kept: the definition ends before
f(1)
if __name__ == "__main__":
    f(2)
"""


def test_reachable_keeps_what_the_function_needs() -> None:
    assert reachable(CODE, "f") == (
        "import math, os\nfrom typing import List\nLIMIT = 10\n"
        "def helper(n): return n + LIMIT\n"
        "class Node:\n    def get(self): return other\nother: int = 2\n"
        "def f(x: Node) -> int:\n    # kept\n    return helper(x.size)"
    )


def test_an_odd_assignment_defines_the_name_on_its_right() -> None:
    assert reachable(CODE, "LIMIT") == "import math, os\nfrom typing import List\nLIMIT = 10"
    assert reachable("a, b = c\ndef f(): return c", "f") == "a, b = c\ndef f(): return c"


@pytest.mark.parametrize(
    ("code", "entry", "kept"),
    [
        ("def f():\n    yield 1", "f", ""),  # without a return it is no function
        ("print(1)", "f", ""),
        ("not python at all", "f", ""),
        ("import os\nprint(1)", "f", "import os"),
        ("   def f(): return 1", "f", "def f(): return 1"),
        ("def f(): return 'é' ; x = 1", "f", "def f(): return 'é' ; x = 1"),
        ("é = 'ü'; f = é", "f", "é = 'ü'\nf = é"),
        ("def f():\r\n    return 1\r\nx\r\n", "f", "def f():\r\n    return 1"),
        ("x = 1\rdef f(): return x\r", "f", "x = 1\ndef f(): return x"),
        (
            "def f(): return f'{g(1):>{w}}'\ng = w = 1\nw = 2",
            "f",
            "def f(): return f'{g(1):>{w}}'\ng = w = 1\nw = 2",
        ),
    ],
)
def test_reachable_by_example(code: str, entry: str, kept: str) -> None:
    assert reachable(code, entry) == kept


DEEP = [
    "-" * 9000 + "x",
    "(" * 5000,
    "1" + "+1" * 30_000,
    "x" + ".a" * 30_000,
    "not " * 9000 + "x",
    "f(" * 90 + ")" * 90,
]


@pytest.mark.parametrize("line", DEEP, ids=lambda line: line[:4])
def test_deep_nesting_counts_as_unparseable(line: str) -> None:
    text = f"{line}\n{line}\nx = 1\ny = 2"
    assert longest_python(text).endswith("x = 1\ny = 2")
    assert isinstance(reachable(text, "x"), str)


HUGE = [
    "a\n",
    "```\n",
    "x\n)\n",
    "x = (\n1,\n",
    "'''\n",
    "try:\n    a\n",
    "@a\n",
    "if x:\n",
    "\0\n",
    "\ud800\n",
    "\n",
    "a;",
    "(",
]


@pytest.mark.full
@pytest.mark.parametrize("piece", HUGE)
def test_a_megabyte_ends(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    assert longest_python(text) in text
    reachable(text, "f")


def test_work_is_bounded_and_the_best_so_far_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(python_code, "MAX_WORK", 20_000)
    text = "x = 1\ny = 2\n)\n" + "a\n)\n" * 5000 + "b\n" * 50
    assert longest_python(text) == "x = 1\ny = 2"


def test_ranges_of_too_many_characters_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(python_code, "MAX_RANGE", 40)
    assert longest_python("x = 1\n" * 100) == "\n".join(["x = 1"] * 6)
    assert parse("x" * 41) is None


def test_warnings_of_the_models_code_stay_silent() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert longest_python("x = '\\d'\ny = 1") == "x = '\\d'\ny = 1"
