"""Which tasks a run is over, and what its score is called: sets, versions, parts, and the boards' figures."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from math import sqrt
from pathlib import Path
from statistics import stdev
from typing import Any

import pytest
from evalkit_suites.terminal_bench.datasets import DEFAULT, datasets
from evalkit_suites.terminal_bench.statistics import statistics

from evalkit.data import load_data
from evalkit.errors import DataError, EvalkitError, UsageError
from evalkit.registry import open_suite
from evalkit.samples import Sampled
from evalkit.suite import Suite
from evalkit.task import Answer, error, failed, passed

from .test_terminal_bench_formats import CORE, HARBOR


def put(root: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


@pytest.fixture
def both(tmp_path: Path) -> Path:
    """A folder with tasks of either format."""
    put(tmp_path / "core" / "one", CORE)
    put(
        tmp_path / "core" / "two",
        {**CORE, "task.yaml": CORE["task.yaml"].replace("easy", "hard") + "tags: [git]\n"},
    )
    put(tmp_path / "harbor" / "one", {**HARBOR, "task.toml": "[metadata]\ndifficulty = 'medium'\n"})
    return tmp_path


def opened(folder: Path, **options: Any) -> tuple[Suite, list[str], str]:
    """A suite over the folder, the ids of its tasks, and what its score is of."""
    suite = open_suite("terminal-bench", options)
    data = load_data(suite, folder)
    return suite, [task.id for task in suite.tasks(data.records)], suite.scope(data)


def test_a_set_is_found_however_the_folder_is_laid_out(both: Path) -> None:
    assert opened(both)[1:] == (["one", "two"], "core 0.1.1, unknown commit")
    assert opened(both / "core")[1] == ["one", "two"]
    assert opened(both, dataset="2.0")[1:] == (["one"], "2.0, unknown commit")
    assert opened(both / "harbor", dataset="2.1")[1:] == (["one"], "2.1, unknown commit")
    assert opened(both, dataset="own")[1:] == (["core/one", "core/two", "harbor/one"], "own tasks")


def test_tasks_of_one_format_are_not_taken_for_those_of_the_other(both: Path) -> None:
    with pytest.raises(DataError, match="holds no data of terminal-bench") as told:
        opened(both / "harbor")
    assert "task.yaml" in str(told.value)
    with pytest.raises(DataError, match=r"task\.toml"):
        opened(both / "core", dataset="2.0")


def test_parts_by_difficulty_and_tag(both: Path) -> None:
    assert opened(both, difficulty="hard")[1:] == (["two"], "core 0.1.1, unknown commit, hard")
    assert opened(both, tag="GIT")[1] == ["two"]
    assert opened(both, tag="software_engineering", difficulty="easy,hard")[1] == ["one", "two"]
    with pytest.raises(UsageError, match="--difficulty: no task has 'heroic'"):
        opened(both, difficulty="heroic")
    with pytest.raises(UsageError, match="--tag: no task has 'gti'"):
        opened(both, tag="gti")


def test_a_score_says_why_it_is_not_the_boards(both: Path) -> None:
    suite = open_suite("terminal-bench", {"timeout_factor": "2", "network": "off"})
    data = load_data(suite, both)
    tasks = suite.tasks(data.records)
    assert suite.doubts(tasks, data) == (
        "not known to be the benchmark's own tasks, unchanged",
        "time limits 2 times the tasks' own",
    )
    assert suite.remarks(tasks) == ("without a network, which officially is open",)
    assert suite.conditions() == {"network": "off", "timeout_factor": "×2", "images": "built"}
    usual = open_suite("terminal-bench")
    assert usual.conditions()["network"] == "per task"
    assert usual.doubts(tasks, replace(data, pinned=True)) == ()


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_the_pinned_commit_is_cloned_and_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    origin = put(tmp_path / "origin", {"README.md": "read me", "docs/x": "no task"})
    put(origin / "one", HARBOR)
    git(tmp_path, "init", "-q", str(origin))
    git(origin, "add", "-A")
    git(origin, "commit", "-qm", "one")
    commit = git(origin, "rev-parse", "HEAD")
    known = replace(datasets()["2.0"].checkout, git=origin.as_uri(), commit=commit)
    monkeypatch.setitem(datasets(), "2.0", replace(datasets()["2.0"], checkout=known))
    monkeypatch.setenv("EVALKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("EVALKIT_DATA", raising=False)
    suite = open_suite("terminal-bench", {"dataset": "2.0"})
    data = load_data(suite)
    assert (data.revision, data.pinned, suite.scope(data)) == (commit, True, "2.0")
    assert [record["task_id"] for record in data.records] == ["one"]
    put(origin / "one", {"instruction.md": "Changed."})
    git(origin, "commit", "-qam", "two")
    later = load_data(suite, origin)
    head = git(origin, "rev-parse", "HEAD")
    assert (later.revision, later.pinned) == (head, False)
    assert suite.scope(later) == f"2.0, commit {head[:9]}"
    put(origin / "one", {"instruction.md": "Changed, and not committed."})
    assert suite.scope(load_data(suite, origin)) == "2.0, unknown commit"


@pytest.mark.parametrize("dataset", ["2.1", "own"])
def test_a_set_that_cannot_be_cloned_says_so(
    dataset: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVALKIT_CACHE", str(tmp_path))
    monkeypatch.delenv("EVALKIT_DATA", raising=False)
    with pytest.raises(EvalkitError, match="there is no data at hand") as told:
        load_data(open_suite("terminal-bench", {"dataset": dataset}))
    assert "--data" in told.value.hint


def sampled(task: str, sample: int, outcome: str, reason: str = "") -> Sampled:
    return Sampled(task, sample, outcome, {}, None, None, reason)


def test_the_boards_figures() -> None:
    """Three tasks in two runs, by hand; a fourth cannot be run here."""
    outcomes = {"a": ("passed", "passed"), "b": ("passed", "failed"), "c": ("error", "passed")}
    samples = [sampled(task, n, each) for task, both in outcomes.items() for n, each in enumerate(both)]
    found = statistics([*samples, sampled("d", 0, "not_run"), sampled("d", 1, "not_run")], DEFAULT)
    assert (found["tasks"], found["counted_tasks"], found["counted_trials"]) == (4, 3, 6)
    assert found["accuracy"] == pytest.approx(100 * 4 / 6)
    assert found["standard_error_over_runs"] == pytest.approx(100 * stdev([2 / 3, 2 / 3]) / sqrt(2))
    assert found["standard_error_over_attempts"] == pytest.approx(100 * sqrt(0.25 + 0.25) / 3)


def test_one_run_has_neither_standard_error() -> None:
    found = statistics([sampled("a", 0, "passed"), sampled("b", 0, "failed")], DEFAULT)
    assert found["accuracy"] == 50
    assert "standard_error_over_runs" not in found
    assert "standard_error_over_attempts" not in found
    assert statistics([sampled("a", 0, "not_run")], "2.0")["accuracy"] is None


def test_what_broke_is_a_failure_on_the_one_board_and_left_out_on_the_other() -> None:
    samples = [sampled("a", 0, "passed"), sampled("b", 0, "error", "sandbox")]
    assert statistics(samples, DEFAULT)["accuracy"] == 50
    assert statistics(samples, "2.0")["accuracy"] == 100
    unwritten = [*samples, sampled("c", 0, "error", "no_reward")]
    assert statistics(unwritten, "2.0")["accuracy"] == 50


def test_answers_are_not_replayed_and_rows_are_the_harnesses_own(both: Path) -> None:
    suite = open_suite("terminal-bench", {"dataset": "own"})
    with pytest.raises(DataError, match="cannot be replayed"):
        suite.read_answers(both)
    core, _, harbor = suite.tasks(load_data(suite, both).records)
    done, half = passed(measured={"reward": 1.0}), failed("wrong", measured={"reward": 0.5})
    answer = Answer("", "state")
    assert suite.official_sample(core, answer, done) == {"task_id": "core/one", "is_resolved": True}
    assert suite.official_sample(core, answer, failed("wrong"))["is_resolved"] is False
    assert suite.official_sample(core, answer, error("sandbox"))["is_resolved"] is None
    row = {"task_name": "harbor/one", "verifier_result": {"rewards": {"reward": 0.5}}}
    assert suite.official_sample(harbor, answer, half) == row
    assert suite.official_sample(harbor, answer, error("no_reward"))["verifier_result"] is None
