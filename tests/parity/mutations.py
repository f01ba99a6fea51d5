"""Small wrong turns in a correct program: text edits at the places that its syntax tree names.

Edits are made in the source text (not by unparsing), so that every Python version makes the same ones.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator
from dataclasses import dataclass

from .problems import parse

COMPARE = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "in": "not in"}
ARITHMETIC = {"+": "-", "-": "+", "*": "+", "//": "/", "/": "//", "%": "//", "**": "*", "&": "|", "|": "&"}
CONSTANTS = ("None", "True", "False", "0", "1", "-1", "''", "[]", "()", "{}", "1.0", "[0]", "set()")


@dataclass(frozen=True)
class Edit:
    """Replace source[start:end] (offsets in characters) by `text`. `kind` names the mutation."""

    kind: str
    start: int
    end: int
    text: str


def mutate(source: str, rng: random.Random, count: int) -> list[tuple[str, str]]:
    """Up to `count` different (kind, program) made from `source` by one edit each, of varied kinds."""
    source = source.replace("\r\n", "\n")
    by_kind: dict[str, list[Edit]] = {}
    for edit in edits(source, rng):
        by_kind.setdefault(edit.kind, []).append(edit)
    made: dict[str, str] = {}
    kinds = sorted(by_kind)
    rng.shuffle(kinds)
    for kind in kinds * 3:
        if len(made) >= count:
            break
        edit = rng.choice(by_kind[kind])
        text = source[: edit.start] + edit.text + source[edit.end :]
        if text != source:
            made.setdefault(text, kind)
    return [(kind, text) for text, kind in made.items()]


def edits(source: str, rng: random.Random) -> Iterator[Edit]:
    place = _Places(source)
    for node in _nodes(parse(source)):
        yield from _expression(node, place, rng)
        yield from _statement(node, place)


def _nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Depth first; not into f-strings, whose inner positions differ between versions, nor docstrings."""
    yield node
    for child in ast.iter_child_nodes(node):
        docstring = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
        if not isinstance(child, ast.JoinedStr) and not docstring:
            yield from _nodes(child)


class _Places:
    """Offsets of nodes in the text: the tree counts UTF-8 bytes in a line."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.lines = source.split("\n")
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line) + 1)

    def offset(self, line: int, column: int) -> int:
        return self.starts[line - 1] + len(self.lines[line - 1].encode()[:column].decode())

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self.offset(node.lineno, node.col_offset), self.offset(node.end_lineno, node.end_col_offset)

    def operator(self, left: ast.expr, right: ast.expr, swaps: dict[str, str]) -> tuple[int, int, str] | None:
        """The operator between two operands, where brackets do not hide it: (start, end, its swap)."""
        start, end = self.span(left)[1], self.span(right)[0]
        token = self.source[start:end].strip()
        if token not in swaps:
            return None
        at = self.source.index(token, start)
        return at, at + len(token), swaps[token]


def _expression(node: ast.AST, place: _Places, rng: random.Random) -> Iterator[Edit]:
    if isinstance(node, ast.Constant):
        start, end = place.span(node)
        if type(node.value) is int:
            yield Edit("off-by-one", start, end, str(node.value + rng.choice((-1, 1))))
        elif type(node.value) is str and place.source[start] in "'\"":
            yield Edit("other-string", start, end, rng.choice(("''", "' '", "'x'")))
        elif type(node.value) is bool:
            yield Edit("flipped-bool", start, end, str(not node.value))
    elif isinstance(node, ast.Compare):
        if found := place.operator(node.left, node.comparators[0], COMPARE):
            yield Edit("compare", *found)
    elif isinstance(node, ast.BinOp):
        if found := place.operator(node.left, node.right, ARITHMETIC):
            yield Edit("arithmetic", *found)
    elif isinstance(node, ast.BoolOp):
        if found := place.operator(node.values[0], node.values[1], {"and": "or", "or": "and"}):
            yield Edit("and-or", *found)
    elif isinstance(node, ast.Call) and len(node.args) >= 2:
        (a, b), (c, d) = place.span(node.args[0]), place.span(node.args[1])
        yield Edit("swapped-arguments", a, d, place.source[c:d] + place.source[b:c] + place.source[a:b])
    elif isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Slice):
        start, end = place.span(node.slice)
        yield Edit("index", start, end, f"({place.source[start:end]}) - 1")


def _statement(node: ast.AST, place: _Places) -> Iterator[Edit]:
    if isinstance(node, ast.Return) and node.value is not None:
        start, end = place.span(node.value)
        for constant in CONSTANTS:
            yield Edit("returned-constant", start, end, constant)
        yield Edit("returned-twice", start, end, f"({place.source[start:end]},) * 2")
    elif isinstance(node, ast.If | ast.While):
        start, end = place.span(node.test)
        if isinstance(node, ast.If):  # a negated loop condition often never ends
            yield Edit("negated", start, end, f"not ({place.source[start:end]})")
    elif isinstance(node, ast.Assign | ast.AugAssign | ast.Expr | ast.Return):
        start, end = place.span(node)
        if not (isinstance(node, ast.AugAssign) and isinstance(node.value, ast.Constant)):  # a loop's counter
            yield Edit("dropped", start, end, "pass")
