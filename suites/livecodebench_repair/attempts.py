"""First attempts at LiveCodeBench's problems, with what its checker said of each.

They come from the file that the authors' runner writes with --evaluate (its name ends in _eval_all.json): a
row a problem, with lists of n programs, n grades, and n texts of JSON that say where a program failed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.data import fingerprint, read_records
from evalkit.errors import DataError, UsageError

Row = Mapping[str, Any]
NEEDED = ("question_id", "code_list", "graded_list", "metadata")
WORDS = {-1: "not compiled", -2: "wrong answer", -3: "time limit", -4: "runtime error", -5: "died"}


@dataclass(frozen=True)
class Attempt:
    """`said`: the checker's words for a program that failed, by name; {} where it said nothing."""

    code: str
    passed: bool
    said: Mapping[str, Any]

    @property
    def kept(self) -> bool:
        """Whether the authors ask for no other: it passed, or there is nothing to tell of its failure."""
        return self.passed or "error_code" not in self.said

    @property
    def word(self) -> str:
        return "passed" if self.passed else WORDS.get(self.said.get("error_code", 0), "unknown")


@dataclass(frozen=True)
class Attempts:
    by_question: Mapping[str, tuple[Attempt, ...]]
    fingerprint: str


def read_attempts(name: str) -> Attempts:
    """UsageError without a file, DataError where it is not what the authors' runner writes."""
    if not name:
        raise UsageError(
            "self-repair starts from first attempts, with what the checker said of them",
            "give the file that the authors' runner writes with --evaluate: --attempts FILE_eval_all.json",
        )
    path = Path(name).expanduser()
    if not path.is_file():
        raise DataError(f"no such file of first attempts: {path}")
    rows = list(read_records(path))
    return Attempts(by_question(rows, path.name), fingerprint(rows))


def by_question(rows: Iterable[Row], file: str) -> dict[str, tuple[Attempt, ...]]:
    found: dict[str, tuple[Attempt, ...]] = {}
    for number, row in enumerate(rows, 1):
        if missing := [key for key in NEEDED if key not in row]:
            raise DataError(
                f"{file}, row {number}: missing {', '.join(missing)}",
                "the authors' runner writes all of it into the file whose name ends in _eval_all.json",
            )
        name = str(row["question_id"])
        if name in found:
            raise DataError(f"{file}: question {name} is there twice")
        found[name] = attempts_of(row, f"{file}, question {name}")
    counts = {len(attempts) for attempts in found.values()}
    if not counts:
        raise DataError(f"{file} holds no attempts")
    if len(counts) > 1:
        raise DataError(f"{file}: problems with {' and '.join(map(str, sorted(counts)))} attempts")
    return found


def attempts_of(row: Row, where: str) -> tuple[Attempt, ...]:
    lists = [row[key] for key in NEEDED[1:]]
    if not all(isinstance(each, list) and len(each) == len(lists[0]) for each in lists) or not lists[0]:
        raise DataError(f"{where}: code_list, graded_list and metadata are no lists of one length")
    return tuple(attempt(code, passed, said, where) for code, passed, said in zip(*lists, strict=True))


def attempt(code: Any, passed: Any, said: Any, where: str) -> Attempt:
    try:
        known = json.loads(said) if isinstance(said, str) else said
    except ValueError:
        known = None
    if not isinstance(code, str) or not isinstance(passed, bool) or not isinstance(known, dict):
        raise DataError(f"{where}: an attempt is a text, a truth, and an object of what the checker said")
    return Attempt(code, passed, known)
