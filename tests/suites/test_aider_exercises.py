"""The real exercises against the index that the research made of them, file by file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from evalkit_suites import aider_polyglot
from evalkit_suites.aider_polyglot.exercises import Exercise, exercise_from, exercise_of

from evalkit.data import load_data, read_records
from evalkit.errors import DataError
from evalkit.protocol import Protocol
from evalkit.registry import read_info
from evalkit.suite import Data, Scorer, Suite
from evalkit.task import Answer, Task, Verdict
from tests.suites.aider import checkout, index

INFO = read_info(Path(aider_polyglot.__path__[0]))


class Read(Suite):
    """As much of a suite as reading data takes."""

    def tasks(self, records: Sequence[Mapping[str, Any]]) -> list[Task]:
        return [Task(record["task_id"], record) for record in records]

    def protocol(self) -> Protocol:
        raise NotImplementedError

    def scorer(self) -> Scorer:
        raise NotImplementedError

    async def score(self, task: Task, answer: Answer, sandbox: Any) -> Verdict:
        raise NotImplementedError


@pytest.fixture(scope="module")
def data() -> Data:
    return load_data(Read(INFO), checkout())


def test_the_checkout_is_the_pinned_commit(data: Data) -> None:
    assert INFO.checkout is not None
    assert data.pinned
    assert data.revision in ("", INFO.checkout.commit)  # a copy without .git tells no commit
    assert len(data.records) == 225


def test_every_exercise_is_as_the_index_says(data: Data) -> None:
    exercises = {e.id: e for e in map(exercise_from, data.records)}
    rows = list(read_records(index()))
    assert len(rows) == len(exercises) == 225
    for row in rows:
        exercise = exercises[f"{row['language']}/{row['exercise']}"]
        assert sorted(exercise.editable) == sorted(row["editable_files"]), exercise.id
        assert list(exercise.tests) == row["test_files"], exercise.id
        assert list(exercise.examples) == row["example_files"], exercise.id
        assert list(exercise.editor_files) == row["editor_files"], exercise.id
        assert list(exercise.invalidator_files) == row["invalidator_files"], exercise.id
        assert list(exercise.docs) == row["docs"], exercise.id
        assert len(exercise.files) == row["n_files"], exercise.id
        assert tree_digest(exercise) == row["tree_sha256"], exercise.id


def tree_digest(exercise: Exercise) -> str:
    """As the index's README says: sorted files, each its path, NUL, its bytes, NUL."""
    digest = hashlib.sha256()
    for path, file in sorted(exercise.files.items()):
        digest.update(path.encode() + b"\0" + file.data + b"\0")
    return digest.hexdigest()


def test_references_stand_where_their_stubs_do_and_nothing_that_tells_them_is_in_the_workspace(
    data: Data,
) -> None:
    for exercise in map(exercise_from, data.records):
        assert exercise.reference, exercise.id
        assert set(exercise.reference) & set(exercise.editable), exercise.id
        assert not [p for p in exercise.start.files if p.startswith((".meta", ".docs", ".app", ".art"))]
        assert set(exercise.editable) | set(exercise.tests) <= set(exercise.start.files), exercise.id
        assert exercise.instructions.strip(), exercise.id
        start = exercise.start.files
        assert any(start.get(path) != file for path, file in exercise.reference.items()), exercise.id


def record(**files: str) -> dict[str, Any]:
    config = {"files": {"solution": ["a.py", "b.py"], "test": ["a_test.py"], "example": [".meta/example.py"]}}
    whole = {
        "a.py": "",
        "a_test.py": "",
        ".docs/instructions.md": "Do it.",
        ".meta/config.json": json.dumps(config),
    }
    return {
        "task_id": "python/own",
        "files": {p: {"text": t} for p, t in (whole | files).items() if t != "-"},
    }


def test_the_first_of_several_statements_comes_first() -> None:
    extra = {".docs/instructions.append.md": " More.", ".docs/introduction.md": "First. "}
    assert exercise_of(Task("python/own", record(**extra))).instructions == "First. Do it. More."


def test_a_solution_file_that_does_not_exist_is_not_shown() -> None:
    assert exercise_from(record()).editable == ("a.py",)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({".meta/config.json": "-"}, r"python/own: cannot read \.meta/config\.json"),
        ({".meta/config.json": "[]"}, r"cannot read \.meta/config\.json"),
        ({".meta/config.json": '{"files": []}'}, r"cannot read \.meta/config\.json"),
        ({"a.py": "-"}, "names no solution file that is there"),
        ({".docs/instructions.md": "-"}, r"there is no \.docs/instructions\.md"),
    ],
)
def test_a_broken_exercise_is_named_with_what_is_wrong(files: dict[str, str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        exercise_from(record(**files))
