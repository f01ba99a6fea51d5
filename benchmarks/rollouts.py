"""Whether the model is kept busy: rollouts of SWE-bench's set of our own, with their gradings and without.

    python benchmarks/rollouts.py [--rollouts 16] [--at-once 8] [--turns 10] [--reply 3.0] [--rounds 2]

A scripted endpoint takes so many seconds for each reply. What counts is how many requests it has in progress,
in the mean, out of as many rollouts as run at once; what is missing goes to making workspaces, to commands
and to taking patches. The same is done with work that is not graded (an empty patch), a round each, in turns.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.run.command import ended, start
from tests.run.talk import calls, requests
from tests.suites.swebench_command import swebench, told
from tests.suites.swebench_set import images, rows
from tests.suites.swebench_stories import SUBMIT, Story, bash

WORK = {"graded": "echo nothing >NOTHING", "not graded": "true"}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rollouts", type=int, default=16)
    asked.add_argument("--at-once", type=int, default=8)
    asked.add_argument("--turns", type=int, default=10)
    asked.add_argument("--reply", type=float, default=3.0)
    asked.add_argument("--rounds", type=int, default=2)
    given = asked.parse_args()
    images()
    print(f"{given.at_once} at once, {given.turns} turns of {given.reply:g} s; load {os.getloadavg()[0]:.1f}")
    for number in range(given.rounds):
        for kind in list(WORK)[:: 1 if number % 2 == 0 else -1]:
            print(f"{kind:10}  {measured(kind, given)}", flush=True)


def measured(kind: str, given: argparse.Namespace) -> str:
    names = [row["instance_id"][5:].rpartition("-")[0] for row in rows()]
    work = [calls(bash(WORK[kind])), *[calls(bash("echo $RANDOM"))] * (given.turns - 2), SUBMIT]
    stories = [Story(name, work, "failed/wrong") for name in names]
    samples = ("--samples", str(max(1, given.rollouts // len(names))))
    at_once = ("--concurrency", str(given.at_once), "--workspaces", str(given.at_once))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        with told(folder, stories, "--latency", str(given.reply)) as url:
            done = ended(start(*swebench(url, folder / "results", *samples, *at_once)), timeout=3600)
        assert done.code == 0, done.stderr
        log = requests(folder)
    first, last = min(entry["started"] for entry in log), max(entry["ended"] for entry in log)
    waited = sum(entry["ended"] - entry["started"] for entry in log)
    middle = [first + (last - first) / 4, first + 3 * (last - first) / 4]
    half = sum(max(0.0, min(e["ended"], middle[1]) - max(e["started"], middle[0])) for e in log)
    whole, inner = waited / (last - first), half / (middle[1] - middle[0])
    return (
        f"{whole:.2f} requests in progress ({inner:.2f} in the middle half), {last - first:.0f} s, "
        f"verdicts after {done.summary['wall_s']:.0f} s"
    )


if __name__ == "__main__":
    main()
