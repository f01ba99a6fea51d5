"""Ten samples a problem, judged and aggregated by one command: a few of our own problems, all of v6."""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import comb
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from evalkit_suites.livecodebench import records

from evalkit.data import load_data, tasks_of
from evalkit.registry import open_suite
from evalkit.task import Task
from tests.run.command import Done, here
from tests.suites.test_livecodebench import METHOD, RECORD

pytestmark = pytest.mark.docker
N = 10
NO = "no such answer"
STDIN = "import sys\nprint({answers!r}[sys.stdin.read()])\n"
CALLED = (
    "import json\nclass Solution:\n    def {name}(self, *given):\n"
    "        return json.loads({answers!r}[json.dumps(given)])\n"
)


def right(task: Task) -> str:
    """A program that knows the expected outputs."""
    tests = records.tests_of(task.data)
    if not tests.function:
        return STDIN.format(answers=dict(zip(tests.inputs, tests.outputs, strict=True)))
    given = [json.dumps(list(map(json.loads, text.split("\n")))) for text in tests.inputs]
    return CALLED.format(name=tests.function, answers=dict(zip(given, tests.outputs, strict=True)))


def wrong(task: Task) -> str:
    name = records.tests_of(task.data).function
    return (
        f"class Solution:\n    def {name}(self, *given):\n        return {NO!r}\n"
        if name
        else f"print({NO!r})"
    )


def how_many(number: int) -> int:
    """Of the ten answers to problem `number`, how many are right: from none to all."""
    return 7 * number % (N + 1)


def answer(path: Path, tasks: Sequence[Task]) -> dict[str, int]:
    """Write ten replies for each task; how many of them are right, by task."""
    with path.open("w") as file:
        for number, task in enumerate(tasks):
            for k in range(N):
                program = right(task) if (3 * k + number) % N < how_many(number) else wrong(task)
                row = {"task_id": task.id, "reply": f"```python\n{program}\n```\n"}
                file.write(json.dumps(row) + "\n")
    return {task.id: how_many(number) for number, task in enumerate(tasks)}


def expected(counts: Sequence[int]) -> dict[str, Any]:
    """pass@k by its definition: one less the chance that k drawn answers are all wrong, averaged."""
    return {
        f"pass@{k}": pytest.approx(fmean(1 - comb(N - c, k) / comb(N, k) for c in counts)) for k in (1, 5, 10)
    }


def check(done: Done, tasks: Sequence[Task], counts: dict[str, int]) -> None:
    assert done.code == 0, done.stderr
    found = done.summary
    assert (found["tasks"], found["of"], found["planned"]) == (len(tasks), len(tasks), N * len(tasks))
    assert found["scored"] == found["planned"]
    assert found["counts"]["passed"] == sum(counts.values())
    assert {name: found[name] for name in expected([0])} == expected(list(counts.values()))
    for tag in ("difficulty", "platform"):
        by: dict[str, list[int]] = {}
        for task in tasks:
            by.setdefault(task.tags[tag], []).append(counts[task.id])
        assert found["pass_at_by"][tag] == {
            value: {"tasks": len(some), **expected(some)} for value, some in by.items()
        }
        assert found["breakdown"][tag] == {value: [sum(some), N * len(some)] for value, some in by.items()}
        for value, figures in found["pass_at_by"][tag].items():
            words = ", ".join(f"pass@{k} {100 * figures[f'pass@{k}']:.1f}%" for k in (1, 5, 10))
            assert f"{value}: {words}" in " ".join(done.stderr.split())


def test_ten_samples_a_problem_in_one_command(tmp_path: Path) -> None:
    problems: list[dict[str, Any]] = []
    for number, difficulty in enumerate(("easy", "medium", "hard") * 2):
        problem = METHOD if number % 2 else RECORD
        platform = "leetcode" if number % 2 else "atcoder"
        name = f"p{number}"
        problems.append({**problem, "question_id": name, "difficulty": difficulty, "platform": platform})
    data = tmp_path / "own.jsonl"
    data.write_text("".join(json.dumps(problem) + "\n" for problem in problems))
    suite = open_suite("livecodebench")
    tasks = tasks_of(suite, load_data(suite, data))
    counts = answer(tmp_path / "answers.jsonl", tasks)
    done = command(tmp_path, "--data", str(data))
    check(done, tasks, counts)
    assert list(done.summary["pass_at_by"]["difficulty"]) == ["easy", "medium", "hard"]
    assert "LiveCodeBench own.jsonl (6 tasks)" in done.stderr


@pytest.mark.full
def test_ten_samples_of_the_175_problems_of_v6_in_one_command(tmp_path: Path, data_dir: Path) -> None:
    suite = open_suite("livecodebench", {"release": "v6"})
    tasks = tasks_of(suite, load_data(suite, data_dir))
    counts = answer(tmp_path / "answers.jsonl", tasks)
    done = command(tmp_path, "--data", str(data_dir), "--release", "v6")
    check(done, tasks, counts)
    assert (done.summary["scope"], done.summary["planned"]) == ("v6", 1750)
    assert done.summary["doubts"] == ["public tests only"]
    assert "1,750 of 1,750 samples scored, 175 tasks, public tests only" in " ".join(done.stderr.split())


def command(folder: Path, *more: str) -> Done:
    model = f"replay:{folder / 'answers.jsonl'}"
    return here(
        "run", "livecodebench", "--model", model, *more, "--results", str(folder / "results"), "--json"
    )
