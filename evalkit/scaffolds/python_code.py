"""Python code inside prose: the longest part of a text that parses, and what of it a function needs.

Both follow a published rule exactly (suites name whose). The obvious way to the first is a parse for
every pair of lines, hours for a long reply; here the parser is asked instead where it gave up.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from itertools import accumulate

MAX_RANGE = 1 << 18  # characters; longer ranges count as unparseable (their trees take a GB)
MAX_WORK = 1 << 24  # characters given to the parser for one text; then the best so far stands
CALL = 100  # what starting the parser costs, in characters

# a flag of compile() that tells input which only needs more lines from input that no lines can mend;
# CPython has it for its own interactive console since 3.11 (Lib/codeop.py)
ALLOW_INCOMPLETE_INPUT = 0x4000


def parse(source: str) -> ast.Module | None:
    """The syntax tree, or None for whatever reason: syntax, NUL, surrogates, depth of nesting, size."""
    if len(source) > MAX_RANGE:
        return None
    try:
        return _compile(source, 0)
    except (SyntaxError, ValueError, MemoryError, RecursionError, OverflowError):
        return None


def _compile(source: str, flags: int) -> ast.Module:
    with warnings.catch_warnings():  # odd escapes in strings are the model's business
        warnings.simplefilter("ignore")
        tree = compile(source, "<reply>", "exec", ast.PyCF_ONLY_AST | flags, dont_inherit=True)
    assert isinstance(tree, ast.Module)
    return tree


def longest_python(text: str) -> str:
    """The range of at least two lines that parses and has most non-blank lines, the earliest on a tie.

    The first line where no range parses.
    """
    search = _Search(text.split("\n"))
    first, last = search.run()
    return "\n".join(search.lines[first : last + 1])


class _Search:
    """Lines, with what the search has found and spent. Ranges (i, j) include both ends."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.filled = [k for k, line in enumerate(lines) if line.strip()]
        self.filled_before = [0, *accumulate(1 if line.strip() else 0 for line in lines)]
        self.size_before = [0, *accumulate(len(line) + 1 for line in lines)]
        self.best = (0, 0)
        self.best_count = 0
        self.work = 0

    def run(self) -> tuple[int, int]:
        for i in range(len(self.lines)):
            if self._count(i, len(self.lines) - 1) <= self.best_count or self.work > MAX_WORK:
                break
            found = self._longest_from(i)
            if found is not None:
                self.best, self.best_count = (i, found), self._count(i, found)
        return self.best

    def _longest_from(self, i: int) -> int | None:
        """The end of the best range that begins at i, if it beats what was found so far."""
        needed = max(i + 1, self.filled[self.filled_before[i] + self.best_count])
        if needed >= len(self.lines) or self._hopeless(i, i + 1) or self._hopeless(i, needed):
            return None
        j = self._last_hopeful(i, needed)
        while j >= needed:
            error = self._error(i, j)
            if error is None:
                return self._shortest_equal(i, j)
            j = min(j - 1, i + error)
        return None

    def _last_hopeful(self, i: int, known: int) -> int:
        """The last j that is not hopeless; `known` is one that is not. Doubling steps, then halving."""
        low, high, step = known, len(self.lines), 1
        while low + step < high:
            if self._hopeless(i, low + step):
                high = low + step
                break
            low, step = low + step, step * 2
        while high - low > 1:
            middle = (low + high) // 2
            if self._hopeless(i, middle):
                high = middle
            else:
                low = middle
        return low

    def _shortest_equal(self, i: int, j: int) -> int:
        """The range without trailing blank lines, as far as it still parses."""
        shortest = max(i + 1, self.filled[self.filled_before[j + 1] - 1])
        return next((k for k in range(shortest, j) if self._error(i, k) is None), j)

    def _count(self, i: int, j: int) -> int:
        return self.filled_before[j + 1] - self.filled_before[i]

    def _hopeless(self, i: int, j: int) -> bool:
        """Whether no range that begins at i and ends at j or later can parse."""
        source = self._source(i, j)
        if source is None:
            return True
        try:
            _compile(source, ALLOW_INCOMPLETE_INPUT)
        except SyntaxError as e:
            # a backslash at the end joins the next line, also inside a string: the flag overlooks that
            return "incomplete input" not in str(e.msg) and not source.rstrip().endswith("\\")
        except (ValueError, MemoryError, RecursionError, OverflowError):
            return True
        return False

    def _error(self, i: int, j: int) -> int | None:
        """None where the range parses; else a k so that no range (i, i + k + 1) up to (i, j) does.

        A bracket or string that is still open at the end was open at every end since its own line.
        """
        source = self._source(i, j)
        if source is None:
            return j - i - 1
        try:
            _compile(source, 0)
        except SyntaxError as e:
            still_open = "was never closed" in str(e.msg) or "unterminated triple-quoted" in str(e.msg)
            return (e.lineno or j - i + 1) - 2 if still_open else j - i - 1
        except (ValueError, MemoryError, RecursionError, OverflowError):
            return j - i - 1
        return None

    def _source(self, i: int, j: int) -> str | None:
        size = self.size_before[j + 1] - self.size_before[i]
        if size > MAX_RANGE:
            return None
        self.work += size + CALL
        return "\n".join(self.lines[i : j + 1])


# -- what a function needs -----------------------------------------------------------------------------

_LINE_END = re.compile(rb"\r\n|\n|\r")


def reachable(code: str, entry_point: str) -> str:
    """The imports, and of the definitions those that `entry_point` reaches by name, in order.

    Definitions are top-level classes, functions that contain a `return`, and assignments; only the first
    of a name counts. Decorated ones, `from __future__` imports and all other statements are dropped. ""
    where nothing is left, or where the code does not parse.
    """
    tree = parse(code)
    if tree is None:
        return ""
    imports = [node for node in tree.body if _is_import(node)]
    definitions: dict[str, ast.stmt] = {}
    for node in tree.body:
        name = _defined_name(node)
        if name is not None:
            definitions.setdefault(name, node)
    names = {name: set(_identifiers(node)) for name, node in definitions.items()}
    reached = _closure(entry_point, names)
    kept = [*imports, *(node for name, node in definitions.items() if name in reached)]
    return b"\n".join(_segments(code.encode(), kept)).decode().strip()


def _is_import(node: ast.stmt) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.module != "__future__" or node.level > 0
    return isinstance(node, ast.Import)


def _defined_name(node: ast.stmt) -> str | None:
    if isinstance(node, ast.ClassDef):
        return None if node.decorator_list else node.name
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        returns = any(isinstance(inner, ast.Return) for inner in ast.walk(node))
        return node.name if returns and not node.decorator_list else None
    if isinstance(node, ast.Assign):
        return _assigned_name(node, node.targets[0], node.value if len(node.targets) == 1 else None)
    if isinstance(node, ast.AnnAssign):
        return _assigned_name(node, node.target, node.value)
    return None


def _assigned_name(node: ast.stmt, target: ast.expr, value: ast.expr | None) -> str | None:
    """The first bare name among target and value: `a, b = c` counts as the definition of c."""
    if isinstance(target, ast.Name) and _start(target) == _start(node):
        return target.id
    if isinstance(value, ast.Name) and _end(value) == _end(node):
        return value.id
    return None


def _start(node: ast.stmt | ast.expr) -> tuple[int, int]:
    return node.lineno, node.col_offset


def _end(node: ast.stmt | ast.expr) -> tuple[int | None, int | None]:
    return node.end_lineno, node.end_col_offset


def _identifiers(root: ast.AST) -> Iterator[str]:
    """Every identifier in the node's text: variables, attributes, parameters, keywords, names of names."""
    for node in ast.walk(root):
        if isinstance(node, ast.Constant):
            continue
        for _, value in ast.iter_fields(node):
            for text in value if isinstance(value, list) else [value]:
                if isinstance(text, str):
                    yield from text.split(".")


def _closure(start: str, names: dict[str, set[str]]) -> set[str]:
    reached, queue = {start}, [start]
    while queue:
        new = names.get(queue.pop(), set()) - reached
        reached |= new
        queue.extend(new)
    return reached


def _segments(source: bytes, nodes: list[ast.stmt]) -> Iterator[bytes]:
    """The text of each node. The parser counts bytes, and ends lines at LF, CR LF and CR."""
    starts = [0, *(m.end() for m in _LINE_END.finditer(source))]
    for node in nodes:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        yield source[
            starts[node.lineno - 1] + node.col_offset : starts[node.end_lineno - 1] + node.end_col_offset
        ]
