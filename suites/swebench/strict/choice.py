"""Which of a patch's changes a strict run takes: those that may solve the task, none that steer its tests.

Not taken, and as the task has them: tests and whole test trees, what runs before tests or configures them,
what builds or installs, compiled Python, links, and new modules that stand before Python's own. No gold patch
of Verified needs any of these but one (pylint-4661: setup.cfg, for an installation that has been made).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import PurePosixPath

from evalkit.workspace import File

from ..changes import Changes
from ..suspicion import CONFIGURES, TEST_FOLDERS, is_test, runs_first

# runners of repositories' own, and what interpreters and pytest obey without being asked
STEERS = re.compile(
    r"(^|/)(runtests\.py|test_?runner\.py|\.coveragerc|pyvenv\.cfg|python\w*\._pth|entry_points\.txt)$"
    r"|(^|/)[^/]+\.(egg-info|dist-info|egg-link)(/|$)"
    r"|(^|/)__pycache__(/|$)|\.py[co]$"
)
PYTEST = ("pytest", "_pytest", "py", "pluggy", "iniconfig", "packaging", "attr", "evalkit_witness")


def left_out(changes: Changes, tests: Iterable[str]) -> bool:
    """Whether a strict run would take less than the whole patch."""
    return bool(taken(changes, tests, start=())[1])


def taken(changes: Changes, tests: Iterable[str], *, start: Iterable[str]) -> tuple[Changes, tuple[str, ...]]:
    """What is taken, and the paths that are left out, in order.

    `tests`: paths of the task's test patch. `start`: top-level names of the repository before the patch.
    """
    protected, there = set(tests), set(start)
    for path in tests:
        protected |= {str(folder) for folder in PurePosixPath(path).parents}
    left = {
        path
        for path in changes.paths
        if path in protected or steers(path) or shadows(path, there) or linked(changes.files.get(path))
    }
    files = {path: file for path, file in changes.files.items() if path not in left}
    return Changes(files, changes.deleted - left), tuple(sorted(left))


def steers(path: str) -> bool:
    return (
        PurePosixPath(path).name in (*CONFIGURES, *TEST_FOLDERS)
        or runs_first(path)
        or is_test(path)
        or STEERS.search(path) is not None
    )


def shadows(path: str, there: set[str]) -> bool:
    """A new module at the top, from where tests may be run, that stands before Python's or pytest's."""
    first = PurePosixPath(path).parts[0]
    name = first.partition(".")[0]
    return first not in there and (name in sys.stdlib_module_names or name in PYTEST)


def linked(file: File | None) -> bool:
    return file is not None and file.link is not None
