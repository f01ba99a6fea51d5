"""Python code inside prose: the longest part of a text that parses, and what of it a function needs.

Both follow a published rule exactly (suites name whose). The obvious way to the first is a parse for
every pair of lines, hours for a long reply; here the parser is asked instead where it gave up.
"""

from __future__ import annotations

import ast
import re
import warnings
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

MAX_RANGE = 1 << 17  # characters; longer ranges count as unparseable (their trees take hundreds of MB)
MAX_WORK = 6_000_000  # what `_Search.work` may reach; then the best so far stands: seconds at the worst

# a flag of compile() that tells input which only needs more lines from input that no lines can mend;
# CPython has it for its own interactive console since 3.11 (Lib/codeop.py)
ALLOW_INCOMPLETE_INPUT = 0x4000
# beside SyntaxError: NUL and lone surrogates, too deep a nesting for the parser or for the tree
UNPARSEABLE = (ValueError, MemoryError, RecursionError, OverflowError)


def parse(source: str) -> ast.Module | None:
    """The syntax tree, or None for whatever reason: syntax, NUL, surrogates, depth of nesting, size."""
    if len(source) > MAX_RANGE:
        return None
    try:
        return _compile(source, 0)
    except (SyntaxError, *UNPARSEABLE):
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
        if needed >= len(self.lines):
            return None
        j = self._last_hopeful(i, needed)
        while j >= needed and self.work <= MAX_WORK:
            failure = self._parse(i, j)
            if failure is None:
                return self._shortest_equal(i, j)
            j = min(j - 1, i + failure.open_since - 1) if failure.open_since else j - 1
        return None

    def _last_hopeful(self, i: int, needed: int) -> int:
        """The last j from which more may come, or some j below `needed` where it is one of those.

        Doubling steps up, then halving. The line at which the parser gave up is nearly always the first
        hopeless one, so it is asked first.
        """
        low, step = i, 1
        high = bisect_right(self.size_before, self.size_before[i] + MAX_RANGE) - 1
        while low < high - 1 and self.work <= MAX_WORK:
            probe = min(low + step, high - 1)
            failure = self._hopeless(i, probe)
            if failure is None:
                low, step = probe, step * 2
                continue
            high = probe
            for guess in (i + failure.line, i + failure.line - 1):
                if low < guess < high:
                    low, high = (low, guess) if self._hopeless(i, guess) else (guess, high)
            break
        while low + 1 < high and needed < high and self.work <= MAX_WORK:
            middle = (low + high) // 2
            low, high = (low, middle) if self._hopeless(i, middle) else (middle, high)
        return low

    def _shortest_equal(self, i: int, j: int) -> int:
        """The range without trailing blank lines, as far as it still parses."""
        shortest = max(i + 1, self.filled[self.filled_before[j + 1] - 1])
        for k in range(shortest, j):
            if self.work > MAX_WORK or self._parse(i, k) is None:
                return k if self.work <= MAX_WORK else j
        return j

    def _count(self, i: int, j: int) -> int:
        return self.filled_before[j + 1] - self.filled_before[i]

    def _hopeless(self, i: int, j: int) -> _Failure | None:
        """Why no range that begins at i and ends at j or later can parse; None where one may."""
        failure = self._parse(i, j, ALLOW_INCOMPLETE_INPUT)
        return None if failure is None or failure.unfinished else failure

    def _parse(self, i: int, j: int, flags: int = 0) -> _Failure | None:
        """Why the range does not parse; None where it does."""
        size = self.size_before[j + 1] - self.size_before[i]
        if size > MAX_RANGE:
            return _Failure()
        cost = size + 8 * (j - i) + 40  # about a microsecond each; a failure costs half
        source = "\n".join(self.lines[i : j + 1])
        try:
            _compile(source, flags)
        except SyntaxError as e:
            self.work += cost // 2
            message, line = str(e.msg), (e.lineno or 1) - 1
            still_open = "was never closed" in message or "unterminated triple-quoted" in message
            # a backslash at the end joins the next line, also inside a string: the flag overlooks that
            unfinished = "incomplete input" in message or source.rstrip().endswith("\\")
            return _Failure(line, line if still_open else 0, unfinished)
        except UNPARSEABLE:
            self.work += cost // 2
            return _Failure()
        self.work += cost
        return None


@dataclass(frozen=True)
class _Failure:
    """Lines count from 0, at the range's first. A bracket or string that is open at the end of a range
    was open at the end of every shorter one, down to the line where it opened: `open_since`, or 0."""

    line: int = 0
    open_since: int = 0
    unfinished: bool = False  # more lines may mend it


# -- what a function needs -----------------------------------------------------------------------------

_LINE_END = re.compile(rb"\r\n|\n|\r")


def reachable(code: str, entry_point: str) -> str:
    """The imports, and of the definitions those that `entry_point` reaches by name, in order.

    Definitions are top-level classes, functions that contain a `return`, and assignments; only the first
    of a name counts. Decorated ones, `from __future__` imports and all other statements are dropped. ""
    where nothing is left, or where the code does not parse. Blanks around the code do not matter.
    """
    tree = parse(code)
    if tree is None:
        code = code.strip()
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
