"""evalkit power SUITE|RUN [RUN]: what difference a suite can show, and what would halve it."""

from __future__ import annotations

import json
import math
from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.cli.find import MARKS, find_run
from evalkit.cli.options import add_data, add_results
from evalkit.cli.parser import Parser, number, whole
from evalkit.cli.text import Style, money, one_line
from evalkit.errors import UsageError

if TYPE_CHECKING:
    from evalkit.report.basis import Basis, Range
    from evalkit.report.power import Plan, Reach

ABOUT = """\
Says before a run what difference it could show (80% power, 5% level): between two models on the same
tasks, between two scores alone, and how far one run strays by chance; how many tasks or samples would halve
it; what it costs. One earlier run gives its score, its cost and, with several samples a task, the chance in
its answers; two runs give how they part ways. What is not known is a range, best case to worst. docs/power.md
"""
EXAMPLES = """\
  evalkit power humaneval --samples 5
  evalkit power livecodebench --tasks 400 --difference 3
  evalkit power humaneval--qwen3-coder --budget 20
  evalkit power RUN OTHER-RUN --json
"""


def main(words: Sequence[str]) -> int:
    args = parser().read(words)
    from evalkit.report.power import Aim, plan

    basis = basis_of(args)
    if args.budget is not None and not basis.sample_cost:
        raise UsageError(
            "--budget needs the cost of a sample, which is not known here",
            "give a run that has a cost, or --sample-cost USD",
        )
    difference = None if args.difference is None else args.difference / 100
    aim = Aim(args.samples or basis.samples, difference, args.budget, args.level, args.power)
    found = plan(basis, aim)
    print(json.dumps(found.to_json()) if args.json else "\n".join(text(found, Style())))
    return 0


def parser() -> Parser:
    made = Parser("power", usage="SUITE|RUN [RUN] [option ...]", about=ABOUT, examples=EXAMPLES)
    made.add_argument(
        "first", metavar="SUITE|RUN", help="a suite, or a run: folder, name, beginning or `last`"
    )
    made.add_argument("second", nargs="?", metavar="RUN", help="a second run over the same tasks")
    group = made.add_argument_group("what if")
    group.add_argument(
        "--samples", type=whole(1), metavar="K", help="samples a task (default: the run's, or 1)"
    )
    group.add_argument(
        "--tasks", type=whole(2), metavar="N", help="so many tasks (default: the suite's, or the run's)"
    )
    group.add_argument(
        "--difference",
        type=number(0.01, 100.0),
        metavar="POINTS",
        help="what shows a difference of so many points",
    )
    group.add_argument("--budget", type=number(0.0), metavar="USD", help="for one run: what it buys")
    group.add_argument(
        "--sample-cost",
        type=number(0.0),
        metavar="USD",
        help="of one sample (default: the run's, where known)",
    )
    group.add_argument(
        "--discordant",
        type=number(0.001, 1.0),
        metavar="SHARE",
        help="of tasks that only one of two models passes, with one sample each (default: 0.15 to 0.25)",
    )
    group.add_argument(
        "--power", type=number(0.5, 0.999), default=0.8, metavar="P", help="chance to find it (default: 0.8)"
    )
    group.add_argument(
        "--level", type=number(0.0001, 0.5), default=0.05, metavar="P", help="two-sided (default: 0.05)"
    )
    made.add_argument(
        "--json", action="store_true", help="one JSON object instead: docs/machine-interface.md"
    )
    places = made.add_argument_group("places")
    add_results(places)
    add_data(places)
    return made


def basis_of(args: Namespace) -> Basis:
    """What is known of what was named."""
    from evalkit.report.basis import USUAL, assumed, from_run, from_runs

    shares = USUAL if args.discordant is None else (args.discordant, args.discordant)
    if args.second:
        if args.discordant is not None:
            raise UsageError("--discordant is what two runs tell", "give one run, or leave --discordant out")
        basis = from_runs(find_run(args.first, args.results), find_run(args.second, args.results))
    elif is_suite(args.first):
        basis = assumed(*suite_size(args), shares)
    else:
        basis = from_run(found(args.first, args.results), shares)
    if args.tasks:
        basis = replace(basis, tasks=args.tasks)
    return basis if args.sample_cost is None else replace(basis, sample_cost=args.sample_cost)


def is_suite(name: str) -> bool:
    from evalkit.registry import is_path, suite_names

    if is_path(name):
        return (
            not any((Path(name) / mark).is_file() for mark in MARKS) and (Path(name) / "suite.toml").is_file()
        )
    return name in suite_names()


def suite_size(args: Namespace) -> tuple[str, int]:
    """The suite's name and number of tasks. UsageError where its data is not here."""
    from evalkit.cli.suites import count_tasks
    from evalkit.registry import open_suite

    suite = open_suite(args.first)
    if args.tasks:
        return suite.info.name, args.tasks
    tasks, where = count_tasks(suite, args.data)
    if not tasks:
        raise UsageError(
            f"how many tasks {suite.info.name} has is not known here ({where})",
            "say it: --tasks N, or --data PATH",
        )
    return suite.info.name, tasks


def found(name: str, results: Path) -> Path:
    """A run, or an error that thinks of suites too."""
    try:
        return find_run(name, results)
    except UsageError as e:
        if not e.message.startswith("no run"):
            raise
        from evalkit.registry import did_you_mean, suite_names

        hint = f"suites: {did_you_mean(name, suite_names())}; runs: {e.hint}"
        raise UsageError(f"{name!r} is no suite, and no run in {results}", hint) from None


# -- in words --------------------------------------------------------------------------------------


def text(plan: Plan, style: Style) -> Iterator[str]:
    basis, aim = plan.basis, plan.aim
    each = "one sample each" if aim.samples == 1 else f"{aim.samples:,} samples each"
    yield style.bold(f"{one_line(basis.suite)}: {basis.tasks:,} tasks, {each}")
    yield f"  known        {one_line(basis.known)}"
    yield f"  paired       {points(plan.paired)}: two models on these tasks"
    yield f"  unpaired     {points(plan.unpaired)}: two scores whose tasks are not matched"
    yield f"  one run      {noise(plan.noise)}: how far a run strays by chance (standard deviation)"
    yield f"  halved by    {needs(plan.halved)}"
    if plan.reached:
        yield f"  {100 * plan.reached.difference[0]:<4g} points  {needs(plan.reached)}"
    if plan.cost is not None and basis.sample_cost is not None:
        yield f"  cost         {money(plan.cost)} a run, {money(basis.sample_cost)} a sample"
    if plan.bought and aim.budget is not None:
        yield f"  {money(aim.budget):<12} {buys(plan)}"
    yield f"  such a difference is found with {100 * aim.power:g}% power at the {100 * aim.level:g}% level"


def points(span: Range) -> str:
    low, high = (f"{100 * end:.1f}" for end in span)
    return f"{high} points" if low == high else f"{low} to {high} points"


def noise(span: Range) -> str:
    low, high = span
    return points(span) if low else f"at most {100 * high:.1f} points"


def needs(reach: Reach) -> str:
    few, many = reach.tasks
    tasks = f"{many:,}" if few == many else f"{few:,} to {many:,}"
    return f"{tasks} tasks, or {samples(reach.samples)}"


def samples(span: Range) -> str:
    best, worst = span
    if math.isinf(best):
        return "no number of samples: these tasks are too few"
    some = f"{best:,.0f} sample{'' if best == 1 else 's'}"
    if best == worst:
        return f"{some} of each"
    if math.isinf(worst):
        return f"{some} of each in the best case, no number of them in the worst"
    return f"{best:,.0f} to {worst:,.0f} samples of each"


def buys(plan: Plan) -> str:
    bought = plan.bought
    assert bought
    if not bought.paired:
        return "buys not one sample"
    most = f"{bought.samples:,} samples of each task" if bought.samples > 1 else "one sample of each task"
    what = most if bought.tasks == plan.basis.tasks else f"one sample of {bought.tasks:,} tasks"
    return f"buys {what}: {points(bought.paired)}, paired"
