"""LiveCodeBench by the command line: problems and answers from files, a score with what belongs beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Evalkit, called
from tests.parity.livecodebench.problems import own

__all__ = ["called"]  # a fixture
pytestmark = pytest.mark.docker

PLAIN = {
    "question_id": "plain",
    "question_content": "Double a number.",
    "public_test_cases": [{"input": "2\n", "output": "4\n", "testtype": "stdin"}],
}
ANSWERS = {
    "total": "n = int(input())\nprint(sum(map(int, input().split())))",
    "evens": "class Solution:\n    def evens(self, xs):\n        return tuple(x for x in xs if x % 2 == 0)",
    "plain": "import os, sys\nos.write(1, b'%d' % (2 * int(sys.stdin.buffer.read())))",
    "printed-0": "import os\nos._exit(0)",
}


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, ...]:
    problems = [own()["total"], own()["evens"], PLAIN, own()["printed-0"]]
    (tmp_path / "tasks.jsonl").write_text("".join(json.dumps(p) + "\n" for p in problems))
    rows = [{"task_id": k, "reply": f"So:\n```python\n{v}\n```\n"} for k, v in ANSWERS.items()]
    (tmp_path / "answers.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    answers = f"replay:{tmp_path / 'answers.jsonl'}"
    where = ("--data", str(tmp_path / "tasks.jsonl"), "--results", str(tmp_path / "results"))
    return ("run", "livecodebench", "--model", answers, *where, "--json")


def outcomes(summary: dict[str, Any]) -> tuple[int, int]:
    return summary["counts"]["passed"], summary["counts"]["failed"]


def test_scorers_score_the_same_answers_differently(called: Evalkit, files: tuple[str, ...]) -> None:
    official = called(*files)
    assert official.code == 0, official.stderr
    assert outcomes(official.json) == (2, 2)
    assert official.json["scorer"] == "lcb-2025-05 1"
    doubts = ["public tests only for 2 of 4 problems", "tasks.jsonl is no file of the authors'"]
    assert official.json["doubts"] == doubts
    assert official.json["scope"] == "tasks.jsonl"
    assert f"4 of 4 samples scored, {doubts[0]}" in " ".join(official.stderr.split())
    assert official.json["breakdown"]["platform"] == {"atcoder": [1, 2], "leetcode": [1, 1]}

    real = called(*files, "--scorer", "real")
    assert (real.code, real.json["scorer"]) == (0, "real 1"), real.stderr
    assert real.json["run"] == official.json["run"]  # other verdicts on the same answers
    assert outcomes(real.json) == (3, 1)
    assert real.json["doubts"] == [
        *doubts,
        "judged by the rules real, today's official ones are lcb-2025-05",
    ]
    former = called(*files, "--scorer", "lcb-2025-01")
    assert (former.json["scorer"], outcomes(former.json)) == ("lcb-2025-01 1", (2, 2))
    again = called(*files)
    assert outcomes(again.json) == (2, 2)
    assert again.json["doubts"] == doubts


def test_another_window_is_another_run_and_says_which(called: Evalkit, tmp_path: Path) -> None:
    """Also where it holds the same problems: what was asked for is part of a run."""
    dated = [
        own()["total"] | {"question_id": f"q{n}", "contest_date": f"2024-08-0{n}T00:00:00"} for n in (1, 2, 3)
    ]
    (tmp_path / "own.jsonl").write_text("".join(json.dumps(p) + "\n" for p in dated))
    where = ("--data", str(tmp_path / "own.jsonl"), "--results", str(tmp_path / "results"))
    words = ("run", "livecodebench", "--model", "null", *where, "--samples", "1", "--json")
    windows = (
        (),
        ("--from", "2024-08-01"),
        ("--from", "2024-08-02"),
        ("--from", "2024-08-02", "--to", "2024-08-02"),
    )
    found = [called(*words, *window, "--dry-run").json for window in windows]
    assert len({summary["run"] for summary in found}) == len(windows)
    assert [(s["scope"], s["tasks"], s["of"]) for s in found] == [
        ("own.jsonl", 3, 3),
        ("own.jsonl from 2024-08-01", 3, 3),
        ("own.jsonl from 2024-08-02", 2, 2),
        ("own.jsonl 2024-08-02..2024-08-02", 1, 1),
    ]
    made = called(*words, *windows[2], "--limit", "1")
    assert (made.json["tasks"], made.json["of"]) == (1, 2)
    assert "own.jsonl from 2024-08-02 (1 of 2 tasks)" in made.stderr
    assert called("show", made.json["run"], "--json").json == made.json
    listed = called("list", "--results", str(tmp_path / "results"))
    assert "livecodebench own.jsonl from 2024-08-02 (1 of 2 tasks)" in listed.stdout
    assert "* not comparable with published scores" in listed.stdout


def test_a_scorer_that_cannot_judge_all_leaves_the_score_and_says_so(called: Evalkit, tmp_path: Path) -> None:
    """The second test is no JSON, which only a scorer that lets the first one pass gets to see."""
    tests = [{"input": text, "output": "1", "testtype": "functional"} for text in ("1", "x")]
    row = PLAIN | {"public_test_cases": tests, "metadata": {"func_name": "f"}}
    (tmp_path / "own.jsonl").write_text(json.dumps(row))
    program = "from __future__ import annotations\ndef f(x):\n    return x"
    (tmp_path / "codes.json").write_text(json.dumps([{"question_id": "plain", "code_list": [program]}]))
    where = ("--data", str(tmp_path / "own.jsonl"), "--results", str(tmp_path / "results"), "--json")
    words = ("run", "livecodebench", "--model", f"replay:{tmp_path / 'codes.json'}", *where)
    first, second = called(*words), called(*words, "--scorer", "real")
    assert (first.code, outcomes(first.json)) == (0, (0, 1)), first.stderr
    assert (second.code, outcomes(second.json)) == (3, (0, 1)), second.stderr
    assert second.json["scorer"] == first.json["scorer"] == "lcb-2025-05 1"
    (note,) = second.json["notes"]
    assert note.startswith("real 1 (")
    assert note.endswith("could not judge 1 answers: this score is still an earlier one's")


def test_a_problem_without_tests_is_never_asked_and_never_passed(called: Evalkit, tmp_path: Path) -> None:
    rows = [PLAIN, PLAIN | {"question_id": "untested", "public_test_cases": []}]
    (tmp_path / "own.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    answers = [{"task_id": row["question_id"], "solution": "print(2 * int(input()))"} for row in rows]
    (tmp_path / "answers.jsonl").write_text("".join(json.dumps(row) + "\n" for row in answers))
    where = ("--data", str(tmp_path / "own.jsonl"), "--results", str(tmp_path / "results"), "--json")
    done = called("run", "livecodebench", "--model", f"replay:{tmp_path / 'answers.jsonl'}", *where)
    assert done.code == 3  # one of two is missing
    assert done.json["counts"] == {"passed": 1, "failed": 0, "error": 0, "not_run": 1}
    assert done.json["reasons"] == {"not_run/unavailable": 1}


def test_validate_tries_what_has_gold_and_tests(called: Evalkit, tmp_path: Path) -> None:
    rows = [PLAIN | {"solution": "print(2 * int(input()))"}, PLAIN | {"question_id": "without gold"}]
    rows.append(rows[0] | {"question_id": "untested", "public_test_cases": []})
    (tmp_path / "own.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    where = ("--data", str(tmp_path / "own.jsonl"), "--results", str(tmp_path / "results"))
    words = ("validate", "livecodebench", *where, "--json")
    done = called(*words)
    assert (done.code, done.json["ok"], done.json["untried"], done.json["planned"]) == (
        0,
        True,
        2,
        3,
    )
    assert "not tried      2 tasks without a gold answer, tests or what they need" in done.stderr
    nothing = called(*words, "--tasks", "without gold")
    assert (nothing.code, nothing.json["ok"], nothing.json["wrong"]) == (1, False, [])
    assert "not valid: nothing was tried" in nothing.stderr


def test_the_files_of_a_run_are_found_again_without_being_named(called: Evalkit, tmp_path: Path) -> None:
    (tmp_path / "livecodebench").mkdir()
    for name in ("test5", "test6"):
        row = json.dumps(PLAIN | {"question_id": name})
        (tmp_path / "livecodebench" / f"{name}.jsonl").write_text(f"{row}\n")
    words = ("run", "livecodebench", "--release", "v5_v6", "--model", "null", "--samples", "1", "--json")
    env = {"EVALKIT_DATA": str(tmp_path)}
    made = called(*words, "--results", str(tmp_path / "results"), **env).json
    assert (made["scope"], made["tasks"]) == ("v5_v6", 2)
    nowhere = {"EVALKIT_DATA": "", "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    assert called("resume", made["run"], "--json", **nowhere).json["tasks"] == 2
    again = called("score", made["run"], "--json", **nowhere)
    assert (again.code, again.json["changes"]) == (0, [])
    exported = called(
        "export", made["run"], "--format", "official", "-o", str(tmp_path / "out.json"), **nowhere
    )
    assert exported.code == 0, exported.stderr
    assert [row["question_id"] for row in json.loads((tmp_path / "out.json").read_text())] == [
        "test5",
        "test6",
    ]
