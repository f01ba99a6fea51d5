"""Judging stored answers again: another set of verdicts, what changed, and which one is the run's own."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

import evalkit

from .command import ended, here, start

pytestmark = pytest.mark.docker
PROBLEMS = Path(__file__).parents[2] / "suites" / "mini" / "problems.jsonl"
LARGE = "much = b'x' * 300_000_000\n"
SLOW = "import time\ntime.sleep(3.5)\n"


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    """Two right answers of mini, the second of which takes 300 MB of memory."""
    path = tmp_path / "answers.jsonl"
    problems = [json.loads(line) for line in PROBLEMS.read_text().splitlines()[:2]]
    with path.open("w") as out:
        for problem, large in zip(problems, ("", LARGE), strict=True):
            solution = large + problem["prompt"] + problem["canonical_solution"]
            out.write(json.dumps({"task_id": problem["task_id"], "solution": solution}) + "\n")
    return path


def reasons(folder: str) -> list[Any]:
    frame = evalkit.load(folder).samples()
    return [o if o == "passed" else r for o, r in zip(frame["outcome"], frame["reason"], strict=True)]


def test_score_adds_a_set_names_what_changed_and_resume_keeps_to_it(
    docker_engine: object, answers: Path, tmp_path: Path
) -> None:
    same = (
        "run",
        "mini",
        "--model",
        f"replay:{answers}",
        "--limit",
        "2",
        "--results",
        str(tmp_path),
        "--json",
    )
    first = here(*same)
    folder = first.summary["run"]
    assert (first.code, reasons(folder)) == (0, ["passed", "passed"]), first.stderr

    stricter = here("score", folder, "--memory", "256", "--json")
    assert stricter.code == 0, stricter.stderr
    assert reasons(folder) == ["passed", "memory"]
    assert stricter.summary["pass@1"] == 0.5
    assert "mini/2" in stricter.stderr
    assert "memory" in stricter.stderr

    assert here("resume", folder, "--json").summary["pass@1"] == 0.5, "resume keeps the set that score made"
    foreseen = here(*same, "--dry-run")
    assert (foreseen.summary["to_judge"], foreseen.summary["scored"]) == (0, 2)
    foreseen = here(*same, "--dry-run", "--memory", "512")
    assert (foreseen.summary["to_judge"], foreseen.summary["scored"]) == (2, 0), "in a way not tried yet"
    back = here(*same)
    assert back.summary["run"] == folder, "how answers are judged does not make another run"
    assert reasons(folder) == ["passed", "passed"], "the command's own options hold"
    assert "verdict set 1" in back.stderr
    with evalkit.load(folder)._store() as store:
        assert len(store.verdict_sets()) == 2, "nothing was judged a third time"

    aside = here("score", folder, "--memory", "256", "--no-default", "--json")
    assert aside.code == 0
    assert reasons(folder) == ["passed", "passed"]


@pytest.mark.full
def test_score_that_is_interrupted_says_so_and_changes_nothing(
    docker_engine: object, answers: Path, tmp_path: Path
) -> None:
    answers.write_text(answers.read_text().replace(json.dumps(LARGE)[1:-1], json.dumps(SLOW)[1:-1]))
    words = ("--model", f"replay:{answers}", "--limit", "2", "--results", str(tmp_path), "--json")
    folder = here("run", "mini", *words).summary["run"]
    scoring = start("score", folder)
    deadline = monotonic() + 60
    with evalkit.load(folder)._store() as store:
        while not any(state.judged for state in store.state(2).values()):
            assert monotonic() < deadline, "nothing was judged"
            sleep(0.05)
        scoring.send_signal(signal.SIGINT)
        done = ended(scoring)
        assert done.code == 130, done.stderr
        assert "not complete (interrupted)" in done.stderr
        assert store.default_set == 1


def test_score_needs_neither_model_nor_endpoint_nor_replay_file(
    docker_engine: object, answers: Path, tmp_path: Path
) -> None:
    words = ("--model", f"replay:{answers}", "--limit", "2", "--results", str(tmp_path), "--json")
    folder = here("run", "mini", *words).summary["run"]
    answers.unlink()
    again = here("score", folder, "--json")
    assert (again.code, again.summary["pass@1"]) == (0, 1.0), again.stderr


def test_a_run_finds_its_data_again_where_it_found_it_first(docker_engine: object, tmp_path: Path) -> None:
    data = tmp_path / "data" / "humaneval"
    data.mkdir(parents=True)
    row = {
        "task_id": "own/1",
        "prompt": "def one():\n",
        "entry_point": "one",
        "canonical_solution": "    return 1\n",
        "test": "def check(candidate):\n    assert candidate() == 1\n",
    }
    (data / "HumanEval.jsonl").write_text(json.dumps(row) + "\n")
    there = {"EVALKIT_DATA": str(tmp_path / "data")}
    words = ("run", "humaneval", "--model", "oracle", "--results", str(tmp_path / "results"), "--json")
    first = here(*words, env=there)
    assert (first.code, first.summary["pass@1"]) == (0, 1.0), first.stderr
    elsewhere = {"EVALKIT_DATA": ""}
    again = here("score", first.summary["run"], "--json", env=elsewhere)
    assert (again.code, again.summary["pass@1"]) == (0, 1.0), again.stderr
    (data / "HumanEval.jsonl").write_text(json.dumps({**row, "entry_point": "two"}) + "\n")
    other = here("resume", first.summary["run"], "--json", env=elsewhere)
    assert other.code == 2, "other data under the old name went unnoticed"
    assert "made with other settings: data:" in other.stderr
