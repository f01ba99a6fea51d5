"""Runs on machines that are apart: each has its own network, name, /tmp and cache, and a wire that can be
pulled. The endpoint listens on the head's loopback, where no node reaches it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import pytest

from evalkit.endpoint.process import running
from evalkit.run.cluster.node import ALONE_S
from tests.run.scale.apart import Machine, machines, why_not
from tests.run.scale.sessions import calls_made, finished, humaneval_script, verdicts, wait_for

pytestmark = [pytest.mark.docker, pytest.mark.full]
PYTHON = sys.executable
RAY = str(Path(PYTHON).with_name("ray"))
SMALL = ("--num-cpus=0", f"--object-store-memory={80 << 20}", "--disable-usage-stats")
LOADED = "RAY_raylet_start_wait_time_s=150"  # a machine that does much else starts Ray slowly
HEALTH = "RAY_health_check_timeout_ms=3000"  # a silent node is dead after 5 x 6 s, where it is 5 x 13 s
ASK = "import sys, urllib.request as u; print(u.urlopen(sys.argv[1]).read().decode())"


@pytest.fixture
def cluster(docker_engine: object, data_dir: Path, tmp_path: Path) -> Iterator[list[Machine]]:
    """A head without docker, and two nodes."""
    if why := why_not():
        pytest.skip(why)
    with machines(tmp_path / "machines", "head", "one", "two") as made:
        head, *nodes = made
        head.run("env", LOADED, HEALTH, RAY, "start", "--head", "--include-dashboard=false", *SMALL)
        join = ("start", f"--address={head.address}:6379", *SMALL, '--resources={"docker": 2}')
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda node: node.run("env", LOADED, RAY, *join), nodes))
        yield made


@dataclass
class Run:
    """`evalkit run` on the head."""

    head: Machine
    words: Sequence[str]
    process: subprocess.Popen[str] = field(init=False)

    def __post_init__(self) -> None:
        self.results, self._said = self.head.tmp / "results", self.head.tmp / "said"
        command = (PYTHON, "-m", "evalkit", "run", *self.words, "--results", "/tmp/results", "--json")
        # one program at once on each node, as if each had a core of its own: limits are of time
        workers = ("--workers", f"ray:{self.head.address}:6379", "--judges", "1")
        with self._said.open("w") as said:
            self.process = subprocess.Popen(
                self.head.command(*command, *workers), stdout=subprocess.PIPE, stderr=said, text=True
            )

    @property
    def said(self) -> str:
        return self._said.read_text()

    def reach(self, samples: int) -> None:
        wait_for(samples, self.results, self.process)

    def says(self, words: str, within_s: float) -> None:
        end = time.monotonic() + within_s
        while words not in self.said:
            assert self.process.poll() is None, self.said
            assert time.monotonic() < end, self.said
            time.sleep(0.1)

    def end(self, code: int = 0) -> dict[str, Any]:
        """Its summary, with `run` as it is called outside."""
        out, _ = self.process.communicate(timeout=500)
        assert self.process.returncode == code, self.said
        summary: dict[str, Any] = json.loads(out.splitlines()[-1])
        return {**summary, "run": str(self.results / Path(summary["run"]).name)}


@contextmanager
def endpoint(head: Machine, script: Path, latency: str) -> Iterator[str]:
    """Its address, which means something on the head only."""
    words = (PYTHON, "-m", "evalkit.endpoint", "--script", f"/tmp/{script.name}", "--latency", latency)
    (head.tmp / script.name).write_bytes(script.read_bytes())
    with subprocess.Popen(head.command(*words), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            head.kill("evalkit.endpoint", signal.SIGTERM)


def stats(head: Machine, url: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(head.run(PYTHON, "-c", ASK, url.removesuffix("/v1") + "/stats"))
    return found


def scripted(url: str) -> tuple[str, ...]:
    return ("humaneval", "--model", "scripted", "--api-key-env", "PATH", "--base-url", url)


def alone(script: Path, tmp_path: Path) -> list[tuple[str, int, str, str]]:
    with running("--script", str(script)) as url:
        return verdicts(finished(*scripted(url), results=tmp_path / "alone")["run"])


def nothing_left(run: str) -> None:
    """No container of it, a while after its end: a node that was cut off ends by itself.

    What a node that was killed left otherwise stays a day, since nobody here can ask after its process.
    """
    end = time.monotonic() + 2 * ALONE_S
    engine = docker.from_env()
    its: dict[str, str | list[str] | bool] = {"label": f"evalkit.run={Path(run).name}"}
    while left := engine.containers.list(filters=its):
        assert time.monotonic() < end, left
        time.sleep(1)
    for volume in engine.volumes.list(filters=its):
        volume.remove()


def test_gold(cluster: list[Machine]) -> None:
    summary = Run(cluster[0], ("humaneval", "--model", "oracle")).end()
    assert summary["counts"]["passed"] == 164
    nothing_left(summary["run"])


def test_a_wire_pulled_for_a_while_and_then_a_raylet_killed(cluster: list[Machine], tmp_path: Path) -> None:
    head, one, two = cluster
    script = humaneval_script(tmp_path / "script.jsonl")
    with endpoint(head, script, "uniform:1,4") as url:
        run = Run(head, (*scripted(url), "--concurrency", "8"))
        run.reach(20)
        one.pull()
        run.says("does not answer: it is given nothing new", 60)
        one.plug()
        run.says("answers again", 60)
        assert "was lost" not in run.said
        two.kill("raylet/raylet")
        run.says("was lost", 60)
        summary = run.end()
        asked = stats(head, url)
    assert (asked["requests"], asked["completed_again"]) == (164, 0)
    assert set(calls_made(summary["run"]).values()) == {1}
    assert verdicts(summary["run"]) == alone(script, tmp_path)
    nothing_left(summary["run"])


def test_a_wire_pulled_for_good(cluster: list[Machine], tmp_path: Path) -> None:
    head, one, _ = cluster
    script = humaneval_script(tmp_path / "script.jsonl")
    with endpoint(head, script, "uniform:1,4") as url:
        run = Run(head, (*scripted(url), "--concurrency", "8"))
        run.reach(20)
        one.pull()
        summary = run.end()
        asked = stats(head, url)
    assert run.said.count("was lost") == 1
    assert (asked["requests"], asked["completed_again"]) == (164, 0)
    assert set(calls_made(summary["run"]).values()) == {1}
    assert verdicts(summary["run"]) == alone(script, tmp_path)
    nothing_left(summary["run"])


def test_ctrl_c_while_a_node_is_silent(cluster: list[Machine], tmp_path: Path) -> None:
    head, one, _ = cluster
    script = humaneval_script(tmp_path / "script.jsonl")
    with endpoint(head, script, "1") as url:
        words = (*scripted(url), "--concurrency", "4")
        run = Run(head, words)
        run.reach(20)
        one.pull()
        run.says("does not answer: it is given nothing new", 60)
        head.kill("-m evalkit run", signal.SIGINT)
        before = time.monotonic()
        summary = run.end(130)
        assert time.monotonic() - before < 30
        assert summary["end"] == "interrupted"
        summary = Run(head, words).end()
        asked = stats(head, url)
    assert summary["complete"]
    assert asked["completed_again"] == 0
    assert asked["requests"] - 164 <= 4, "what was in flight when it was interrupted"
    assert verdicts(summary["run"]) == alone(script, tmp_path)
    nothing_left(summary["run"])
