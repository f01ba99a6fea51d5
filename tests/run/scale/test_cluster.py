"""Runs on a Ray cluster of two nodes, simulated on this machine: the same verdicts, and nothing lost or paid
twice where workers and nodes are ended in the middle of it."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from evalkit.endpoint.process import running, stats
from evalkit.store import read_run
from tests.run.scale.sessions import (
    calls_made,
    finished,
    humaneval_script,
    refused,
    result,
    started,
    verdicts,
    wait_for,
    workers,
)
from tests.run.scale.simulated import Simulated, simulated

pytestmark = pytest.mark.docker
MINI = Path(__file__).parents[3] / "suites" / "mini" / "demo.jsonl"
SCRIPTED = ("--model", "scripted", "--api-key-env", "PATH")
ONE_EACH = (
    "--judges",
    "1",
)  # programs at once on each node, as if each had a core of its own: limits are of time


def both_open(process: subprocess.Popen[str]) -> None:
    """Until a worker is there again on each node."""
    end = time.monotonic() + 60
    while len(workers()) < 2:
        assert process.poll() is None, "it ended too early"
        assert time.monotonic() < end, "nobody came back"
        time.sleep(0.1)
    time.sleep(2)  # it takes up work


@pytest.fixture(scope="module")
def cluster(docker_engine: object) -> Iterator[Simulated]:
    with simulated(2, 2) as cluster:
        yield cluster


def test_a_killed_worker_costs_no_call_and_no_sample(cluster: Simulated, tmp_path: Path) -> None:
    with running("--script", str(MINI), "--latency", "0.4") as url:
        words = ("mini", *SCRIPTED, "--base-url", url, "--concurrency", "8")
        process = started(*words, "--workers", cluster.words, results=tmp_path / "ray")
        wait_for(5, tmp_path / "ray", process)
        process.send_signal(signal.SIGSTOP)  # it is in the middle of its work, however long this takes
        workers()[0].kill()
        process.send_signal(signal.SIGCONT)
        summary, said = result(process)
        assert stats(url)["requests"] == 40, "each call is made once, also those that a worker was lost with"
        assert stats(url)["completed_again"] == 0
    assert "was lost" in said
    assert len(verdicts(summary["run"])) == 40
    assert set(calls_made(summary["run"]).values()) == {1}
    with running("--script", str(MINI)) as url:
        alone = finished("mini", *SCRIPTED, "--base-url", url, results=tmp_path / "alone")
    assert verdicts(summary["run"]) == verdicts(alone["run"])
    with read_run(Path(summary["run"])) as store:
        kinds = [note.payload["sandbox"]["workers"] for note in store.notes() if note.kind == "session"]
    assert [(w["kind"], len(w["nodes"])) for w in kinds] == [("ray", 2)]


@pytest.mark.full
def test_humaneval_of_gold_is_as_on_one_machine(cluster: Simulated, data_dir: Path, tmp_path: Path) -> None:
    words = ("humaneval", "--model", "oracle")
    here = finished(*words, results=tmp_path / "alone")
    there = finished(*words, *ONE_EACH, "--workers", cluster.words, results=tmp_path / "ray")
    assert there["counts"]["passed"] == 164
    assert verdicts(there["run"]) == verdicts(here["run"])


@pytest.mark.full
def test_a_worker_and_a_node_are_ended_in_the_middle(
    docker_engine: object, data_dir: Path, tmp_path: Path
) -> None:
    script = humaneval_script(tmp_path / "script.jsonl")
    with running("--script", str(script)) as url:
        words = ("humaneval", *SCRIPTED, "--protocol", "evalplus")
        alone = finished(*words, "--base-url", url, results=tmp_path / "alone")
    assert alone["counts"]["failed"] > 40
    with simulated(2, 2) as cluster, running("--script", str(script), "--latency", "uniform:1,4") as url:
        there = (*words, *ONE_EACH, "--base-url", url, "--workers", cluster.words)
        process = started(*there, results=tmp_path / "ray")
        wait_for(30, tmp_path / "ray", process)
        workers()[0].kill()
        wait_for(50, tmp_path / "ray", process)
        both_open(process)
        cluster.lose_a_node()
        summary, said = result(process)
        asked = stats(url)
    assert said.count("was lost") >= 2
    assert (asked["requests"], asked["completed_again"]) == (164, 0)
    assert len(calls_made(summary["run"])) == 164
    assert set(calls_made(summary["run"]).values()) == {1}
    assert verdicts(summary["run"]) == verdicts(alone["run"])


@pytest.mark.full
def test_ctrl_c_stops_it_and_the_same_command_goes_on(cluster: Simulated, tmp_path: Path) -> None:
    with running("--script", str(MINI), "--latency", "1") as url:
        words = ("mini", *SCRIPTED, "--base-url", url, "--concurrency", "4", "--workers", cluster.words)
        process = started(*words, results=tmp_path)
        wait_for(8, tmp_path, process)
        process.send_signal(signal.SIGINT)
        before = time.monotonic()
        summary, _ = result(process, (130,))
        assert time.monotonic() - before < 15
        assert summary["end"] == "interrupted"
        assert 8 <= summary["counts"]["passed"] + summary["counts"]["failed"] < 40
        assert workers() == []
        summary = finished(*words, results=tmp_path)
        assert stats(url)["completed_again"] == 0
        assert stats(url)["requests"] - 40 <= 4, "what was in flight when it was interrupted"
    assert summary["complete"]


@pytest.mark.full
def test_the_head_killed_takes_its_workers_along_and_is_resumed(cluster: Simulated, tmp_path: Path) -> None:
    with running("--script", str(MINI), "--latency", "0.5") as url:
        words = ("mini", *SCRIPTED, "--base-url", url, "--workers", cluster.words, "--concurrency", "4")
        process = started(*words, results=tmp_path)
        wait_for(8, tmp_path, process)
        process.kill()
        process.communicate()
        summary = finished(*words, results=tmp_path)
        assert stats(url)["requests"] - 40 <= 4
        assert set(calls_made(summary["run"]).values()) == {1}
    assert summary["complete"]
    end = time.monotonic() + 20
    while left := docker.from_env().containers.list(
        filters={"label": f"evalkit.run={Path(summary['run']).name}"}
    ):
        assert time.monotonic() < end, left
        time.sleep(0.5)


@pytest.mark.full
def test_the_cost_cap_holds_over_all_nodes(
    cluster: Simulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = tmp_path / "models.toml"
    catalog.write_text('[models.priced]\nid = "priced"\nprice = { input = 0, output = 1000 }\n')
    monkeypatch.setenv("EVALKIT_MODELS", str(catalog))
    with running("--script", str(MINI)) as url:
        words = ("mini", "--model", "priced", "--api-key-env", "PATH", "--base-url", url)
        here = started(*words, "--max-cost", "0.3", "--concurrency", "1", results=tmp_path / "alone")
        there = started(
            *(*words, "--max-cost", "0.3", "--concurrency", "1", "--workers", cluster.words),
            results=tmp_path / "ray",
        )
        alone, _ = result(here, (3,))
        summary, _ = result(there, (3,))
    assert (alone["end"], summary["end"]) == ("cost", "cost")
    assert 0.3 <= summary["cost"] < 1


@pytest.mark.full
def test_nodes_without_docker_and_machines_without_an_engine_are_named(
    docker_engine: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with simulated(0) as cluster:
        said = refused("mini", "--model", "oracle", "--workers", cluster.words, results=tmp_path, code=4)
    assert "has docker" in said
    assert "ray start --address" in said
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    with simulated(1) as cluster:
        said = refused("mini", "--model", "oracle", "--workers", cluster.words, results=tmp_path, code=4)
    assert "no Docker engine found" in said


@pytest.mark.full
def test_a_storm_of_killed_workers(cluster: Simulated, tmp_path: Path) -> None:
    """Eight of them, at random. A sample that was lost three times is an error; the next session makes it."""
    draw = random.Random(20261126)
    with running("--script", str(MINI), "--latency", "uniform:0.5,3") as url:
        how = ("--workers", cluster.words, "--samples", "4", "--temperature", "0.5", "--concurrency", "8")
        words = ("mini", *SCRIPTED, "--base-url", url, *how)
        process = started(*words, results=tmp_path)
        wait_for(5, tmp_path, process)
        for _ in range(8):
            time.sleep(draw.uniform(1, 6))
            if process.poll() is None and (there := workers()):
                draw.choice(there).kill()
        summary, said = result(process, (0, 3))
        if not summary["complete"]:
            summary = finished(*words, results=tmp_path)
        asked = stats(url)
    assert said.count("was lost") >= 4
    assert summary["complete"]
    assert (asked["requests"], asked["completed_again"]) == (160, 0)
    assert set(calls_made(summary["run"]).values()) == {1}
    assert len(set(verdicts(summary["run"]))) == 160
