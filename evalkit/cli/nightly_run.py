"""evalkit nightly run PLAN: one night, then what there is to say of it."""

from __future__ import annotations

import errno
import shlex
import sys
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.cli import complain, machine_trouble
from evalkit.cli.nightly_options import add_outputs, add_plan, day
from evalkit.cli.parser import Parser
from evalkit.errors import UsageError

if TYPE_CHECKING:
    from evalkit.nightly.plan import Plan

NOWHERE = (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EEXIST)  # where nobody can write

ABOUT = """\
Runs every model over every suite that the plan names, one after the other, in results/NAME/DATE; then writes
the dashboard, the feed and the badges, sends what alerts the plan has, and throws away the runs of nights
that are older than it keeps. A night that was cut short goes on: the same command, and no model call is made
twice. One that is done is refused, and so is a second one at the same time.

Exit codes: 0 nothing new, 10 a regression that nobody has spoken for, 3 the night is incomplete, 130
interrupted.
"""
EXAMPLES = """\
  evalkit nightly run nightly.toml --dry-run
  evalkit nightly run nightly.toml
  evalkit nightly run nightly.toml --date 2026-11-25     go on with yesterday's
"""


def main(words: Sequence[str]) -> int:
    args = parser().read(words)

    from evalkit.nightly.plan import read_plan

    plan = read_plan(Path(args.plan))
    if args.dry_run:
        from evalkit.cli.nightly_cost import show_cost

        return show_cost(plan, args.date)

    from evalkit.cli.nightly_outcome import after_night, finish
    from evalkit.cli.nightly_progress import progress
    from evalkit.nightly.night import INCOMPLETE, INTERRUPTED, is_done, run_night

    if args.unless_done and is_done(plan, args.date):
        return finish(plan, args, None)
    shown = progress(quiet=args.quiet)
    hint_of_yesterday(plan, args.date, args.plan)
    hint_of_the_future(args.date)
    try:
        code, _ = run_night(plan, args.date, shown)
    except OSError as e:
        if e.errno in NOWHERE:
            raise UsageError(
                f"the night's folder cannot be written: {e.strerror}: {e.filename}",
                "`results` in the plan's [night] says where nights go",
            ) from None
        if e.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        complain(*machine_trouble(e))  # not even its folder could be made
        return INCOMPLETE
    finally:
        shown.close()
    if code == INTERRUPTED:
        again = shlex.join(["evalkit", "nightly", "run", args.plan, "--date", args.date.isoformat()])
        print(f"interrupted; {again} goes on where it stopped", file=sys.stderr)
        return INTERRUPTED
    return after_night(plan, args, code)


def parser() -> Parser:
    made = Parser("nightly", usage="run PLAN [option ...]", about=ABOUT, examples=EXAMPLES)
    add_plan(made)
    made.add_argument(
        "--date", type=day, default=date.today(), metavar="DAY", help="the night of this day (default: today)"
    )
    made.add_argument(
        "--dry-run",
        action="store_true",
        help="say what the night would do and cost; sends and writes nothing",
    )
    made.add_argument(
        "--unless-done", action="store_true", help="a night that is done is reported again, not refused"
    )
    made.add_argument("--no-alerts", action="store_true", help="send no webhook and no mail")
    add_outputs(made)
    return made


def hint_of_yesterday(plan: Plan, today: date, file: str) -> None:
    """A night that was cut short after midnight would else stay so."""
    from evalkit.nightly.ledger import read_ledger

    before = today - timedelta(days=1)
    ledger = read_ledger(plan.folder / before.isoformat())
    if ledger.planned and not ledger.done:
        again = shlex.join(["evalkit", "nightly", "run", file, "--date", before.isoformat()])
        print(f"note: the night of {before} is incomplete: {again} goes on with it", file=sys.stderr)


def hint_of_the_future(day: date) -> None:
    """A slip of the keys would else silence every night until then: the last one is what all is told of."""
    if day > date.today() + timedelta(days=1):  # elsewhere it is tomorrow already
        told = "the dashboard and alerts tell of the last night only, which it is until then"
        print(f"note: the night of {day} is in the future: {told}", file=sys.stderr)
