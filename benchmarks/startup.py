"""What `evalkit --help` costs, beside `python -c "import argparse"`.

    python benchmarks/startup.py [--rounds 15] [--json]

Rounds alternate the two, so that a busy machine slows both; the figures are medians of wall time.
Goal: at most 1.5 times the bare start-up plus 60 ms. Exit code 1 where it is missed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

FACTOR = 1.5
ALLOWANCE_S = 0.060

BARE = [sys.executable, "-c", "import argparse"]
HELP = [str(Path(sys.executable).parent / "evalkit"), "--help"]


def wall(command: list[str]) -> float:
    """Seconds from start to end of one process."""
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def measure(rounds: int) -> dict[str, float]:
    """Medians in seconds, and the most that `evalkit --help` may take."""
    wall(BARE), wall(HELP)  # the first run compiles and fills the page cache
    pairs = [(wall(BARE), wall(HELP)) for _ in range(rounds)]
    bare, ours = (statistics.median(times) for times in zip(*pairs, strict=True))
    return {"bare_s": bare, "help_s": ours, "goal_s": FACTOR * bare + ALLOWANCE_S, "ratio": ours / bare}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    args = parser.parse_args()

    figures = measure(args.rounds)
    met = figures["help_s"] <= figures["goal_s"]
    print(f"import argparse  {figures['bare_s'] * 1000:6.1f} ms")
    print(f"evalkit --help   {figures['help_s'] * 1000:6.1f} ms  ({figures['ratio']:.2f}x)")
    print(f"goal             {figures['goal_s'] * 1000:6.1f} ms  {'met' if met else 'MISSED'}")
    if args.json:
        print(json.dumps({**figures, "rounds": args.rounds, "met": met}))
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
