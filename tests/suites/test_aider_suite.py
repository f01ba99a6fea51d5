"""The suite around the conversation: tasks, options, scope, doubts, protocols, samples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evalkit.data import load_data, tasks_of
from evalkit.errors import DataError, UsageError
from evalkit.patch import apply_patch
from evalkit.registry import open_suite
from evalkit.suite import Data, Suite
from evalkit.task import Answer, Task

SET = Path(__file__).with_name("aider_polyglot_set")
OURS = "comparable in scoring, not in prompt: the prompts are evalkit's own words"
OTHER = "other exercises than the benchmark's, or changed ones"


def loaded(**options: Any) -> tuple[Suite, Data, list[Task]]:
    suite = open_suite("aider-polyglot", options)
    data = load_data(suite, SET)
    return suite, data, tasks_of(suite, data)


def test_a_set_of_ones_own_in_the_layout_is_data() -> None:
    suite, data, tasks = loaded()
    assert len(tasks) == 12
    assert {task.tags["language"] for task in tasks} == {"cpp", "go", "java", "javascript", "python", "rust"}
    assert [task.id for task in tasks] == sorted(task.id for task in tasks)
    assert (data.revision, data.pinned) == ("", False)
    assert suite.doubts(tasks, data) == (OTHER, OURS)
    assert all(task.gold and task.gold.form == "patch" for task in tasks)


def test_languages_are_a_part_of_the_benchmark() -> None:
    suite, data, tasks = loaded(languages="rust, Python")
    assert [task.id.partition("/")[0] for task in tasks] == ["python"] * 2 + ["rust"] * 2
    assert suite.scope(data) == "python, rust"
    assert loaded()[0].scope(data) == ""
    with pytest.raises(UsageError, match="unknown 'ruby'"):
        loaded(languages="python,ruby")


@pytest.mark.parametrize(
    ("options", "name", "doubts"),
    [
        ({}, "aider-whole-2-tries-evalkit", [OURS]),
        ({"edit_format": "diff"}, "aider-diff-2-tries-evalkit", [OURS]),
        ({"tries": "1"}, "aider-whole-1-try-evalkit", [OURS, "1 try, officially 2"]),
        ({"tries": "3"}, "aider-whole-3-tries-evalkit", [OURS, "3 tries, officially 2"]),
        ({"reflections": 0}, "aider-whole-2-tries-evalkit", [OURS, "0 reflections a try, officially 3"]),
        ({"edit_format": "tools"}, "evalkit-tools", ["function calls of evalkit's own, no edit format"]),
    ],
)
def test_format_and_tries_are_in_the_protocols_name(
    options: dict[str, Any], name: str, doubts: list[str]
) -> None:
    suite, data, tasks = loaded(**options)
    assert suite.protocol().name == name
    found = suite.doubts(tasks, data)
    assert found[0] == OTHER
    assert len(found) == len(doubts) + 1
    assert all(one.startswith(other) for one, other in zip(found[1:], doubts, strict=True))
    messages = suite.protocol().prompt(tasks[0]).messages
    assert messages[0].role == "system"
    assert messages[-1].role == "user"


def test_a_language_that_nobody_here_can_test_is_unavailable(tmp_path: Path) -> None:
    folder = tmp_path / "cobol" / "exercises" / "practice"
    folder.parent.mkdir(parents=True)
    folder.symlink_to(SET / "python" / "exercises" / "practice")
    with pytest.raises(DataError, match="nothing matches"):  # links are not followed
        load_data(open_suite("aider-polyglot"), tmp_path)
    folder.unlink()
    for exercise in (SET / "python" / "exercises" / "practice").iterdir():
        for file in (f for f in exercise.rglob("*") if f.is_file() and "__pycache__" not in f.parts):
            copy = folder / exercise.name / file.relative_to(exercise)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())
    suite = open_suite("aider-polyglot")
    tasks = tasks_of(suite, load_data(suite, tmp_path))
    assert [task.unavailable for task in tasks] == ["no way to run tests in cobol is known"] * 2


def test_patches_are_read_and_written_as_samples() -> None:
    suite, _, tasks = loaded()
    gold = tasks[0].gold
    assert gold is not None
    row = suite.official_sample(tasks[0], gold, None)
    assert row == {"task_id": tasks[0].id, "patch": gold.text}
    assert [sample.answer for sample in suite.read_samples([row])] == [gold]
    assert [s.answer for s in suite.read_samples([{**row, "patch": ""}])] == [Answer("", "patch")]
    assert suite.official_sample(tasks[0], Answer("words"), None)["patch"] == ""


def test_gold_answers_apply() -> None:
    from evalkit_suites.aider_polyglot.exercises import exercise_of

    for task in loaded()[2][::4]:
        exercise = exercise_of(task)
        assert task.gold is not None
        made = apply_patch(exercise.start, task.gold.text).files
        assert made == {**exercise.start.files, **exercise.reference}, task.id
