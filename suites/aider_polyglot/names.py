"""The tests that a file holds, read from its text: what a run has to report as passed.

A file of tests is trusted, the run is not: an answer that ends early, or hides tests, leaves names
unreported. Names are those that the language's reporter gives (evalkit_suites.aider_polyglot.reports). What
a test makes of its table while it runs (Go's subtests) has no name here; its parent fails with it.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable

from .exercises import Exercise
from .runners import tests_ready
from .taken import is_test

Names = Counter[str]  # how often each name has to be reported


def expected(exercise: Exercise) -> Names:
    """Of all test files that lie in the exercise, as they are run: with none switched off."""
    found: Names = Counter()
    read = READERS[exercise.language]
    texts = {**exercise.start.files, **tests_ready(exercise)}
    for path, file in sorted(texts.items()):
        if is_test(exercise, path) and file.link is None:
            found.update(read(file.data.decode("utf-8", "replace"), path))
    return found


def _python(text: str, path: str) -> list[str]:
    names = []
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
            names.append(node.name)
        elif isinstance(node, ast.ClassDef) and _holds_tests(node):
            names += [
                f"{node.name}::{inner.name}"
                for inner in node.body
                if isinstance(inner, ast.FunctionDef) and inner.name.startswith("test")
            ]
    return names


def _holds_tests(node: ast.ClassDef) -> bool:
    bases = [ast.unparse(base) for base in node.bases]
    return node.name.startswith("Test") or any(base.endswith("TestCase") for base in bases)


def _javascript(text: str, path: str) -> list[str]:
    """Titles of test() and it(); those that are skipped officially too (xit, test.skip) are none."""
    if re.search(r"\bdescribe\.skip\(|\bxdescribe\(", text):
        raise ValueError(f"{path}: whole blocks of tests are skipped")
    found = re.findall(
        r"(?<![\w.])(?:test|it)\(\s*('(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|`(?:\\.|[^`\\])*`)", text
    )
    return [_unescaped(title[1:-1]) for title in found if not (title[0] == "`" and "${" in title)]


def _unescaped(text: str) -> str:
    plain = {"n": "\n", "t": "\t"}
    return re.sub(r"\\(.)", lambda match: plain.get(match[1], match[1]), text)


def _go(text: str, path: str) -> list[str]:
    constraint = re.match(r"(?:\s|//(?!go:build)[^\n]*\n)*//go:build ([^\n]*)", text)
    if constraint and not _built(constraint[1]):
        return []
    return re.findall(r"^func (Test(?![a-z])\w*)\(\s*\w+ \*testing\.T\s*\)", text, re.MULTILINE)


def _built(constraint: str) -> bool:
    """Whether a file with this build constraint is built where no tag is set."""
    python = constraint.replace("&&", " and ").replace("||", " or ").replace("!", " not ")
    python = re.sub(r"\b(?!and\b|or\b|not\b)[\w.]+", "False", python)
    return _holds(ast.parse(python.strip(), mode="eval").body)


def _holds(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=bool(value)):
            return value
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _holds(operand)
        case ast.BoolOp(op=op, values=values):
            return (all if isinstance(op, ast.And) else any)(map(_holds, values))
    raise ValueError(f"cannot read a build constraint: {ast.unparse(node)}")


def _rust(text: str, path: str) -> list[str]:
    """Functions marked #[test], with their modules' names in front; features are off."""
    if "/" in path.removeprefix("tests/"):
        return []  # a crate of its own, or a module: cargo runs neither
    names: list[str] = []
    modules: list[tuple[str, int, bool]] = []  # name, depth of braces, whether it is left out
    marks, depth = "", 0
    for line in re.sub(r"//[^\n]*", "", text).split("\n"):
        word = line.strip()
        off = "#[cfg(feature" in marks or any(off for _, _, off in modules)
        if opened := re.match(r"(?:pub )?mod (\w+)\s*\{", word):
            modules.append((opened[1], depth, off))
        named = re.search(r"\bfn (\w+)\s*\(", word)
        if named and "#[test]" in marks and not off:
            names.append("::".join([name for name, _, _ in modules] + [named[1]]))
        if word:
            marks = f"{marks}{word}" if word.startswith("#[") and not named else ""
        depth += _braces(line)
        while modules and depth <= modules[-1][1] and "}" in line:
            modules.pop()
    return names


def _braces(line: str) -> int:
    line = re.sub(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])'", "", line)
    return line.count("{") - line.count("}")


def _cpp(text: str, path: str) -> list[str]:
    text = re.sub(r"^\s*//[^\n]*\n", "", text, flags=re.MULTILINE)
    # blocks of the tracks' own switches, all off but the one that has all tests run: benchmarks
    off = r"^#if[^\n]*\bEXERCISM_(?!RUN_ALL_TESTS\b)\w+[^\n]*\n.*?^#(?:else|endif)\b"
    text = re.sub(off, "", text, flags=re.MULTILINE | re.DOTALL)
    literal = r"\"(?:\\.|[^\"\\])*\""
    found = re.findall(rf"^\s*TEST_CASE\(\s*((?:{literal}\s*)+)", text, re.MULTILINE)
    return [_unescaped("".join(part[1:-1] for part in re.findall(literal, names))) for names in found]


def _java(text: str, path: str) -> list[str]:
    text = re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.DOTALL)
    package = re.search(r"^\s*package ([\w.]+);", text, re.MULTILINE)
    kind = f"{package[1]}." if package else ""
    kind += path.rpartition("/")[2].removesuffix(".java")
    # what stands between the end of one member and the name of the next
    heads = re.findall(r"(?<=[{};])([^{};]*)\bvoid (\w+)\s*\(", re.sub(r"\"(?:\\.|[^\"\\])*\"", "", text))
    on = re.compile(r"@(?:org\.junit\.jupiter\.api\.)?Test\b")
    found = [name for head, name in heads if on.search(head) and "@Disabled" not in head]
    return [f"{kind}.{name}" for name in found]


READERS: dict[str, Callable[[str, str], list[str]]] = {
    "python": _python,
    "javascript": _javascript,
    "go": _go,
    "rust": _rust,
    "cpp": _cpp,
    "java": _java,
}
