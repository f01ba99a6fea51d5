"""evalkit nightly ack PLAN ALARM: say of an alarm that it is known."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.cli.nightly_notes import (
    add_note,
    add_which,
    removed,
    shown,
    states_of,
    until,
    wanted,
    who,
    written,
)
from evalkit.cli.parser import Parser
from evalkit.cli.text import one_line
from evalkit.errors import UsageError

if TYPE_CHECKING:
    from evalkit.nightly.plan import Plan
    from evalkit.nightly.standing import Outlook

ABOUT = """\
Says of an alarm that it is known: it is shown with your words and ends no night with exit code 10 any more.
It is new again after --until. What was said stands in a small file beside the plan, to be committed with it.

ALARM is its name as the dashboard and --list have it, the beginning of that, or a series with one open alarm.
"""
EXAMPLES = """\
  evalkit nightly ack nightly.toml swebench--qwen3-coder --why "vLLM moved" --issue "#12" --until 2026-12-24
  evalkit nightly ack nightly.toml --list
  evalkit nightly ack nightly.toml swebench--qwen3-coder --remove
"""


def main(words: Sequence[str]) -> int:
    parser = Parser("nightly", usage="ack PLAN ALARM --why TEXT [option ...]", about=ABOUT, examples=EXAMPLES)
    add_which(parser, "ALARM")
    add_note(parser, about="what is known of it")
    parser.add_argument(
        "--until",
        type=until,
        metavar="DAY",
        help="new again after this day, or in so many: 30d (default: never)",
    )
    args = parser.read(words)
    if not args.listed:
        wanted(args, alarm="ALARM", **({} if args.remove else {"why": "--why"}))

    from evalkit.nightly.look import look
    from evalkit.nightly.plan import read_plan

    plan = read_plan(Path(args.plan))
    outlook = look(plan)
    if args.listed:
        _list(plan, outlook)
    elif args.remove:
        _remove(plan, outlook, args.alarm)
    else:
        _ack(plan, outlook, args)
    return 0


def _ack(plan: Plan, outlook: Outlook, args: Namespace) -> None:
    from evalkit.nightly.naming import find_event
    from evalkit.nightly.notes import put_ack
    from evalkit.nightly.standing import Note
    from evalkit.nightly.words import told

    standing, event = find_event(outlook, args.alarm)
    if args.until and args.until < outlook.day:
        raise UsageError(f"--until {args.until} is before the last night, {outlook.day}")
    print(one_line(told(event, standing)))
    note = Note(who(args), args.why, date.today(), args.issue, args.until)
    written(put_ack(plan.states, states_of(plan), standing.series.id, event, note))


def _remove(plan: Plan, outlook: Outlook, name: str) -> None:
    from evalkit.nightly.naming import find_event
    from evalkit.nightly.notes import remove

    states = states_of(plan)
    ack = next((one for one in states.acks if name in (one.path.name, one.path.stem)), None)
    if ack is None:
        standing, event = find_event(outlook, name)
        ack = states.ack_of(event, standing.series.id)
        if ack is None:
            raise UsageError(f"nobody has spoken for {event.id}", "--list names what was said")
    remove(ack)
    removed(ack.path)


def _list(plan: Plan, outlook: Outlook) -> None:
    """Every alarm, and what was said of one that is not there any more."""
    from evalkit.nightly.phrases import points

    states = states_of(plan)
    rows = [["alarm", "since", "points", "state", "who", "until", "why"]]
    used = set()
    for standing in outlook.standings:
        for event in standing.events:
            note, ack = event.note, states.ack_of(event, standing.series.id)
            used |= {ack.path} if ack else set()
            said = [note.who, str(note.until or ""), note.why] if note else ["", "", ""]
            rows.append([event.id, str(event.first), points(event.difference), event.state, *said])
    for ack in states.acks:
        if ack.path not in used:
            note = ack.note
            said = [note.who, str(note.until or ""), note.why]
            rows.append([ack.path.stem, str(ack.first), "", "no alarm now", *said])
    shown(rows, "no alarm was ever raised")
