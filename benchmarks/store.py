"""How fast a run is written, and how fast what is done is known again.

    python benchmarks/store.py                     100,000 samples of 20 kB: about 1.5 GB of disk for a while
    python benchmarks/store.py --samples 5000 --json

Writes as the pipeline does: 64 samples at a time, each with a rollout, a model call, an answer and an
official verdict, every step awaited. A sample is a prompt of 2 kB and a reply of 18 kB. Then the run is
opened anew and asked how far every sample is, five times: to go on with it (`reopen_s`, with lock and
checks) and to read it (`read_s`); both are medians, with the CPU time beside them, which is what an idle
machine comes near. With --json the last line is one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from evalkit.model import Message, Reply, Request, Usage
from evalkit.store import Reader, Store, create_run, open_run, read_run
from evalkit.suite import Scorer
from evalkit.task import Answer, Task, failed, passed

IN_FLIGHT = 64
SAMPLE = 20_000  # characters


def prose(size: int) -> str:
    """Text about as compressible as code: zlib level 1 leaves some 45% of it."""
    rng = random.Random(1)
    words = [f"{rng.choice('abcdefgh')}{rng.getrandbits(24):x}" for _ in range(400)]
    parts = [f"{rng.choice(words)} = {rng.choice(words)}({rng.getrandbits(16)})\n" for _ in range(size // 8)]
    return "".join(parts)[:size]


async def write_run(store: Store, text: str) -> None:
    set_id = await store.verdict_set(Scorer("benchmark", "1"), {})
    waiting = iter(store.plan)

    async def worker() -> None:
        for task_id, sample in waiting:
            start = hash(task_id) % (len(text) - SAMPLE)
            prompt = f"{task_id}\n{text[start : start + SAMPLE // 10]}"
            reply = f"{task_id}\n{text[start + SAMPLE // 10 : start + SAMPLE]}"
            request = Request(Task(task_id, {}), sample, (Message("user", prompt),))
            rollout = await store.begin(task_id, sample)
            await store.model_call(
                rollout, 0, "tested", request, Reply(reply, usage=Usage(500, 5000, cost=0.01))
            )
            await store.answer(rollout, Answer(reply), {"finish_reason": "stop"})
            verdict = failed("wrong", "3 != 4") if start % 3 else passed()
            await store.verdict(set_id, task_id, sample, "official", verdict)

    await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))


def measure(samples: int, folder: Path) -> dict[str, float]:
    plan = [(f"Benchmark/{number}", 0) for number in range(samples)]
    text = prose(2_000_000)
    wall, cpu = time.perf_counter(), time.process_time()
    with create_run(folder, {"suite": "benchmark"}, plan) as store:
        asyncio.run(write_run(store, text))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    size = sum(path.stat().st_size for path in folder.iterdir())
    (reopen_s, reopen_cpu_s), (read_s, read_cpu_s) = (
        median_time(open_run, folder),
        median_time(read_run, folder),
    )
    memory = peak_mb()
    began = time.perf_counter()
    with read_run(folder) as run:
        answered = sum(record.answer is not None for record in run.records())
    assert answered == samples
    return {
        "samples": samples,
        "written_per_s": samples / wall,
        "write_ms": 1000 * wall / samples,
        "write_cpu_ms": 1000 * cpu / samples,
        "size_mb": size / 1e6,
        "reopen_s": reopen_s,
        "reopen_cpu_s": reopen_cpu_s,
        "read_s": read_s,
        "read_cpu_s": read_cpu_s,
        "walk_all_s": time.perf_counter() - began,
        "walk_all_mb": peak_mb() - memory,
        "peak_mb": peak_mb(),
    }


def median_time(opener: Callable[[Path], Reader], folder: Path) -> tuple[float, float]:
    """Seconds from nothing to the state of every sample: wall, and CPU of this process."""
    walls, cpus = [], []
    for _ in range(5):
        wall, cpu = time.perf_counter(), time.process_time()
        run = opener(folder)
        done = run.state()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
        assert all(state.judged for state in done.values())
        run.close()
    return statistics.median(walls), statistics.median(cpus)


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--samples", type=int, default=100_000, help="samples to write (default: 100,000)")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--dir", help="where to write for a while (default: the system's temporary folder)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="evalkit-store-", dir=args.dir) as scratch:
        figures = {
            name: round(value, 4) for name, value in measure(args.samples, Path(scratch) / "run").items()
        }
    if args.json:
        print(json.dumps(figures))
    else:
        print("\n".join(f"{name:>14} {value:,.4g}" for name, value in figures.items()))


if __name__ == "__main__":
    main()
