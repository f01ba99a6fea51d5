"""Prints a JSON line [path, errors] for each file on the command line that has any. Runs in the workspace."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback

Found = tuple[list[str], set[int]]  # errors, and their lines from 0

PARSERS = "/opt/lint"  # where the image has flake8 and tree-sitter
sys.path.append(PARSERS)
FATAL = "E9,F821,F823,F831,F406,F407,F701,F702,F704,F706"
GRAMMARS = {
    ".py": "python",
    ".rs": "rust",
    ".go": "go",
    ".js": "javascript",
    ".java": "java",
    ".cpp": "cpp",
    ".cc": "cpp",
    ".hpp": "cpp",
    ".h": "c",
    ".c": "c",
}


def main() -> None:
    for path in sys.argv[1:]:
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                code = file.read()
        except OSError:
            continue
        suffix = path[path.rfind(".") :] if "." in path else ""
        errors, lines = syntax(code, GRAMMARS[suffix]) if suffix in GRAMMARS else ([], set())
        if suffix == ".py":
            for more, where in (compiles(code, path), flake8(path)):
                errors += more
                lines |= where
        if errors or lines:
            print(json.dumps([path, "\n".join([*errors, shown(path, code, lines)])]), flush=True)


def syntax(code: str, grammar: str) -> Found:
    """What tree-sitter cannot make sense of."""
    try:
        from tree_sitter_language_pack import get_parser

        root = get_parser(grammar).parse(code.encode()).root_node
    except (ImportError, LookupError):
        return [], set()
    lines: set[int] = set()
    todo = [root]
    while todo:
        node = todo.pop()
        if node.type == "ERROR" or node.is_missing:
            lines.add(node.start_point[0])
        todo += node.children
    return [], lines


def compiles(code: str, path: str) -> Found:
    try:
        compile(code, path, "exec")
    except Exception as e:
        line = getattr(e, "lineno", None) or 1
        last = getattr(e, "end_lineno", None) or line
        return ["".join(traceback.format_exception_only(type(e), e))], set(range(line - 1, last))
    return [], set()


def flake8(path: str) -> Found:
    command = ["python3", "-m", "flake8", f"--select={FATAL}", "--show-source", "--isolated", path]
    env = {**os.environ, "PYTHONPATH": PARSERS}
    done = subprocess.run(command, env=env, capture_output=True, text=True, errors="replace")
    if "No module named" in done.stderr or not done.stdout.strip():
        return [], set()
    lines: set[int] = set()
    for line in done.stdout.splitlines():
        number = line.removeprefix(f"{path}:").partition(":")[0]
        if line.startswith(f"{path}:") and number.isdigit():
            lines.add(int(number) - 1)
    return [done.stdout], lines


def shown(path: str, code: str, lines: set[int]) -> str:
    """The lines around, with a mark before those that are meant."""
    texts = code.split("\n")
    near = sorted({n for line in lines for n in range(line - 3, line + 4) if 0 <= n < len(texts)})
    rows = [f"{path}:"]
    last: int | None = None
    for n in near:
        if last is not None and n > last + 1:
            rows.append("...")
        rows.append(f"{n + 1:4}{'>' if n in lines else '|'} {texts[n]}")
        last = n
    return "\n".join(rows)


main()
