"""A suite with bugs, and a task that lacks what it needs: never a wrong answer, and the others go on."""

from __future__ import annotations

from pathlib import Path

import pytest

import evalkit

pytestmark = pytest.mark.docker
SUITE = """
from evalkit import Answer, Extractor, Message, Prompt, Protocol, Scorer, Suite, Task
from evalkit.task import passed


def ask(task):
    if task.id == "2":
        raise KeyError("no such field")
    return Prompt((Message("user", "hello"),))


class Suite(Suite):
    def tasks(self, records):
        needs = {"5": ("network",)}
        gold = Answer("x = 1", "solution")
        return [Task(r["task_id"], r, gold, needs=needs.get(r["task_id"], ())) for r in records]

    def protocol(self):
        whole = Extractor("whole", "1", "", lambda reply, task: reply)
        return Protocol("p", "1", ask, whole, lambda task, answer: answer.text)

    def scorer(self):
        return Scorer("s", "1")

    async def score(self, task, answer, sandbox):
        return passed() if task.id != "3" else 1 / 0
"""


def test_bugs_of_a_suite_cost_their_own_samples_only(docker_engine: object, tmp_path: Path) -> None:
    folder = tmp_path / "buggy"
    folder.mkdir()
    (folder / "suite.py").write_text(SUITE)
    (folder / "suite.toml").write_text(
        'title = "Buggy"\nerrors_fail = true\n[data]\nlocal = ["tasks.jsonl"]\n'
    )
    (folder / "tasks.jsonl").write_text("".join(f'{{"task_id": "{n}"}}\n' for n in range(1, 6)))
    run = evalkit.run(str(folder), model="oracle", results=tmp_path / "results")
    got = {r.task_id: (r.outcome, r.detail) for r in run.samples().itertuples()}
    assert [got[t][0] for t in "1234"] == ["passed", "error", "error", "passed"]
    assert got["5"] == ("not_run", "needs network")
    assert run.summary.reasons == {"error/grader": 1, "error/host": 1, "not_run/unavailable": 1}
    assert "KeyError" in got["2"][1]
    assert "ZeroDivisionError" in got["3"][1]
    assert run.summary.pass_1 == 1.0
    assert run.summary.bounds == (0.4, 1.0)
    assert run.summary.authors == 0.5, "where the authors count what broke as failed, theirs is shown too"
