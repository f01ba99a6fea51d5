"""How often nightly detection is wrong, and how soon it is right, beside "3 points below yesterday".

    python benchmarks/nightly.py                 18 series x 365 nights, ten times over: some minutes
    python benchmarks/nightly.py --years 2 --json
    python benchmarks/nightly.py --write-docs        and put the tables into docs/nightly.md

Tasks are made up (seeded): most are solved nearly always or nearly never, so that the mean of p (1 - p) is
about .1. A drop takes the same share of each task's chance. Every night goes through `evalkit.nightly.watch`.
Of each series, 14 nights make the first baseline and alarm of nothing; a month has 30 nights.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from statistics import median

import numpy as np
from tqdm import tqdm

from evalkit.nightly.history import Night, Series
from evalkit.nightly.watch import watch
from evalkit.stats.baseline import LEAST_NIGHTS

SIZES = (80, 225, 500)
FEW, EACH = (20, 40), (0.98, 0.95, 0.9, 0.5, 0.1, 0.05)  # suites of few tasks that pass equally often
SERIES = 18
NIGHTS = 365
BETA = 0.31  # both parameters: mean p (1 - p) of .10
SETTLED = 30  # nights before a drop
NOTICED = 14  # nights within which it is to be found
DOCS = Path(__file__).parent.parent / "docs" / "nightly.md"


def chances(tasks: int, dice: np.random.Generator) -> np.ndarray:
    return dice.beta(BETA, BETA, tasks)


def nights(before: np.ndarray, after: np.ndarray, at: int, count: int, dice: np.random.Generator) -> Series:
    names = [f"task-{i}" for i in range(len(before))]
    made = []
    for number in range(count):
        passed = dice.random(len(before)) < (before if number < at else after)
        tasks = {name: (int(k), 1) for name, k in zip(names, passed, strict=True)}
        made.append(Night(date(2026, 1, 1) + timedelta(number), "", tasks, len(before), simulated=True))
    return Series("simulated", "simulated", tuple(made))


def yesterday(series: Series) -> list[int]:
    """Nights at which the score is 3 points or more below the night's before."""
    scores = [night.score or 0.0 for night in series.nights]
    return [i for i in range(LEAST_NIGHTS, len(scores)) if scores[i - 1] - scores[i] >= 0.03 - 1e-9]


def ours(series: Series) -> list[int]:
    return [alarm.at for alarm in watch(series).alarms if alarm.direction == "drop"]


RULES = {"CUSUM of the fixed tasks": ours, "3 points below yesterday": yesterday}


Wrong = dict[int, dict[str, float]]  # by tasks and rule
Few = dict[tuple[int, float], dict[str, float]]  # by tasks and share; kinds of alarm
Right = dict[int, dict[str, tuple[float, float]]]


def false_alarms(years: int, dice: np.random.Generator) -> Wrong:
    """Per month of 18 series of this many tasks, where nothing ever changes."""
    found = {}
    for tasks in SIZES:
        counts = dict.fromkeys(RULES, 0)
        for _ in tqdm(range(SERIES * years), f"{tasks} tasks", disable=not sys.stderr.isatty()):
            p = chances(tasks, dice)
            series = nights(p, p, NIGHTS, NIGHTS, dice)
            for rule, alarms in RULES.items():
                counts[rule] += len(alarms(series))
        watched = SERIES * years * (NIGHTS - LEAST_NIGHTS)
        found[tasks] = {rule: n / watched * 30 * SERIES for rule, n in counts.items()}
    return found


def of_few(years: int, dice: np.random.Generator) -> Few:
    """False drops and false rises, per month of 18 series of few tasks that all pass equally often."""
    found = {}
    for tasks in FEW:
        for share in EACH:
            counts = dict.fromkeys(("drop", "rise"), 0)
            for _ in tqdm(range(SERIES * years), f"{tasks} x {share}", disable=not sys.stderr.isatty()):
                p = np.full(tasks, share)
                for alarm in watch(nights(p, p, NIGHTS, NIGHTS, dice)).alarms:
                    counts[alarm.direction] += 1
            watched = SERIES * years * (NIGHTS - LEAST_NIGHTS)
            found[tasks, share] = {kind: n / watched * 30 * SERIES for kind, n in counts.items()}
    return found


def delays(drop: float, times: int, dice: np.random.Generator) -> Right:
    """Median nights until an alarm (1: the first bad night), and the share found within a fortnight."""
    found = {}
    for tasks in SIZES:
        waits: dict[str, list[float]] = {rule: [] for rule in RULES}
        for _ in range(times):
            p = chances(tasks, dice)
            series = nights(p, p * (1 - drop / p.mean()), SETTLED, SETTLED + 120, dice)
            for rule, alarms in RULES.items():
                waits[rule].append(next((at - SETTLED + 1 for at in alarms(series) if at >= SETTLED), np.inf))
        found[tasks] = {
            rule: (median(wait), sum(w <= NOTICED for w in wait) / len(wait)) for rule, wait in waits.items()
        }
    return found


def table(wrong: Wrong, right: dict[float, Right]) -> str:
    def rows() -> Iterator[str]:
        drops = " | ".join(f"a drop of {drop:.0%} found after" for drop in right)
        yield f"| rule | tasks | false alarms a month, 18 series | {drops} |"
        yield "|---|---|---|" + "---|" * len(right)
        for rule in RULES:
            for tasks in SIZES:
                cells = [f"{wrong[tasks][rule]:.2f}"]
                for by_size in right.values():
                    wait, share = by_size[tasks][rule]
                    after = f"{wait:.0f} nights" if np.isfinite(wait) else "never"
                    cells.append(f"{after} ({share:.0%} in {NOTICED})")
                yield f"| {rule} | {tasks} | {' | '.join(cells)} |"

    return "\n".join(rows()).replace("a drop of 3% ", "a drop of 3 points ").replace("of 5% ", "of 5 points ")


def table_of_few(few: Few) -> str:
    head = f"| tasks | {' | '.join(f'pass {share:.0%}' for share in EACH)} |"
    rows = [head, "|---" * (1 + len(EACH)) + "|"]
    for tasks in FEW:
        cells = (f"{few[tasks, share]['drop']:.2f} / {few[tasks, share]['rise']:.2f}" for share in EACH)
        rows.append(f"| {tasks} | {' | '.join(cells)} |")
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--years", type=int, default=10, help="of 18 series each (10)")
    parser.add_argument("--times", type=int, default=100, help="drops of each size (100)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write-docs", action="store_true")
    given = parser.parse_args()
    dice = np.random.default_rng(given.seed)
    wrong = false_alarms(given.years, dice)
    right = {drop: delays(drop, given.times, dice) for drop in (0.03, 0.05)}
    few = of_few(given.years, dice)
    rule = next(iter(RULES))
    facts = {
        "false_alarms_per_month": sum(wrong[tasks][rule] for tasks in SIZES) / len(SIZES),
        "median_nights_3pt_500": right[0.03][500][rule][0],
        "most_false_alarms_per_month_of_few_tasks": max(max(one.values()) for one in few.values()),
        "series": SERIES,
        "years": given.years,
        "seed": given.seed,
    }
    if given.json:
        print(json.dumps(facts))
    else:
        print(table(wrong, right), table_of_few(few), sep="\n\n")
    if given.write_docs:
        text = DOCS.read_text()
        for name, made in (("simulation", table(wrong, right)), ("few", table_of_few(few))):
            block = f"<!-- {name} -->\n{made}\n<!-- /{name} -->"
            text = re.sub(f"<!-- {name} -->.*<!-- /{name} -->", block, text, flags=re.S)
        DOCS.write_text(text)


if __name__ == "__main__":
    main()
