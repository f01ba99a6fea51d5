"""LiveCodeBench's self-repair: first attempts in the authors' file, what is told of them, what is kept."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from evalkit_suites.livecodebench_repair.protocols import PROTOCOLS, failure

from evalkit.data import load_data, read_records, tasks_of
from evalkit.endpoint.process import running
from evalkit.errors import DataError, EvalkitError
from evalkit.registry import open_suite, read_info
from evalkit.suite import Suite
from evalkit.task import Answer, Task
from tests.cli.conftest import Evalkit, called
from tests.suites.livecodebench.make import FILE
from tests.suites.livecodebench.problems import PROBLEMS
from tests.suites.livecodebench.record import OUTPUTS, replies

__all__ = ["called"]  # a fixture
ROW = {
    "question_id": "evk001_a",
    "code_list": ["print(1)", "print(2)"],
    "graded_list": [True, False],
    "metadata": ["{}", json.dumps({"error_code": -2, "inputs": "a b", "output": "2", "expected": "a"})],
}
# of the prompts that the authors' code (28fef95) made of outputs.json, where it did not raise
SENT = {
    "lcb-repair": "7f2288c9cbf11264",
    "lcb-repair-mistral": "f0ffe726a891d450",
    "lcb-repair-claude": "a59692db43ae1705",
    "lcb-repair-gemini": "c4b25e53efc31735",
}


def opened(attempts: Path = OUTPUTS, data: Path = FILE, **options: Any) -> tuple[Suite, dict[str, Task]]:
    suite = open_suite("livecodebench-repair", {"attempts": str(attempts), **options})
    return suite, {task.id: task for task in tasks_of(suite, load_data(suite, data))}


def written(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text(json.dumps(rows))
    return path


def only(tmp_path: Path) -> Path:
    """Data of the first problem alone."""
    (tmp_path / "one.jsonl").write_text(FILE.read_text().splitlines()[0] + "\n")
    return tmp_path / "one.jsonl"


@pytest.mark.parametrize("name", SENT)
def test_prompts_are_the_authors(name: str) -> None:
    suite, tasks = opened(protocol=name)
    digest = hashlib.sha256()
    for task in tasks.values():
        attempt = task.data["attempt"]
        if not attempt.kept and "inputs" in attempt.said:
            messages = suite.protocol().prompt(task).messages
            digest.update(json.dumps([[m.role, m.content] for m in messages]).encode() + b"\n")
    assert digest.hexdigest()[:16] == SENT[name]


def test_every_protocol_is_held_to_a_hash() -> None:
    assert set(SENT) == set(PROTOCOLS)


def test_a_task_an_attempt_and_what_passed_is_kept() -> None:
    suite, tasks = opened()
    rows = {row["question_id"]: row for row in json.loads(OUTPUTS.read_text())}
    assert list(tasks) == [f"{name}/{k}" for name in sorted(rows) for k in range(3)]
    for name, row in rows.items():
        for k, passed in enumerate(row["graded_list"]):
            settled = suite.settled(tasks[f"{name}/{k}"])
            assert settled == (Answer(row["code_list"][k], "solution") if passed else None)
    assert {tasks[name].tags["first try"] for name in tasks} == {
        *("passed", "wrong answer", "runtime error"),
    }
    assert suite.remarks(list(tasks.values())) == ("14 of 27 first attempts are kept as they are",)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"error_code": -1, "error": "E"}, "the following compilation error.\nE"),
        (
            {"error_code": -3, "error": "E", "inputs": "I", "expected": "X"},
            "time limit exceeded.\nE\nInput: I\n",
        ),
        ({"error_code": -4, "error": "E", "inputs": "I", "expected": "X"}, "a runtime error.\nInput: I\nExp"),
        ({"error_code": -4, "error_message": "E"}, "the following compilation error.\nE"),
        ({"error_code": -5, "error": "E"}, "a runtime error.\nE"),
    ],
)
def test_what_the_model_is_told(said: dict[str, Any], told: str) -> None:
    assert failure(said).startswith(f"The above code is incorrect and got {told}")


def test_an_attempt_of_whose_failure_nothing_is_known_is_kept(tmp_path: Path) -> None:
    """As officially: there is nothing to ask about."""
    row = {**ROW, "graded_list": [False, False]}
    suite, tasks = opened(written(tmp_path / "a.json", row), only(tmp_path))
    assert [suite.settled(task) is not None for task in tasks.values()] == [True, False]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "attempts.json holds no attempts"),
        (
            [ROW, {**ROW, "question_id": "b", "code_list": [""], "graded_list": [True], "metadata": ["{}"]}],
            "1 and 2",
        ),
        ([{"question_id": "evk001_a", "code_list": ["x"]}], "row 1: missing graded_list, metadata"),
        ([ROW, ROW], "question evk001_a is there twice"),
        ([{**ROW, "graded_list": [True]}], "question evk001_a: .* no lists of one length"),
        ([{**ROW, "metadata": ["{}", "{"]}], "question evk001_a: an attempt is"),
        ([{**ROW, "code_list": [1, 2]}], "question evk001_a: an attempt is"),
        ([{**ROW, "question_id": "other"}], "no attempts at 1 of 1 problems: evk001_a"),
    ],
)
def test_a_file_of_something_else_is_named(tmp_path: Path, rows: list[Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        opened(written(tmp_path / "attempts.json", *rows), only(tmp_path))


def test_without_a_file_it_says_which(called: Evalkit, tmp_path: Path) -> None:
    for attempts in ("", str(tmp_path / "none.json")):
        suite = open_suite("livecodebench-repair", {"attempts": attempts})
        with pytest.raises(EvalkitError, match="first attempts"):
            suite.tasks([])
    missing = called("run", "livecodebench-repair", "--model", "null", EVALKIT_DATA="")
    missing.refused(2, "first attempts", "--attempts FILE_eval_all.json")  # before any data is looked for


def test_data_is_found_in_the_folder_of_code_generation(called: Evalkit, tmp_path: Path) -> None:
    (tmp_path / "livecodebench").mkdir()
    (tmp_path / "livecodebench" / "test6.jsonl").write_bytes(FILE.read_bytes())
    words = ("run", "livecodebench-repair", "--release", "v6", "--attempts", OUTPUTS, "--model", "null")
    done = called(*words, "--dry-run", "--json", EVALKIT_DATA=str(tmp_path))
    assert (done.json["scope"], done.json["tasks"]) == ("v6", 27), done.stderr
    assert (done.json["calls"], done.json["to_judge"]) == (13, 14)  # what is kept is not asked
    listed = called("suites", "livecodebench-repair", "--json", EVALKIT_DATA=str(tmp_path))
    assert listed.json["tasks"] is None


@pytest.mark.docker
def test_validate_tries_what_passed_as_gold_and_empty_answers_for_the_rest(
    called: Evalkit, tmp_path: Path
) -> None:
    words = ("validate", "livecodebench-repair", "--data", FILE, "--json", "--attempts")
    good = called(*words, OUTPUTS)
    assert good.code == 0, good.stderr
    assert [good.json[key] for key in ("ok", "wrong", "settled", "untried")] == [True, [], 14, 13]
    rows = json.loads(OUTPUTS.read_text())
    rows[0]["graded_list"], rows[0]["metadata"] = [True, True, False], ["{}"] * 3  # of 1, 0, 0
    bad = called(*words, written(tmp_path / "untrue.json", *rows))
    assert (bad.code, bad.json["settled"], bad.json["untried"]) == (1, 16, 12)
    assert [(row["model"], row["task_id"]) for row in bad.json["wrong"]] == [("oracle", "9001_A/1")]


def test_official_answers_belong_to_the_attempts_in_order() -> None:
    suite, tasks = opened()
    rows = json.loads(OUTPUTS.read_text())
    assert {sample.task_id for sample in suite.read_samples(rows)} == set(tasks)
    own = {"task_id": "evk001_a/1", "solution": "pass"}
    assert [sample.task_id for sample in suite.read_samples([own])] == ["evk001_a/1"]


def test_its_data_is_that_of_code_generation() -> None:
    here, there = (read_info(open_suite(n).info.folder) for n in ("livecodebench-repair", "livecodebench"))
    assert (here.hub, here.parts, here.large, here.local) == (
        there.hub,
        there.parts,
        there.large,
        there.local,
    )


@pytest.mark.docker
def test_kept_and_repaired_programs_make_the_score(called: Evalkit, tmp_path: Path) -> None:
    """One problem's failures are repaired, the others' are not: 14 kept, and 1 or 2 more."""
    content = next(p.content for p in PROBLEMS if p.name == "9001_A")
    rules = [{"match": content, "reply": replies()["9001_A"][0]}, {"reply": "```python\npass\n```"}]
    (tmp_path / "script.jsonl").write_text("".join(json.dumps(rule) + "\n" for rule in rules))
    words = ("run", "livecodebench-repair", "--data", FILE, "--attempts", OUTPUTS, "--json", "--model", "m")
    with running("--script", str(tmp_path / "script.jsonl"), "--log", str(tmp_path / "log.jsonl")) as url:
        done = called(*words, "--base-url", url)
    assert done.code == 0, done.stderr
    failed = [row["graded_list"].count(False) for row in json.loads(OUTPUTS.read_text())]
    assert len(list(read_records(tmp_path / "log.jsonl"))) == sum(failed) == 13
    assert (done.json["counts"]["passed"], done.json["counts"]["failed"]) == (14 + 2, 11)
    assert done.json["breakdown"]["first try"]["passed"] == [14, 14]

    (tmp_path / "other.json").write_text(json.dumps(json.loads(OUTPUTS.read_text())[::-1]))
    replayed = called(*words[:-3], "--attempts", "other.json", "--json", "--model", f"replay:{OUTPUTS}")
    assert replayed.json["counts"]["passed"] == 14  # the first attempts once more
