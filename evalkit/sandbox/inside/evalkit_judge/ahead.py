"""Calls that a test is going to make, read from its text: sent ahead, they cost no round trips.

What is foreseen is a guess that costs nothing when it is wrong: at the first question that is not the one
foreseen the program starts anew, and is asked question by question (`line.py`). Only calls whose arguments
are literals count, in statements that follow each other without a branch: they cannot depend on what the
answer says, nor on what an earlier sample said.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Any

Call = tuple[list[Any], dict[str, Any]]


class Unforeseen(Exception):
    """Here the guessing ends."""


def calls_of_check(source: str, function: str = "check") -> Iterator[Call]:
    """Arguments of the calls that `def check(candidate)` in `source` makes first."""
    for statement in _parsed(source):
        if isinstance(statement, ast.FunctionDef) and statement.name == function:
            if len(statement.args.args) == 1:
                yield from _calls(statement.body, statement.args.args[0].arg)
            return


def calls_of_statements(statements: Sequence[str], entry_point: str) -> Iterator[Call]:
    """Arguments of the calls of `entry_point` that statements make first."""
    for statement in statements:
        body = _parsed(statement)
        yield from _calls(body, entry_point)
        if not body or not all(isinstance(node, ast.Assert) for node in body):
            return


def _parsed(source: str) -> list[ast.stmt]:
    try:
        return ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def _calls(body: Sequence[ast.stmt], name: str) -> Iterator[Call]:
    for statement in body:
        if isinstance(statement, ast.Assert):
            parts = [statement.test]  # the message is looked at only when it fails
        elif isinstance(statement, ast.Expr):
            parts = [statement.value]
        else:
            return
        try:
            for part in parts:
                yield from _in_order(part, name)
        except Unforeseen:
            return


def _in_order(node: ast.expr, name: str) -> Iterator[Call]:
    """Calls of `name` in an expression in the order of their evaluation; Unforeseen where that depends."""
    if isinstance(node, ast.Constant):
        return
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
        yield _literal_call(node)
    elif isinstance(node, ast.Compare | ast.BinOp | ast.UnaryOp | ast.Call | ast.Tuple | ast.List | ast.Set):
        if isinstance(node, ast.Compare) and len(node.ops) > 1:
            raise Unforeseen
        for child in ast.iter_child_nodes(node):
            inner = child.value if isinstance(child, ast.keyword) else child
            if isinstance(inner, ast.expr):
                yield from _in_order(inner, name)
    elif not isinstance(node, ast.Name) or node.id == name:
        raise Unforeseen


def _literal_call(node: ast.Call) -> Call:
    try:
        if any(keyword.arg is None for keyword in node.keywords):
            raise Unforeseen
        args = [ast.literal_eval(arg) for arg in node.args]
        return args, {str(k.arg): ast.literal_eval(k.value) for k in node.keywords}
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        raise Unforeseen from None
