"""evalkit nightly quarantine PLAN SUITE TASK: leave a flaky task out of alarms for a while."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.cli.nightly_notes import add_stock, add_which, removed, shown, states_of, until, wanted, written
from evalkit.cli.parser import Parser
from evalkit.cli.text import one_line
from evalkit.errors import UsageError

if TYPE_CHECKING:
    from evalkit.nightly.flaky import Flakiness
    from evalkit.nightly.plan import Plan
    from evalkit.nightly.standing import Outlook

NIGHTS = 45
ABOUT = f"""\
Leaves a task out of alarms until its last day, {NIGHTS} days from now where you say no other. It still runs
and counts in the score. When its quarantine ends it counts in alarms again, and the dashboard says so.

A task that has the same verdict every night is not flaky, and is refused: nothing is gained by hiding it.
"""
EXAMPLES = """\
  evalkit nightly quarantine nightly.toml swebench django__django-11099 --reason "fetches a page" --owner lena
  evalkit nightly quarantine nightly.toml --list
  evalkit nightly quarantine nightly.toml swebench django__django-11099 --remove
"""


def main(words: Sequence[str]) -> int:
    usage = "quarantine PLAN SUITE TASK --reason TEXT --owner NAME [option ...]"
    parser = Parser("nightly", usage=usage, about=ABOUT, examples=EXAMPLES)
    add_which(parser, "SUITE", "TASK")
    parser.add_argument("--reason", metavar="TEXT", help="why it passes on one night and fails on the next")
    parser.add_argument("--owner", metavar="NAME", help="who sees to it")
    parser.add_argument("--issue", default="", metavar="TEXT", help="where it is worked on: a link, a number")
    parser.add_argument(
        "--until", type=until, metavar="DAY", help=f"last day, or so many days: 30d (default: {NIGHTS}d)"
    )
    add_stock(parser)
    args = parser.read(words)
    if not args.listed:
        needed = {} if args.remove else {"reason": "--reason", "owner": "--owner"}
        wanted(args, suite="SUITE", task="TASK", **needed)

    from evalkit.nightly.look import look
    from evalkit.nightly.plan import read_plan

    plan = read_plan(Path(args.plan))
    if args.remove:
        _remove(plan, args)
    elif args.listed:
        _list(plan, look(plan))
    else:
        _quarantine(plan, look(plan), args)
    return 0


def _quarantine(plan: Plan, outlook: Outlook, args: Namespace) -> None:
    from evalkit.nightly.flaky import flakiest
    from evalkit.nightly.naming import find_suite, find_task
    from evalkit.nightly.notes import put_quarantine
    from evalkit.nightly.standing import Quarantined

    suite = find_suite(plan, outlook, args.suite)
    task = find_task(outlook, suite, args.task)
    last = args.until or date.today() + timedelta(NIGHTS)
    if last < outlook.day:
        raise UsageError(f"--until {last} is before the last night, {outlook.day}")
    found = flakiest(outlook.standings, suite, task)
    _refuse_steady(task, found)
    put = Quarantined(suite, task, args.reason, args.owner, date.today(), last, args.issue)
    path = put_quarantine(plan.states, states_of(plan), put)
    print(f"{one_line(task)}: {_rate(found)}; it counts in no alarm of {one_line(suite)} until {last}")
    written(path)


def _refuse_steady(task: str, found: Flakiness) -> None:
    from evalkit.stats.baseline import LEAST_NIGHTS

    if found.nights >= LEAST_NIGHTS and not found.flips:
        verdict = (
            "passed" if found.passed == found.scored else "failed" if not found.passed else "did the same"
        )
        raise UsageError(
            f"{task} {verdict} on all of {found.nights} nights: it is not flaky",
            "one that broke is an alarm to acknowledge; one that can never pass belongs out of the plan",
        )
    if found.flips == 1:
        print(f"{one_line(task)} changed once and stayed: rather a change to look into than a flaky task")


def _rate(found: Flakiness) -> str:
    if not found.pairs:
        return "too few nights to say how often it flips"
    return f"{found.flips:.3g} flips in {found.nights} nights ({found.rate:.2f})"


def _remove(plan: Plan, args: Namespace) -> None:
    from evalkit.nightly.notes import remove

    states = states_of(plan)
    labels = {cell.suite for cell in plan.cells if cell.words and cell.words[0] == args.suite}
    alike = [
        put
        for put in states.quarantined
        if put.task.task == args.task and put.task.suite in {args.suite, *labels}
    ]
    if not alike:
        raise UsageError(
            f"{args.task!r} of {args.suite!r} is in no quarantine", "--list names those that are"
        )
    for put in alike:
        remove(put)
        removed(put.path)


def _list(plan: Plan, outlook: Outlook) -> None:
    from evalkit.nightly.flaky import flakiest

    rows = [["task", "suite", "flip rate", "reason", "owner", "issue", "since", "until"]]
    for one in (put.task for put in states_of(plan).quarantined):
        found = flakiest(outlook.standings, one.suite, one.task)
        rate = f"{found.rate:.2f}" if found.nights else "no such task"
        last = f"{one.until} (ended)" if one.expired(outlook.day) else str(one.until)
        rows.append([one.task, one.suite, rate, one.reason, one.owner, one.issue, str(one.since), last])
    shown(rows, "no task is in quarantine")
