"""evalkit nightly expect PLAN ALARM: say that a new level is what is wanted."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.cli.nightly_notes import add_note, add_which, removed, shown, states_of, wanted, who, written
from evalkit.cli.nightly_options import day
from evalkit.cli.parser import Parser
from evalkit.cli.text import one_line
from evalkit.errors import UsageError

if TYPE_CHECKING:
    from evalkit.nightly.plan import Plan
    from evalkit.nightly.standing import Event, Outlook, Standing

ABOUT = """\
Says that another level is what is wanted: a new baseline begins with the alarm's first night, or with --from
DAY, and takes 14 nights to learn. For improvements, which are no baseline until somebody says so, and for
changes that were made on purpose.

ALARM is its name, the beginning of that, or a series with one open alarm; with --from any series.
"""
EXAMPLES = """\
  evalkit nightly expect nightly.toml aider--deepseek-v3 --why "the new prompt"
  evalkit nightly expect nightly.toml swebench--qwen3-coder --from 2026-12-01 --why "half the turns"
  evalkit nightly expect nightly.toml --list
"""


def main(words: Sequence[str]) -> int:
    usage = "expect PLAN ALARM|SERIES --why TEXT [option ...]"
    parser = Parser("nightly", usage=usage, about=ABOUT, examples=EXAMPLES)
    add_which(parser, "ALARM")
    add_note(parser, about="what was changed on purpose")
    parser.add_argument(
        "--from",
        type=day,
        dest="begin",
        metavar="DAY",
        help="first night of the new baseline (default: the alarm's)",
    )
    args = parser.read(words)
    if not args.listed:
        wanted(args, alarm="ALARM", **({} if args.remove else {"why": "--why"}))

    from evalkit.nightly.look import look
    from evalkit.nightly.plan import read_plan

    plan = read_plan(Path(args.plan))
    if args.listed:
        _list(plan)
    elif args.remove:
        _remove(plan, args)
    else:
        _expect(plan, look(plan), args)
    return 0


def _expect(plan: Plan, outlook: Outlook, args: Namespace) -> None:
    from evalkit.nightly.notes import put_expectation
    from evalkit.nightly.standing import Note
    from evalkit.nightly.words import told

    standing, event = _which(outlook, args)
    begin = args.begin or (event.first if event else outlook.day)
    if event:
        print(one_line(told(event, standing)))
    note = Note(who(args), args.why, date.today(), args.issue)
    path = put_expectation(plan.states, states_of(plan), standing.series.id, begin, note)
    print(f"a new baseline of {one_line(standing.series.id)} begins with the night of {begin}")
    written(path)


def _which(outlook: Outlook, args: Namespace) -> tuple[Standing, Event | None]:
    """The alarm; with --from the series is enough."""
    from evalkit.nightly.naming import find_event, find_series

    if args.begin is None:
        return find_event(outlook, args.alarm)
    for standing in outlook.standings:
        for event in standing.events:
            if event.id == args.alarm:
                return standing, event
    return find_series(outlook, args.alarm), None


def _remove(plan: Plan, args: Namespace) -> None:
    from evalkit.nightly.notes import remove

    states = states_of(plan)
    alike = [
        one
        for one in states.expected
        if args.alarm in (one.path.name, one.path.stem, one.series) and args.begin in (None, one.begin)
    ]
    if len(alike) > 1:
        days = ", ".join(str(one.begin) for one in alike)
        raise UsageError(f"{args.alarm} has {len(alike)} new baselines", f"--from one of {days}")
    if not alike:
        raise UsageError(f"no new baseline was ever set for {args.alarm!r}", "--list names those that were")
    remove(alike[0])
    removed(alike[0].path)


def _list(plan: Plan) -> None:

    known = {cell.series for cell in plan.cells}
    rows = [["series", "from", "who", "on", "issue", "why"]]
    for one in states_of(plan).expected:
        note, series = one.note, one.series if one.series in known else f"{one.series} (not in the plan)"
        rows.append([series, str(one.begin), note.who, str(note.on), note.issue, note.why])
    shown(rows, "no new baseline was ever set")
