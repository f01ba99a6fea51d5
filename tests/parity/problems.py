"""The problems of the four suites in one shape. Standard library only: the official side imports it too.

Data comes from EVALKIT_DATA (or `folder`), in the authors' own formats, with the authors' file names.
"""

from __future__ import annotations

import ast
import gzip
import json
import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILES = {
    "humaneval": "humaneval/HumanEval.jsonl.gz",
    "humaneval_plus": "humaneval-plus/HumanEvalPlus-v0.1.10.jsonl.gz",
    "mbpp": "mbpp/mbpp.jsonl",
    "mbpp_plus": "mbpp-plus/MbppPlus-v0.2.0.jsonl.gz",
}


@dataclass(frozen=True)
class Problem:
    """`gold` is a whole program; `kinds` are the types of the results that the shown tests expect."""

    suite: str
    task_id: str
    entry_point: str
    gold: str
    kinds: frozenset[str]
    record: dict[str, Any]


def data_folder() -> Path | None:
    """EVALKIT_DATA, else the shared folder beside the checkout, else None."""
    if env := os.environ.get("EVALKIT_DATA"):
        return Path(env)
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    return beside if beside.is_dir() else None


def data_file(suite: str, folder: Path) -> Path:
    """The suite's file, in a folder of its own or directly in `folder`."""
    path = folder / FILES[suite]
    return path if path.is_file() else folder / path.name


def read_problems(suite: str, folder: Path) -> list[Problem]:
    """All problems of `suite`, in the official order."""
    raw = data_file(suite, folder).read_bytes()
    text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode()
    records = [json.loads(line) for line in text.split("\n") if line.strip()]
    return [_problem(suite, record) for record in records]


def _problem(suite: str, record: dict[str, Any]) -> Problem:
    if suite == "mbpp":
        tests = "\n".join(record["test_list"])
        gold, entry = record["code"], called_function(record["code"], record["test_list"][0])
    else:
        tests = record["test"] if suite.startswith("humaneval") else record["assertion"]
        gold, entry = record["prompt"] + record["canonical_solution"], record["entry_point"]
    return Problem(suite, str(record["task_id"]), entry, gold, frozenset(expected_kinds(tests)), record)


def parse(source: str) -> ast.Module:
    """The syntax tree; without the interpreter's remarks on the benchmark's backslashes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source)


def called_function(code: str, test: str) -> str:
    """The function of `code` that `test` calls first: MBPP does not name its entry point."""
    defined = [n.name for n in parse(code).body if isinstance(n, ast.FunctionDef | ast.ClassDef)]
    calls = [
        n.func.id for n in _walk(parse(test)) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
    ]
    return next(name for name in [*calls, *reversed(defined)] if name in defined)


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """Depth first, in source order (ast.walk is breadth first)."""
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _walk(child)


def expected_kinds(tests: str) -> Iterator[str]:
    """Types of the literals on the right of ==, as far as they can be read off; "bool" for a bare call."""
    for node in ast.walk(parse(tests)):
        if not isinstance(node, ast.Assert):
            continue
        test = node.test
        if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Eq):
            try:
                yield type(ast.literal_eval(test.comparators[0])).__name__
            except (ValueError, TypeError, SyntaxError, RecursionError):
                continue
        elif isinstance(test, ast.Call | ast.UnaryOp):
            yield "bool"
