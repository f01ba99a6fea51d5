"""What a sample costs more on a Ray cluster than in one process: time and CPU, in turns, on one machine.

    python benchmarks/cluster.py [--samples 25] [--rounds 3]

Suite mini with its gold answers, 40 tasks with so many samples: nothing but evalkit itself is at work. The
cluster is a head and one node, simulated on this machine, so that both ways have the same cores. CPU is that
of the command and of the cluster's processes; containers and the engine are left out, as they do the same.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))

from evalkit.store import read_run
from tests.run.scale.simulated import Simulated, simulated

TASKS = 40


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--samples", type=int, default=25, help="of each task")
    asked.add_argument("--rounds", type=int, default=3)
    given = asked.parse_args()
    found: dict[str, list[tuple[float, float]]] = {"here": [], "ray": []}
    with simulated(4) as cluster:
        for number in range(given.rounds):
            for way in list(found)[:: 1 if number % 2 == 0 else -1]:
                found[way].append(measured(way, given.samples, cluster))
                wall, cpu = found[way][-1]
                print(f"{way:5} {wall:.2f} ms a sample, {cpu:.2f} ms of CPU; load {os.getloadavg()[0]:.1f}")
    for what, column in (("wall", 0), ("CPU", 1)):
        here, ray = (statistics.median(row[column] for row in found[way]) for way in ("here", "ray"))
        print(f"{what}: {here:.2f} ms here, {ray:.2f} ms on the cluster, {ray - here:+.2f} ms a sample")


def measured(way: str, samples: int, cluster: Simulated) -> tuple[float, float]:
    """Milliseconds a sample, of clock and of CPU."""
    with tempfile.TemporaryDirectory() as scratch:
        words = ["run", "mini", "--model", "oracle", "--samples", str(samples), "--results", scratch, "-q"]
        words += ["--workers", cluster.words] if way == "ray" else []
        before = used()
        subprocess.run([sys.executable, "-m", "evalkit", *words], check=True)
        cpu = used() - before
        [folder] = Path(scratch).iterdir()
        with read_run(folder) as store:
            [wall] = [note.payload["wall_s"] for note in store.notes() if note.kind == "session_end"]
    return 1000 * wall / (TASKS * samples), 1000 * cpu / (TASKS * samples)


def used() -> float:
    """Seconds of CPU of what was started here, the cluster and its workers among it."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    total = ended.ru_utime + ended.ru_stime
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


if __name__ == "__main__":
    main()
