"""evalkit compare A B: two runs over the same tasks, the difference and what it is worth."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from evalkit.cli.find import find_run
from evalkit.cli.options import add_results
from evalkit.cli.parser import Parser, whole
from evalkit.cli.text import Style, one_line, percent

if TYPE_CHECKING:
    from evalkit.report.pairs import Pair, Side

ABOUT = """\
Compares A with B task by task, over the tasks that both have verdicts on: the difference with its interval, a
paired test, the smallest difference that so many tasks can show, and the tasks that changed sides. Runs of
different suites or data are refused; other settings in which they differ are said. docs/comparing.md
"""
EXAMPLES = """\
  evalkit compare humaneval--qwen3-coder humaneval--my-model
  evalkit compare A B --tasks 50
  evalkit compare A B --json
"""
FEW = 10  # clusters below which their own spread is hardly known


def main(words: Sequence[str]) -> int:
    parser = Parser("compare", usage="A B [option ...]", about=ABOUT, examples=EXAMPLES)
    parser.add_argument("a", metavar="A", help="a run: a folder, its name, the beginning of it, or `last`")
    parser.add_argument("b", metavar="B", help="the run that it is compared with")
    parser.add_argument(
        "--tasks",
        type=whole(0),
        default=10,
        metavar="N",
        help="how many tasks that changed sides to name (default: 10)",
    )
    parser.add_argument(
        "--clusters",
        default="",
        metavar="TAG",
        help="a suite's tag: tasks of one value are no independent ones (a repository, a contest)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object instead")
    add_results(parser)
    args = parser.read(words)

    from evalkit.report.pairs import compare_runs

    pair = compare_runs(find_run(args.a, args.results), find_run(args.b, args.results), args.clusters)
    print(json.dumps(pair.to_json()) if args.json else "\n".join(text(pair, args.tasks, Style())))
    return 0


def text(pair: Pair, tasks: int, style: Style) -> Iterator[str]:
    yield style.bold(f"{one_line(pair.a.suite)}: {one_line(pair.a.model)} and {one_line(pair.b.model)}")
    for name, side, mean in (("A", pair.a, pair.mean_a), ("B", pair.b, pair.mean_b)):
        yield f"  {name}            {percent(mean)}  {covered(side, pair)}"
    low, high = pair.interval
    yield f"  A - B        {points(pair.delta)}, 95% interval [{points(low)}, {points(high)}]"
    yield f"  p            {pair.p:.3g} ({pair.method})"
    if pair.detectable is not None:
        least = f"{100 * pair.detectable:.1f} points"
        yield f"  detectable   {least}: what {pair.shared:,} such tasks show four times in five"
    if pair.clusters is not None:
        tag, count = pair.clusters
        few = ": few, and so no narrow interval" if count < FEW else ""
        yield f"  clusters     {count:,} by {one_line(tag)}{few}"
    yield f"  changed      {len(pair.better):,} tasks for A, {len(pair.worse):,} for B"
    yield from named("better", pair.better, tasks)
    yield from named("worse", pair.worse, tasks)
    for difference in pair.unlike:
        yield f"  {style.warn('unlike')}       {one_line(difference, 160)}"
    yield style.bold(f"  {verdict(pair)}")


def covered(side: Side, pair: Pair) -> str:
    low, high = side.bounds
    missing = (
        f", {side.missing:,} samples missing: {percent(low)} to {percent(high)} with them"
        if side.missing
        else ""
    )
    return (
        f"{one_line(side.model)}, {one_line(side.protocol)}: {len(side.tasks):,} tasks, "
        f"{pair.shared:,} of them in both{missing}"
    )


def points(delta: float) -> str:
    return f"{100 * delta:+.1f}"


def named(word: str, changes: Mapping[str, float], most: int) -> Iterator[str]:
    """The largest changes first."""
    order = sorted(changes, key=lambda task: (-abs(changes[task]), task))
    if most and order:
        more = f" and {len(order) - most:,} more" if len(order) > most else ""
        yield f"  {word:<12} {', '.join(one_line(task) for task in order[:most])}{more}"


def verdict(pair: Pair) -> str:
    alike = ", by more than the model: see unlike" if pair.unlike else ""
    if pair.told_apart:
        return f"{'A' if pair.delta > 0 else 'B'} is ahead by {100 * abs(pair.delta):.1f} points{alike}"
    if pair.detectable is None:
        return "no task changed sides"
    least = f"{100 * pair.detectable:.1f} points"
    return f"these tasks do not tell them apart; less than {least} would often go unseen"
