"""The authors' figures of scripted samples, and the gold answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from evalkit_suites.aider_polyglot.exercises import Exercise, exercise_from
from evalkit_suites.aider_polyglot.gold import gold
from evalkit_suites.aider_polyglot.statistics import statistics

from evalkit.data import load_data
from evalkit.patch import apply_patch
from evalkit.registry import open_suite
from evalkit.samples import Sampled
from evalkit.workspace import File, Tree
from tests.suites.aider import checkout
from tests.suites.test_aider_partner import RIGHT, exercise


def sample(outcome: str, outcomes: list[bool], **facts: Any) -> Sampled:
    model_s, cost = facts.pop("model_s", 10.0), facts.pop("cost", 0.5)
    facts = {"outcomes": outcomes, "replies": 1, "tools_s": 2.0, **facts}
    return Sampled("python/x", 0, outcome, facts, cost, model_s)


def test_figures_are_those_of_the_authors_by_name_and_order() -> None:
    found = statistics(
        [
            sample("passed", [True], user_asks=1),
            sample("passed", [False, True], malformed_responses=2, error_outputs=2, syntax_errors=1),
            sample("failed", [False, False], malformed_responses=1, lazy_comments=3, test_timeouts=2),
            sample("failed", [False, False], exhausted_context_windows=1, indentation_errors=4),
            Sampled("python/y", 0, "error", {}, None, None),
            Sampled("python/z", 0, "not_run", {}, None, None),
        ],
        2,
    )
    assert dict(found) == {
        "test_cases": 4,
        "pass_rate_1": 25.0,
        "pass_rate_2": 50.0,
        "pass_num_1": 1,
        "pass_num_2": 2,
        "percent_cases_well_formed": 50.0,
        "error_outputs": 2,
        "num_malformed_responses": 3,
        "num_with_malformed_responses": 2,
        "user_asks": 1,
        "lazy_comments": 3,
        "syntax_errors": 1,
        "indentation_errors": 4,
        "exhausted_context_windows": 1,
        "test_timeouts": 2,
        "total_tests": 6,
        "seconds_per_case": 12.0,
        "total_cost": 2.0,
        "cost_per_case": 0.5,
    }
    assert list(found)[:5] == ["test_cases", "pass_rate_1", "pass_rate_2", "pass_num_1", "pass_num_2"]


def test_they_equal_what_aiders_own_code_makes_of_the_same_counts() -> None:
    parity = Path(__file__).parents[1] / "parity" / "aider_chat"
    told = map(json.loads, (parity / "told.jsonl").read_text(encoding="utf-8").splitlines())
    official = json.loads((parity / "figures.json").read_text(encoding="utf-8"))
    done = [told_sample(row, 2.0 + number) for number, row in enumerate(told)]
    ours = dict(statistics(done, 2))
    assert ours.pop("cost_per_case") == 0.25  # they print it beside the figures, without a name
    theirs = official["whole"]
    assert list(ours) == [name for name in theirs if not name.endswith("_tokens")]
    assert {name: float(f"{value:.1f}") for name, value in ours.items() if value is not None} == {
        name: float(f"{theirs[name]:.1f}") for name in ours
    }
    # what broke is missing here; as the authors count it, it is one more that failed
    broken = statistics([*done, Sampled("x", 0, "error", {}, None, None)], 2)
    assert (broken["pass_rate_2"], broken["total_tests"]) == (ours["pass_rate_2"], len(done) + 1)
    assert ours["pass_num_2"] is not None
    with_it = round(100 * ours["pass_num_2"] / (len(done) + 1), 1)
    assert official["with one that broke"]["pass_rate_2"] == with_it


def told_sample(row: dict[str, Any], seconds: float) -> Sampled:
    outcome = "passed" if row["counts"]["outcomes"][-1] else "failed"
    return Sampled("python/x", 0, outcome, {**row["counts"], "replies": 1}, 0.25, seconds)


def test_the_verdict_says_whether_and_the_rollout_by_which_try() -> None:
    found = statistics(
        [sample("failed", [True]), sample("passed", [False, False]), sample("passed", [True])], 2
    )
    assert (found["pass_num_1"], found["pass_num_2"]) == (1, 2)


def test_what_a_budget_ended_passes_by_the_try_that_it_was_in() -> None:
    found = statistics([sample("passed", []), sample("passed", [False])], 2)
    assert (found["pass_num_1"], found["pass_num_2"]) == (1, 2)


def test_what_is_unknown_is_not_guessed() -> None:
    found = statistics([sample("passed", [], replies=0, cost=None, model_s=None), sample("failed", [])], 2)
    assert found["pass_rate_1"] is None
    assert found["pass_rate_2"] == 50.0
    assert found["total_cost"] is found["seconds_per_case"] is None
    assert dict(statistics([Sampled("python/x", 0, "error", {}, None, None)], 2)) == {"total_tests": 1}


def solved(exercise: Exercise) -> Tree:
    answer = gold(exercise)
    assert answer is not None
    assert answer.form == "patch"
    return apply_patch(exercise.start, answer.text)


def test_a_gold_answer_is_a_patch_that_makes_the_reference() -> None:
    assert solved(exercise()).files["src/double.py"].data.decode() == RIGHT
    assert (
        solved(exercise(**{"src/double.py": "no end of line"})).files["src/double.py"].data.decode() == RIGHT
    )
    assert solved(exercise(**{"src/double.py": ""})).files["src/double.py"].data.decode() == RIGHT
    assert solved(exercise(**{".meta/example.py": "no end"})).files["src/double.py"].data == b"no end"
    assert solved(exercise(**{".meta/example.py": ""})).files["src/double.py"].data == b""


def test_without_a_reference_there_is_no_gold_answer() -> None:
    record = {
        "task_id": "python/x",
        "files": {
            "x.py": {"text": ""},
            "t.py": {"text": ""},
            ".docs/instructions.md": {"text": "Do."},
            ".meta/config.json": {"text": '{"files": {"solution": ["x.py"], "test": ["t.py"]}}'},
        },
    }
    assert gold(exercise_from(record)) is None


@pytest.mark.full
def test_every_gold_answer_of_the_real_exercises_makes_its_reference() -> None:
    suite = open_suite("aider-polyglot")
    for task in suite.tasks(load_data(suite, checkout()).records):
        exercise = exercise_from(task.data)
        made: dict[str, File] = dict(solved(exercise).files)
        assert made == {**exercise.start.files, **exercise.reference}, task.id
