"""Which of an answer's files a strict run takes: those that solve the task, none that steer its tests.

Taken: the files that the model is shown to edit, and new sources of the language beside them; in Rust also
the crates that Cargo.toml asks for, which the image has or has not. Not taken: changes of test and build
files, deleted files, and new ones that a test runner, compiler or interpreter would obey or prefer to its
own. What is not taken is as it was at the start.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import PurePosixPath

from evalkit.workspace import File, Tree

from .exercises import Exercise

# new files that count as plain sources, by the language's suffix
SOURCES = {
    "python": (".py",),
    "rust": (".rs",),
    "go": (".go",),
    "javascript": (".js",),
    "cpp": (".cpp", ".h", ".hpp"),
    "java": (".java",),
}
# tests, and what their runners look for or read before them
STEERING = {
    "python": r"(^|/)(test_[^/]*|[^/]*_test|conftest|setup|sitecustomize|usercustomize|evalkit_report)\.py$",
    "rust": r"(^|/)build\.rs$|^(tests|examples|benches)/|(^|/)\.cargo/",
    "go": r"_test\.go$|(^|/)(vendor|testdata)/",
    "javascript": r"\.(spec|test|config)\.js$|(^|/)(__\w+__|node_modules)/|(^|/)(jest|babel|\.)[^/]*\.js$",
    "cpp": r"^(test|build)/|_test\.cpp$",
    "java": r"^(?!src/main/java/)|^src/main/java/(java|javax|jdk|sun|org|com)/|module-info\.java$",
}
TESTS = {
    "python": r"(^|/)(test_[^/]*|[^/]*_test)\.py$",
    "rust": r"^tests/",
    "go": r"_test\.go$",
    "javascript": r"\.spec\.js$",
    "cpp": r"_test\.cpp$",
    "java": r"^src/test/java/.*\.java$",
}


def is_test(exercise: Exercise, path: str) -> bool:
    return path in exercise.tests or bool(re.search(TESTS[exercise.language], path))


def taken(exercise: Exercise, work: Tree) -> tuple[dict[str, File], tuple[str, ...]]:
    """The files of a strict run's folder, and the paths whose change was left out of it."""
    files, left = dict(exercise.start.files), []
    for path in sorted(changed(exercise, work)):
        file = work.files.get(path)
        if file is not None and file.link is None and (solves(exercise, path) or _asks(exercise, path, file)):
            files[path] = file
        elif path in exercise.editable and file is None:
            del files[path]
        else:
            left.append(path)
    return files, tuple(left)


def changed(exercise: Exercise, work: Tree) -> set[str]:
    start = exercise.start.files
    return {path for path in {*start, *work.files} if start.get(path) != work.files.get(path)}


def solves(exercise: Exercise, path: str) -> bool:
    if path in exercise.editable:
        return True
    if path in exercise.start.files:
        return path in exercise.editor_files and not is_test(exercise, path)
    if re.search(STEERING[exercise.language], path):
        return False
    if not path.endswith(SOURCES[exercise.language]):
        return False
    return exercise.language != "python" or not _shadows(path)


def _asks(exercise: Exercise, path: str, file: File) -> bool:
    """Rust: whether its Cargo.toml is as at the start, but for crates that it asks for by version."""
    start = exercise.start.files.get(path)
    if exercise.language != "rust" or path != "Cargo.toml" or start is None:
        return False
    try:
        theirs, ours = (tomllib.loads(one.data.decode()) for one in (file, start))
        wanted = theirs.pop("dependencies", {})
        ours.pop("dependencies", {})
        versions = (one if isinstance(one, dict) else {"version": one} for one in wanted.values())
        plain = all(set(one) <= {"version", "features", "default-features"} for one in versions)
    except (ValueError, AttributeError, RecursionError):
        return False
    return plain and theirs == ours


def _shadows(path: str) -> bool:
    """A module of Python's own, or of pytest's, that a new file would stand before."""
    first = PurePosixPath(path).parts[0].removesuffix(".py")
    return first in sys.stdlib_module_names or first in (
        "pytest",
        "_pytest",
        "pluggy",
        "iniconfig",
        "packaging",
    )
