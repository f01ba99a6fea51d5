"""Mini: its problems are sound, its protocol finds the code, its demo fails where it says."""

from __future__ import annotations

import asyncio
import doctest
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import evalkit
from evalkit.data import load_data, read_records
from evalkit.endpoint.process import running
from evalkit.program import ProgramSandbox
from evalkit.registry import open_suite
from evalkit.task import Answer, Task, Verdict

HERE = Path(__file__).parent
SUITE = open_suite("mini")
TASKS = {task.id: task for task in SUITE.tasks(load_data(SUITE).records)}
WRONG = list(read_records(HERE / "mini_wrong.jsonl"))
DEMO = list(read_records(SUITE.info.folder / "demo.jsonl"))

# what the demo's model gets wrong, and as what it ends
DEMO_FAILURES = {
    "mini/6": "wrong",  # 1,048,575 bytes become 1024.0 KiB
    "mini/20": "wrong",  # off by one day, counted from the end of a month
    "mini/27": "wrong",  # rounds to nearest, then corrects the largest share
    "mini/33": "crashed",  # forgets to import re
    "mini/34": "no_answer",  # explains, and offers to write the code
    "mini/36": "wrong",  # Dijkstra on pairs, where the better pair now may be the worse later
    "mini/38": "truncated",
    "mini/40": "crashed",  # a parenthesis is missing: a syntax error
}


def reply_to(task: Task) -> Any:
    """The demo's rule for a task, as the scripted endpoint finds it: the first that matches the prompt."""
    [message] = SUITE.protocol().prompt(task).messages
    return next(rule for rule in DEMO if rule["match"] in message.content)


def plainly(program: str, task: Task, *, timeout: float) -> str:
    """Program and test in a Python process of their own, no sandbox: "" or the last line of the error."""
    source = f"{program}\n{task.data['test']}\ncheck({task.data['entry_point']})\n"
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-c", source], capture_output=True, text=True, timeout=timeout
        )
    except subprocess.TimeoutExpired:
        return "timeout"
    return "" if done.returncode == 0 else done.stderr.strip().rpartition("\n")[2] or "died"


def tried(program: str, task: Task) -> str:
    """The same in this process, of programs of our own that end: "" or the error."""
    module = ModuleType("answer")
    try:
        exec(f"{program}\n{task.data['test']}\ncheck({task.data['entry_point']})\n", vars(module))
    except Exception as e:
        return repr(e)
    return ""


def gold_program(task: Task) -> str:
    assert task.gold is not None
    return SUITE.protocol().assemble(task, task.gold)


def test_forty_problems_from_easy_to_hard() -> None:
    assert list(TASKS) == [f"mini/{n}" for n in range(1, 41)]
    assert Counter(task.tags["difficulty"] for task in TASKS.values()) == {
        "easy": 14,
        "medium": 18,
        "hard": 8,
    }
    assert len({task.data["entry_point"] for task in TASKS.values()}) == 40


@pytest.mark.parametrize("task_id", TASKS)
def test_gold_passes_and_its_examples_hold(task_id: str) -> None:
    task = TASKS[task_id]
    program, module = gold_program(task), ModuleType("answer")
    assert tried(program, task) == ""
    exec(program, vars(module))
    done = doctest.testmod(module)
    assert done.attempted
    assert not done.failed


@pytest.mark.full
@pytest.mark.parametrize("task_id", TASKS)
def test_plausible_wrong_answers_fail_without_a_sandbox_too(task_id: str) -> None:
    for row in WRONG:
        if row["task_id"] == task_id:
            assert plainly(row["solution"], TASKS[task_id], timeout=3.0) != "", row["why"]


def test_an_empty_body_passes_nowhere() -> None:
    passing = [task.id for task in TASKS.values() if not tried(task.data["prompt"], task)]
    assert passing == []


def test_demo_answers_every_problem_once() -> None:
    used = [reply_to(task)["match"] for task in TASKS.values()]
    assert len(DEMO) == 40
    assert sorted(used) == sorted(rule["match"] for rule in DEMO)


def test_demo_copies_no_gold() -> None:
    for task in TASKS.values():
        reply = reply_to(task)["reply"]
        text = reply if isinstance(reply, str) else reply["text"]
        assert "def " in text or task.id == "mini/34"
        assert task.data["canonical_solution"].strip() not in text


# -- in the sandbox ----------------------------------------------------------------------------------


async def judged(
    programs: ProgramSandbox, answers: list[tuple[Task, Answer]], options: dict[str, Any]
) -> list[Verdict]:
    """The verdicts of answers, from a real pair of containers."""
    suite = open_suite("mini", options)
    return await asyncio.gather(*(suite.score(task, answer, programs) for task, answer in answers))


@pytest.mark.docker
@pytest.mark.asyncio(loop_scope="session")
async def test_gold_passes_in_the_sandbox(programs: ProgramSandbox) -> None:
    answers = [(task, task.gold) for task in TASKS.values() if task.gold]
    verdicts = await judged(programs, answers, {})
    assert [(t.id, v.reason, v.detail) for (t, _), v in zip(answers, verdicts, strict=True) if v.reason] == []
    assert len(verdicts) == 40


@pytest.mark.docker
@pytest.mark.asyncio(loop_scope="session")
async def test_plausible_wrong_answers_to_every_problem_fail_in_the_sandbox(programs: ProgramSandbox) -> None:
    """As what they should: nearly all as wrong. Three exhaust something instead: time, or the stack."""
    assert {row["task_id"] for row in WRONG} == set(TASKS)
    answers = [(TASKS[row["task_id"]], Answer(row["solution"], "solution")) for row in WRONG]
    verdicts = await judged(programs, answers, {"timeout": 1.0})
    ends = {row["why"]: v.reason or v.outcome for row, v in zip(WRONG, verdicts, strict=True)}
    assert {why: end for why, end in ends.items() if end != "wrong"} == {
        "tries all subsets by recursion, without memory": "crashed",
        "tries every covering, cell by cell": "timeout",
        "recursion without memory": "timeout",
    }


@pytest.mark.docker
def test_demo_over_real_http_fails_where_it_says(docker_engine: object, tmp_path: Path) -> None:
    with running("--script", str(SUITE.info.folder / "demo.jsonl")) as url:
        options = f"--model demo --base-url {url} --api-key-env PATH --results {tmp_path}"
        run = [sys.executable, "-m", "evalkit", "run", "mini", *options.split(), "--json"]
        done = subprocess.run(run, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout.splitlines()[-1])
    assert (summary["planned"], summary["counts"]["passed"], summary["pass@1"]) == (40, 32, 0.8)
    samples = evalkit.load(summary["run"]).samples()
    failed = samples[samples.outcome != "passed"]
    assert dict(zip(failed.task_id, failed.reason, strict=True)) == DEMO_FAILURES


# -- the extractor -----------------------------------------------------------------------------------

CODE = "def split_bill(total_cents, people):\n    return []\n"
OTHER = "print(split_bill(1, 2))\n"


def found(reply: str) -> str | None:
    answer = SUITE.protocol().extract(TASKS["mini/1"], Answer(reply))
    return answer.text if answer else None


@pytest.mark.parametrize(
    "reply",
    [
        f"Sure!\n\n```python\n{CODE}```\nDone.",
        f"```\n{CODE}```",
        f"```PY title=answer.py\n{CODE}```",
        f"```python\n{CODE}```\nUse it:\n```python\n{OTHER}```",
        f"First try:\n```python\n{CODE.replace('[]', 'None')}```\nBetter:\n```python\n{CODE}```",
        f"```bash\npip install x\n```\n```python\n{CODE}```\n```text\ndef split_bill: no\n```",
        f"<think>\n```python\ndef split_bill(): pass\n```\n</think>\n```python\n{CODE}```",
        f"```python\n{CODE}",
        f"```python\n{CODE}```".replace("\n", "\r\n"),
        "1. Write:\n   ```python\n" + "".join(f"   {line}\n" for line in CODE.splitlines()) + "   ```\n",
        CODE,
    ],
)
def test_code_is_found(reply: str) -> None:
    assert found(reply) == CODE


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "I cannot help with that.",
        "```python\nprint(1)\n```",
        f"```javascript\n{CODE}```",
        f"Here it is: {CODE}",
        "Sorry",
        "def split_bill(:\n",
        "def split_bill(total_cents, people):\n    return '\0'\n",
    ],
)
def test_no_code_is_no_answer(reply: str) -> None:
    assert found(reply) is None


def test_a_wall_of_fences_costs_no_time_to_speak_of() -> None:
    assert found("```" + "a" * 400_000 + "`\n" + "```x\n" * 100_000 + " " * 400_000) is None
