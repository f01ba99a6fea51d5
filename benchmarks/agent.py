"""What a turn of an agent costs beside the model: our loop and mini-swe-agent's, on the same scripted model.

    evalkit tools install mini-swe-agent
    python benchmarks/agent.py [--turns 40] [--rounds 3] [--think 0.5] [--json] [--write-docs docs]

Both work on one instance of our own made set, in the same image, and run the same cheap commands, one a turn,
as the scripted model (our endpoint, a process of its own) tells them to. Theirs is mini-swe-agent's default
agent with its own DockerEnvironment and its configuration for SWE-bench; ours is `evalkit run swebench` with
all that belongs to it: its store, its workspace, its limits. The overhead of a turn is seen by the endpoint:
from the end of a reply until the next request arrives, the command included. What comes before the first
request and after the last is not counted.

The model thinks for `--think` seconds, and, in runs of their own, not at all. Contenders take turns, every
other round the other way round; ratios are ours divided by theirs within a round, of the mean over a run's
turns; the median of the rounds counts. The goal is at most half of theirs where the model thinks. Exit code
1: missed, or one of them did not do its work.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from statistics import mean, median
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from race import machine  # noqa: E402
from race import page as docs  # noqa: E402

from evalkit.endpoint.process import running  # noqa: E402
from evalkit.tools import python_of, tool_package  # noqa: E402
from tests.suites.swebench_set import INSTANCES, images, row  # noqa: E402

OURS, THEIRS = "evalkit", "mini-swe-agent"
INSTANCE = "tally"
GOAL = 0.5
# cheap, and never twice the same: what is measured is the way to a command, not the command
COMMANDS = ("ls -la", "git status --short", "cat *.md | head -40", "grep -rn def . | head -20")
LAST: dict[str, tuple[str, dict[str, str]]] = {
    OURS: ("submit", {}),
    THEIRS: ("bash", {"command": "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT && git diff"}),
}


@dataclass(frozen=True)
class Block:
    """One rollout: seconds between a reply and the next request, by turn, and CPU seconds of the client (with
    the programs that it starts on the host, and its start)."""

    contender: str
    think_s: float
    gaps_s: list[float]
    cpu_s: float

    @property
    def ms(self) -> float:
        return mean(self.gaps_s) * 1000


def replies(contender: str, turns: int) -> list[dict[str, Any]]:
    said = [("bash", {"command": f"echo step {n}; {COMMANDS[n % len(COMMANDS)]}"}) for n in range(turns)]
    said.append(LAST[contender])
    return [
        {"text": "Next.", "tool_calls": [{"id": f"call_{n}", "name": name, "arguments": arguments}]}
        for n, (name, arguments) in enumerate(said)
    ]


def command(contender: str, url: str, folder: Path) -> list[str]:
    task = row(INSTANCE)
    if contender == THEIRS:
        script = str(HERE / "race" / "mini_agent.py")
        return [str(python_of(THEIRS)), script, task["image"], url, task["problem_statement"]]
    words = [
        "run",
        "swebench",
        "--data",
        str(INSTANCES),
        "--tasks",
        task["instance_id"],
        "--model",
        "scripted",
    ]
    return [sys.executable, "-m", "evalkit", *words, "--base-url", url, "--results", str(folder / "results")]


def rollout(contender: str, turns: int, think_s: float) -> Block:
    with tempfile.TemporaryDirectory(prefix="evalkit-agent-") as scratch:
        folder = Path(scratch)
        script, log = folder / "script.jsonl", folder / "log.jsonl"
        script.write_text(json.dumps({"replies": replies(contender, turns)}) + "\n")
        with running("--script", str(script), "--log", str(log), "--latency", f"fixed:{think_s}") as url:
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            done = subprocess.run(
                command(contender, url, folder),
                capture_output=True,
                text=True,
                check=False,
                env=environment(folder),
            )
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
        entries = sorted(
            (json.loads(line) for line in log.read_text().splitlines()), key=lambda e: e["number"]
        )
    if len(entries) != turns + 1 or any(e["status"] != 200 for e in entries):
        said = f"{done.stdout[-2000:]}{done.stderr[-2000:]}"
        raise SystemExit(f"{contender}: {len(entries)} requests of {turns + 1}\n{said}")
    gaps = [b["started"] - a["ended"] for a, b in itertools.pairwise(entries)]
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    block = Block(contender, think_s, gaps, cpu_s)
    print(
        f"{contender:<15} thinks {think_s:g} s: {block.ms:6.1f} ms a turn, {cpu_s:.1f} s of CPU",
        file=sys.stderr,
    )
    return block


def environment(folder: Path) -> dict[str, str]:
    """Nothing of the user's own settings of either."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MSWEA_", "EVALKIT_", "OPENAI_"))}
    return {**kept, "MSWEA_GLOBAL_CONFIG_DIR": str(folder)}


def measure(turns: int, rounds: int, thinks: Sequence[float]) -> list[Block]:
    blocks = []
    for number in range(rounds):
        for think_s in thinks:
            order = (OURS, THEIRS)[:: 1 if number % 2 == 0 else -1]
            blocks += [rollout(one, turns, think_s) for one in order]
    return blocks


def summarise(blocks: Sequence[Block], thinks: Sequence[float]) -> dict[str, Any]:
    """By seconds of thought: the median over the rounds and the range, in ms, and the ratio."""
    table: list[dict[str, Any]] = []
    for think_s in thinks:
        sides = {
            name: [b for b in blocks if (b.contender, b.think_s) == (name, think_s)]
            for name in (OURS, THEIRS)
        }
        ratios = [a.ms / b.ms for a, b in zip(sides[OURS], sides[THEIRS], strict=True)]
        table.append(
            {
                "think_s": think_s,
                **{name: spread([b.ms for b in side]) for name, side in sides.items()},
                "median_turn": {
                    name: median(g * 1000 for b in side for g in b.gaps_s) for name, side in sides.items()
                },
                "cpu_s": {name: median(b.cpu_s for b in side) for name, side in sides.items()},
                "ratio": spread(ratios),
            }
        )
    return {
        "table": table,
        "goal": GOAL,
        "reached": table[0]["ratio"][0] <= GOAL,
        "blocks": [asdict(b) for b in blocks],
    }


def spread(values: Sequence[float]) -> tuple[float, float, float]:
    return median(values), min(values), max(values)


def main() -> int:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--turns", type=int, default=40)
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument(
        "--think", type=float, default=0.5, help="seconds that the model takes (default: %(default)s)"
    )
    p.add_argument("--json", action="store_true", help="the last line of stdout is one JSON object")
    p.add_argument(
        "--write-docs", type=Path, metavar="FOLDER", help="put the figures into FOLDER/performance.md"
    )
    args = p.parse_args()
    images([INSTANCE])
    thinks = (args.think, 0.0)
    load = os.getloadavg()[0]
    blocks = measure(args.turns, args.rounds, thinks)
    summary = {
        "date": date.today().isoformat(),
        "turns": args.turns,
        "rounds": args.rounds,
        "theirs": f"{THEIRS} {tool_package(THEIRS).version}",
        "load": (round(load, 1), round(os.getloadavg()[0], 1)),
        **summarise(blocks, thinks),
        "machine": machine.facts(),
    }
    print(docs.agents(summary))
    if args.write_docs:
        docs.write("agent", {k: v for k, v in summary.items() if k != "blocks"}, args.write_docs)
    if args.json:
        print(json.dumps(summary))
    return 0 if summary["reached"] else 1


if __name__ == "__main__":
    sys.exit(main())
