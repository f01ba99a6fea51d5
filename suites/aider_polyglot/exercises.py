"""An exercise: what lies in the workspace, what the model may edit, what tests it, and what solves it.

A record is one folder of the checkout (evalkit.checkout). Its `.meta/config.json` says which file is what.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from evalkit.checkout import unpacked
from evalkit.errors import DataError
from evalkit.task import Task
from evalkit.workspace import File, Tree

CONFIG = ".meta/config.json"
HIDDEN = (".meta/", ".docs/", ".approaches/", ".articles/")  # solutions, statements, essays on solutions
BUILD = ("CMakeLists.txt", "Cargo.toml")  # never shown, whatever the config says
DOCS = (".docs/introduction.md", ".docs/instructions.md", ".docs/instructions.append.md")

# where references lie otherwise than as one file for each suffix
JAVA_REFERENCE, JAVA_SOURCE = ".meta/src/reference/java/", "src/main/java/"
RUST_MANIFEST = ".meta/Cargo-example.toml"


@dataclass(frozen=True)
class Exercise:
    """One exercise. Paths are relative to its folder, which is the workspace's root.

    `start` is what lies there at the beginning, `editable` what the model is shown, in the config's order;
    `tests` are put back before each run of the tests. `editor_files` (helpers of the tests and of the answer)
    and `invalidator_files` as the config names them. `docs` are the statement's files, in order.
    """

    id: str
    language: str
    name: str
    start: Tree
    editable: tuple[str, ...]
    tests: tuple[str, ...]
    examples: tuple[str, ...]
    editor_files: tuple[str, ...]
    invalidator_files: tuple[str, ...]
    docs: tuple[str, ...]
    files: Mapping[str, File]  # all of them, also the hidden ones

    @cached_property
    def instructions(self) -> str:
        """The statement: introduction, instructions and addition, one after the other."""
        return "".join(self.files[path].data.decode() for path in self.docs)

    @cached_property
    def reference(self) -> Mapping[str, File]:
        """What solves it: path in the workspace -> the file that has to stand there."""
        found = {self._stands_for(path): self.files[path] for path in self.examples}
        if RUST_MANIFEST in self.files:
            found["Cargo.toml"] = self.files[RUST_MANIFEST]
        return found

    def _stands_for(self, example: str) -> str:
        if example.startswith(JAVA_REFERENCE):
            return JAVA_SOURCE + example.removeprefix(JAVA_REFERENCE)
        name, suffix = PurePosixPath(example).name, PurePosixPath(example).suffix
        alike = [path for path in self.editable if PurePosixPath(path).name == name]
        alike = alike or [path for path in self.editable if PurePosixPath(path).suffix == suffix]
        if len(alike) != 1:
            raise DataError(f"{self.id}: it is not clear which file {example} stands for")
        return alike[0]


def exercise_of(task: Task) -> Exercise:
    return exercise_from(task.data)


def exercise_from(record: Mapping[str, Any]) -> Exercise:
    """The exercise of a record. DataError names it and what is wrong with it."""
    name = str(record["task_id"])
    files = {
        path: File(unpacked(content), bool(content.get("executable")))
        for path, content in record["files"].items()
    }
    config = _config(name, files)
    tests, examples = config["test"], config["example"]
    start = {path: file for path, file in files.items() if not path.startswith(HIDDEN)}
    shown = (path for path in config["solution"] if path not in (*BUILD, *tests, *examples))
    editable = tuple(dict.fromkeys(path for path in shown if path in start))
    if not editable or not tests:
        raise DataError(f"{name}: {CONFIG} names no {'test' if editable else 'solution'} file that is there")
    if DOCS[1] not in files:
        raise DataError(f"{name}: there is no {DOCS[1]}")
    return Exercise(
        name,
        name.partition("/")[0],
        name.partition("/")[2],
        Tree(start),
        editable,
        tests,
        tuple(path for path in examples if path in files),
        config["editor"],
        config["invalidator"],
        tuple(path for path in DOCS if path in files),
        files,
    )


def _config(name: str, files: Mapping[str, File]) -> dict[str, tuple[str, ...]]:
    """The config's lists of files."""
    try:
        lists = json.loads(files[CONFIG].data)["files"]
        return {
            kind: tuple(str(path) for path in lists.get(kind, ()))
            for kind in ("solution", "test", "example", "editor", "invalidator")
        }
    except (KeyError, ValueError, TypeError, AttributeError) as e:
        raise DataError(f"{name}: cannot read {CONFIG}: {type(e).__name__}: {e}") from None
