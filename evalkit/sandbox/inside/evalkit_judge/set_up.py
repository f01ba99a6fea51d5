"""Set-up code of tests: which of it runs on the answer's side, and which here.

What makes objects of the answer's classes, or defines classes whose objects are arguments, must run where
the answer is. The rest, expected values above all, never gets there.
"""

from __future__ import annotations

import ast
import builtins
from typing import Any

from .remote import Answer

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Import, ast.ImportFrom)


def run_setup(answer: Answer, setup: str, names: dict[str, Any]) -> None:
    """Execute set-up code statement by statement: in the answer's namespace, or in `names`.

    A statement of the answer's side takes with it what earlier ones made for it. A name belongs to the
    side that made it, whatever the answer defines; what both use of functions and imports, both have.
    """
    here: set[str] = set()
    there: set[str] = set()
    earlier: list[ast.stmt] = []  # executed here
    for statement in ast.parse(setup).body:
        if not _belongs_to_answer(statement, answer, here, there):
            exec(compile(ast.Module([statement], []), "<setup>", "exec", dont_inherit=True), names)
            here |= _bound(statement)
            earlier.append(statement)
            continue
        needed = _needed(statement, earlier)
        answer.execute("\n".join(map(ast.unparse, (*needed, statement))))
        moved = [s for s in needed if not isinstance(s, DEFINITIONS)]
        earlier = [s for s in earlier if s not in moved]
        for name in set().union(*map(_bound, (*moved, statement))):
            there.add(name)
            here.discard(name)
            names.pop(name, None)


def _belongs_to_answer(statement: ast.stmt, answer: Answer, here: set[str], there: set[str]) -> bool:
    if any(isinstance(node, ast.ClassDef) for node in ast.walk(statement)):
        return True
    free = _free(statement)
    return not free.isdisjoint(there) or any(answer.has(name) for name in sorted(free - here))


def _needed(statement: ast.stmt, earlier: list[ast.stmt]) -> list[ast.stmt]:
    """The earlier statements that made what a statement uses, and what these use, in order."""
    wanted = _free(statement)
    needed: list[ast.stmt] = []
    for one in reversed(earlier):
        if _bound(one) & wanted:
            needed.insert(0, one)
            wanted |= _free(one)
    return needed


def _bound(statement: ast.stmt) -> set[str]:
    """Names that a statement defines, at whatever depth."""
    nodes = list(ast.walk(statement))
    bound = {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    bound |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            bound |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    return bound


def _free(statement: ast.stmt) -> set[str]:
    """Names that a statement takes from elsewhere and that are no built-ins."""
    nodes = ast.walk(statement)
    loaded = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    return {name for name in loaded - _bound(statement) if not hasattr(builtins, name)}
