"""MBPP's records in one shape: the original's and the sanitized one's fields differ."""

from __future__ import annotations

import ast
import builtins
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from evalkit.errors import DataError

# by task_id, inclusive ranges of the paper's section 2.1 and the official README
SPLITS: Mapping[str, range] = {
    "test": range(11, 511),
    "train": range(601, 975),
    "validation": range(511, 601),
    "prompt": range(1, 11),
}
NEED_SETUP = ("367", "927")  # the only ones with test_setup_code, and their tests use what it makes
SHOTS = (2, 3, 4)  # the worked examples of every few-shot protocol, in this order


def problem(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record with `text`, `code`, `test_list`, `test_imports`, `test_setup_code`, `entry_point`, and
    `prompt`: a docstring of the text and the first assert, as InCoder and then EvalPlus asked MBPP."""
    text = record.get("text", record.get("prompt"))
    if text is None:
        raise DataError(
            f"MBPP task {record['task_id']}: missing text", "expected text, or prompt if sanitized"
        )
    tests = [str(test) for test in record["test_list"]]
    if not tests:
        raise DataError(f"MBPP task {record['task_id']}: test_list is empty")
    code = record.get("code") or ""
    return {
        **record,
        "task_id": int(record["task_id"]),
        "text": text,
        "prompt": f'"""\n{text}\n{tests[0]}\n"""\n',
        "code": code,
        "test_list": tests,
        "test_imports": list(record.get("test_imports") or ()),
        "test_setup_code": record.get("test_setup_code") or "",
        "entry_point": entry_point(code, tests),
    }


def shots(records: Iterable[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Tasks 2, 3 and 4 where the data has them; the protocols that need them say so when they do not."""
    found = {int(r["task_id"]): r for r in records if int(r["task_id"]) in SHOTS}
    return [problem(found[i]) for i in SHOTS] if len(found) == len(SHOTS) else []


def entry_point(code: str, tests: Sequence[str]) -> str:
    """The function that the tests call: the first called name that the reference defines, else the
    first that is no builtin. MBPP's records do not name it; "" where nothing can be found."""
    defined = {node.name for node in _nodes(code) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    calls = [call for test in tests for node in _nodes(test) for call in [_called(node)] if call]
    known = [name for name in calls if name in defined]  # a built-in's name too: 126 is to define sum
    return next(iter((*known, *(name for name in calls if not hasattr(builtins, name)), "")))


def _nodes(source: str) -> list[ast.AST]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return list(ast.walk(ast.parse(source)))
        except (SyntaxError, ValueError):
            return []


def _called(node: ast.AST) -> str:
    return node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
