"""LiveCodeBench by the command line: problems and answers from files, a score with what belongs beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.parity.livecodebench.problems import own
from tests.run.command import run

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


def test_scorers_score_the_same_answers_differently(files: tuple[str, ...]) -> None:
    official = run(*files)
    assert official.code == 0, official.stderr
    assert outcomes(official.summary) == (2, 2)
    assert official.summary["scorer"] == "lcb-2025-05 1"
    doubts = ["public tests only for 2 of 4 problems", "tasks.jsonl is no file of the authors'"]
    assert official.summary["doubts"] == doubts
    assert official.summary["scope"] == "tasks.jsonl"
    assert f"4 of 4 samples scored, {doubts[0]}" in " ".join(official.stderr.split())
    assert official.summary["breakdown"]["platform"] == {"atcoder": [1, 2], "leetcode": [1, 1]}

    real = run(*files, "--scorer", "real")
    assert (real.code, real.summary["scorer"]) == (0, "real 1"), real.stderr
    assert real.summary["run"] == official.summary["run"]  # other verdicts on the same answers
    assert outcomes(real.summary) == (3, 1)
    again = run(*files)
    assert outcomes(again.summary) == (2, 2)
