"""Whether judging stays as it begins: many samples in one pair, looked at every thousand."""

from __future__ import annotations

import contextlib
import datetime
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from evalkit.sandbox.engine import docker_client
from race import contender, cost, machine
from race.contender import OURS, Contender
from race.work import Work

STEP = 1000


@dataclass(frozen=True)
class Look:
    """At a moment when no sample is under way. Memory in MB, `answers` and `judge` as the kernel counts
    containers A and B; `processes` in both; `slots_used`: blocks and inodes in A's work areas;
    `folders`: control groups on the host; `files`: descriptors of the harness."""

    samples: int
    per_s: float
    cpu_ms: float
    harness: float
    answers: float
    judge: float
    processes: int
    slots_used: int
    files: int


def measure(work: Work, samples: int, judges: int) -> dict[str, Any]:
    step = min(STEP, max(20, samples // 2))
    looks = []
    with tempfile.TemporaryDirectory(prefix="evalkit-judge-") as scratch:
        folder = Path(scratch)
        work.write(folder)
        shared_before = shared_files()
        with contextlib.closing(contender.start(OURS, work, folder, judges)) as ours:
            ours.run("ok", step, 0)  # what is learned or imported once is no growth
            looks.append(look(ours, 0, 0.0, 0.0))
            for done in range(step, samples + 1, step):
                block = ours.run("ok", step, 0)
                if block.wrong:
                    raise SystemExit("wrong verdicts of ours:\n" + "\n".join(block.examples))
                looks.append(look(ours, done, block.per_s, block.cpu_ms))
                if done % (10 * step) == 0:
                    print(f"{done} samples", file=sys.stderr, flush=True)
            mine = [*ours.scope.containers]
        left = leftovers(mine, ours.label) | {"files in shared folders": len(shared_files() - shared_before)}
    return {
        "suite": work.suite,
        "samples": samples,
        "step": step,
        "looks": [asdict(one) for one in looks],
        **drifts(looks),
        "leftovers": left,
        "machine": machine.facts(),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }


def look(ours: Contender, samples: int, per_s: float, cpu_ms: float) -> Look:
    time.sleep(0.3)  # the last sample's slot is being cleaned
    sides = {"answers": 0, "judge": 0}
    for container, side in ours.scope.containers.items():
        sides[side] += cost.container_memory(container)
    running = cost.processes()
    mains = [
        cost.main_process(running, cost.shims(running)[container]) for container in ours.scope.containers
    ]
    inside = cost.with_descendants(set(mains), running)
    client = ours.process.pid
    return Look(
        samples,
        per_s,
        cpu_ms,
        cost.resident(client) / 1e6,
        sides["answers"] / 1e6,
        sides["judge"] / 1e6,
        len(inside),
        sum(slots_used(pid) for pid in mains),
        len(list(Path(f"/proc/{client}/fd").iterdir())),
    )


def slots_used(pid: int) -> int:
    """Blocks and inodes taken in the work areas that a container's main process sees; needs root."""
    used = 0
    slots = Path(f"/proc/{pid}/root/slots")
    with contextlib.suppress(PermissionError):
        for slot in slots.iterdir() if slots.is_dir() else ():
            found = os.statvfs(slot)
            used += found.f_blocks - found.f_bfree + found.f_files - found.f_ffree - 1  # the folder itself
    return used


def shared_files() -> set[Path]:
    """What lies in the folders of this host where anybody may write."""
    return {path for folder in ("/tmp", "/var/tmp", "/dev/shm") for path in entries(Path(folder))}


def entries(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in folder.iterdir() if path.name.startswith(("evalkit", "tmp")))


def leftovers(containers: list[str], label: str) -> dict[str, int]:
    """After the end, of these containers and of all that carries the label."""
    client = docker_client()
    marked = {"label": f"evalkit.run={label}"}
    there = {box["Id"] for box in client.api.containers(all=True)}
    volumes = client.api.volumes(filters=marked)["Volumes"] or []
    client.close()
    patterns = ("*/docker/{}", "docker/{}", "*/docker-{}.scope")  # of control groups 1, and of 2 by driver
    wanted = [pattern.format(name) for pattern in patterns for name in containers]
    groups = [path for pattern in wanted for path in Path("/sys/fs/cgroup").glob(pattern)]
    return {
        "containers": len(there.intersection(containers)),
        "volumes": len(volumes),
        "shims": len(cost.shims(cost.processes()).keys() & set(containers)),
        "control groups": len(groups),
    }


def drifts(looks: list[Look]) -> dict[str, Any]:
    """How the last fifth of the run differs from the first."""
    part = max(1, (len(looks) - 1) // 5)
    first, last = looks[1 : 1 + part], looks[-part:]

    def change(name: str) -> float:
        was, now = (statistics.median(getattr(one, name) for one in part) for part in (first, last))
        return float(now / was)

    return {
        "cpu_last_vs_first_fifth": round(change("cpu_ms"), 3),
        "throughput_last_vs_first_fifth": round(change("per_s"), 3),
        "harness_mb": round(max(one.harness for one in looks), 1),
        "growth_mb": {
            name: round(getattr(looks[-1], name) - getattr(looks[0], name), 2)
            for name in ("harness", "answers", "judge")
        },
    }


COLUMNS = {
    "samples": ("samples", "d"),
    "per_s": ("samples/s", ".0f"),
    "cpu_ms": ("CPU ms a sample", ".2f"),
    "harness": ("harness MB", ".1f"),
    "answers": ("A MB", ".1f"),
    "judge": ("B MB", ".1f"),
    "processes": ("processes", "d"),
    "slots_used": ("left in slots", "d"),
    "files": ("open files", "d"),
}


def rows(summary: dict[str, Any], most: int = 24) -> list[list[str]]:
    """Heads and cells; of a long run every so many looks."""
    looks = summary["looks"]
    every = -(-len(looks) // most)
    chosen = [one for n, one in enumerate(looks) if n % every == 0 or n == len(looks) - 1]
    heads = [head for head, _ in COLUMNS.values()]
    cells = [[format(one[name], form) for name, (_, form) in COLUMNS.items()] for one in chosen]
    cells[0][1:3] = ["-", "-"]
    return [heads, *cells]


def report(summary: dict[str, Any]) -> None:
    for row in rows(summary):
        print("  ".join(f"{cell:>15}" for cell in row))
    print(f"\nlast fifth against the first: CPU {summary['cpu_last_vs_first_fifth']:.2f}x, ", end="")
    print(f"throughput {summary['throughput_last_vs_first_fifth']:.2f}x")
    print(f"harness at most {summary['harness_mb']:.0f} MB; growth in MB: {summary['growth_mb']}")
    print(f"left behind: {summary['leftovers']}")
