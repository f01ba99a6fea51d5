"""evalkit power: of a suite, of one stored run, of two."""

from __future__ import annotations

import asyncio
import math
from pathlib import Path

import pytest

from evalkit.model import CallAttempt, Message, Reply, Request, Usage
from evalkit.outcome import Outcome
from evalkit.store import create_run
from evalkit.suite import Scorer
from evalkit.task import Answer, Task, Verdict
from tests.cli.conftest import Evalkit
from tests.cli.stored import HOSTILE, manifest
from tests.cli.test_machine_interface import documented

# the research's worked matrix: sigma2 0.1354166667, omega2 0.1346726190, mean 0.46875
EIGHT = ("1111", "1110", "1000", "0000", "1100", "1111", "0010", "0000")
Z = 2.8015852


def store(folder: Path, tasks: tuple[str, ...], cost: float | None = None, name: str = "a-model") -> None:
    """A run with a task a word, a sample a letter: "1" passed, "0" failed."""
    asyncio.run(_store(folder, tasks, cost, name))


async def _store(folder: Path, tasks: tuple[str, ...], cost: float | None, name: str) -> None:
    known = manifest()
    known["settings"]["model"] = name
    known["identity"] = {"data": "d", "tasks": {"count": len(tasks)}, "model": {"id": name}}
    plan = [(f"t/{n}", k) for n, marks in enumerate(tasks) for k in range(len(marks))]
    with create_run(folder, known, plan) as run:
        judged = await run.verdict_set(Scorer("mini", "1"), {})
        for task, k in plan:
            rollout = await run.begin(task, k)
            if cost is not None:
                usage = Usage(prompt_tokens=1, completion_tokens=1, cost=cost)
                run.attempt(rollout, 0, "tested", CallAttempt(1.0, 0.1, 200, usage=usage))
                request = Request(Task(task, {}), k, (Message("user", "x"),))
                await run.model_call(rollout, 0, "tested", request, Reply("x", usage=usage))
            await run.answer(rollout, Answer("x"))
            good = tasks[int(task[2:])][k] == "1"
            verdict = Verdict(Outcome.PASSED) if good else Verdict(Outcome.FAILED, "wrong")
            await run.verdict(judged, task, k, "official", verdict)


def test_a_suite_that_nothing_was_run_of(called: Evalkit) -> None:
    """The research's table: 164 tasks, discordant shares of .15 and .25; unpaired near one half."""
    done = called("power", "humaneval", "--tasks", "164")
    assert done.code == 0, done
    assert "humaneval: 164 tasks, one sample each" in done.stdout
    assert "8.5 to 10.9 points: two models on these tasks" in done.stdout
    assert "15.5 points: two scores" in done.stdout
    assert "656 tasks, or 4 samples of each in the best case, no number of them in the worst" in done.stdout
    found = called("power", "humaneval", "--tasks", "500", "--discordant", "0.15", "--json").json
    assert set(found) == documented("`power`")
    assert found["paired"] == pytest.approx([0.0485, 0.0485], abs=5e-5)
    assert (found["run_cost"], found["difference"], found["bought"]) == (None, None, None)


def test_the_embedded_suite_counts_its_own_tasks(called: Evalkit) -> None:
    found = called("power", "mini", "--samples", "4", "--json").json
    assert (found["tasks"], found["samples"]) == (40, 4)
    best, worst = found["paired"]
    assert best == pytest.approx(Z * math.sqrt(0.15 / 160), abs=1e-6)  # all of it is chance
    assert worst == pytest.approx(Z * math.sqrt(0.25 / 40), abs=1e-6)  # none of it is


def test_one_run_measures_the_chance_in_its_answers(called: Evalkit, tmp_path: Path) -> None:
    store(tmp_path / "results" / "one", EIGHT, cost=0.25)
    sigma2 = 0.1354166667
    found = called(
        "power", "one", "--discordant", "0.4", "--difference", "10", "--budget", "50", "--json"
    ).json
    assert (found["suite"], found["tasks"], found["samples"]) == ("mini", 8, 4)
    assert found["run_noise"] == pytest.approx([0.0650520625] * 2, abs=1e-9)
    own = 0.4 - 2 * sigma2
    assert found["paired"] == pytest.approx([Z * math.sqrt((own + sigma2 / 2) / 8)] * 2, abs=1e-6)
    assert found["sample_cost"] == 0.25
    assert found["run_cost"] == 8
    assert found["difference"]["tasks"] == [math.ceil((Z / 0.1) ** 2 * (own + sigma2 / 2))] * 2
    assert found["difference"]["samples"] == [None, None]  # eight tasks are too few
    assert found["bought"]["samples"] == 25  # 200 samples of 8 tasks
    shown = called("power", "one", "--budget", "1").stdout
    assert "$1.00        buys one sample of 4 tasks" in shown
    assert "$8.00 a run, $0.2500 a sample" in shown


def test_two_models_part_ways_at_least_as_often_as_chance_has_it(called: Evalkit, tmp_path: Path) -> None:
    store(tmp_path / "results" / "one", EIGHT)
    shown = called("power", "one").stdout
    assert "two models part ways on 27.1% of the tasks by chance alone" in shown
    found = called("power", "one", "--json").json
    assert found["paired"] == pytest.approx([Z * math.sqrt(0.1354166667 / 2 / 8)] * 2, abs=1e-6)


def test_one_sample_a_task_leaves_chance_open(called: Evalkit, tmp_path: Path) -> None:
    store(tmp_path / "results" / "one", ("1",) * 19 + ("0",), name=HOSTILE)
    shown = called("power", "one").stdout
    # no more than p (1 - p) = 0.0475 of a task's answers can be chance
    assert f"at most {100 * math.sqrt(0.0475 / 20):.1f} points" in shown
    assert "\x1b" not in shown


def test_two_runs_tell_how_they_part_ways(called: Evalkit, tmp_path: Path) -> None:
    store(tmp_path / "results" / "one", ("1",) * 8 + ("0",) * 13)
    store(tmp_path / "results" / "two", ("1", *"0000000", "1", *"000000000000"))
    found = called("power", "one", "two", "--json").json
    assert found["paired"] == pytest.approx([Z * math.sqrt(8 / 21 / 21)] * 2, abs=1e-6)
    assert "8 of 21 tasks" in found["known"]
    # as many samples of many more tasks: what compare says of these two runs
    assert called("compare", "one", "two", "--json").json["detectable"] == pytest.approx(found["paired"][0])


def test_two_runs_with_samples_split_chance_from_tasks(called: Evalkit, tmp_path: Path) -> None:
    store(tmp_path / "results" / "one", EIGHT, cost=0.1)
    store(tmp_path / "results" / "two", tuple(reversed(EIGHT)), cost=0.2)
    found = called("power", "one", "two", "--samples", "1000000", "--json").json
    shares = [marks.count("1") / 4 for marks in EIGHT]
    seen = sum((a - b) ** 2 for a, b in zip(shares, reversed(shares), strict=True)) / 8
    own = seen - 2 * 0.1354166667 / 4
    assert found["paired"] == pytest.approx([Z * math.sqrt(own / 8)] * 2, abs=1e-4)
    assert found["sample_cost"] == pytest.approx(0.2)  # the dearer one's
    assert found["halved"]["samples"] == [None, None]


def test_what_cannot_be_answered_is_said(called: Evalkit, tmp_path: Path) -> None:
    store(tmp_path / "results" / "one", ("1", "0"))
    called("power", "one", "--budget", "5").refused(2, "needs the cost of a sample", "--sample-cost")
    called("power", "one", "one").refused(2, "differ on no task", "--discordant")
    called("power", "one", "two").refused(2, "no run 'two'")
    called("power", "one", "one", "--discordant", "0.2").refused(2, "--discordant is what two runs tell")
    called("power", "humanevil").refused(2, "is no suite, and no run", "did you mean humaneval")
    called("power", "humaneval", "--data", "nowhere").refused(2)
    called("power", "mini", "--difference", "0").refused(2, "--difference", "0.01 to 100")
    called("power", "mini", "--discordant", "15").refused(2, "--discordant")
    called("power").refused(2, "SUITE|RUN")


def test_a_run_without_a_verdict(called: Evalkit, tmp_path: Path) -> None:
    with create_run(tmp_path / "results" / "new", manifest(), [("t/0", 0)]):
        pass
    called("power", "new").refused(2, "has no verdict yet", "give its suite instead")
