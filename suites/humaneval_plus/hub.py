"""HumanEval+ and MBPP+ as the hub has them: the inputs are Python text inside of a test program.

    inputs = [[1, (2, 3)], ...]
    results = [...]
    for i, (inp, exp) in enumerate(zip(inputs, results)):
        assertion(candidate(*inp), exp, 1e-06)

The release files hold some more inputs (about one in four tasks loses a few here) and say which of them
are HumanEval's or MBPP's own: from the hub, all count as `plus` and `base` is not known.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from evalkit.errors import DataError

FIND_ZERO_ATOL = 1e-4  # this one test has a comparison of its own


def release_record(record: Mapping[str, Any], entry_point: str, prompt: str, solution: str) -> dict[str, Any]:
    """A record of the release file's form. `record` needs `task_id` and `test`."""
    try:
        tree = ast.parse(record["test"])
        inputs = [plain(row) for row in value(_assigned(tree, "inputs"))]
    except (SyntaxError, ValueError, TypeError) as e:
        raise DataError(f"{record['task_id']}: cannot read the inputs of its test: {e}") from None
    return {
        "task_id": str(record["task_id"]),
        "prompt": prompt,
        "entry_point": entry_point,
        "canonical_solution": solution,
        "base_input": [],
        "plus_input": inputs,
        "atol": FIND_ZERO_ATOL if entry_point == "find_zero" else _tolerance(tree),
    }


def _assigned(tree: ast.Module, name: str) -> ast.expr:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return node.value
    raise ValueError(f"no assignment to {name}")


def _tolerance(tree: ast.Module) -> float:
    """The third argument of `assertion(out, expected, atol)`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "assertion":
            return float(value(node.args[2]))
    return 0.0


def value(node: ast.expr) -> Any:
    """A literal's value; ast.literal_eval knows neither inf and nan nor set()."""
    match node:
        case ast.Constant():
            return node.value
        case ast.List() | ast.Tuple() | ast.Set():
            items = [value(item) for item in node.elts]
            kind = {ast.List: list, ast.Tuple: tuple, ast.Set: set}[type(node)]
            return kind(items)
        case ast.Dict():
            keys = [value(key) for key in node.keys if key is not None]
            return dict(zip(keys, map(value, node.values), strict=True))
        case ast.UnaryOp(op=ast.USub()):
            return -value(node.operand)
        case ast.BinOp(op=ast.Add()):
            return value(node.left) + value(node.right)
        case ast.BinOp(op=ast.Sub()):
            return value(node.left) - value(node.right)
        case ast.Name(id="inf" | "nan"):
            return float(node.id)
        case ast.Call(func=ast.Name(id="set"), args=[]):
            return set()
    raise ValueError(f"{ast.unparse(node)[:60]} is no literal")


def plain(item: Any) -> Any:
    """As JSON has it, and so the release file: the judge makes tuples, sets and complex numbers of it."""
    if isinstance(item, list | tuple | set):
        return [plain(inner) for inner in item]
    if isinstance(item, dict):
        return {key: plain(inner) for key, inner in item.items()}
    return str(item) if isinstance(item, complex) else item
