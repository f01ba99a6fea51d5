"""After a night, and again whenever somebody asks: outputs, messages, what is said, the exit code."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.cli.text import Style, one_line, size
from evalkit.errors import UsageError

if TYPE_CHECKING:
    from evalkit.nightly.plan import Plan
    from evalkit.nightly.standing import Outlook


def finish(plan: Plan, args: argparse.Namespace, day: date | None) -> int:
    """After a report, as of the night of `day`: the last one where that is None."""
    return _finish(plan, args, day, ran=None, alerts=False)


def after_night(plan: Plan, args: argparse.Namespace, code: int) -> int:
    """After the night of `args.date`, which ended with `code`. What is shown is the last night that there is,
    also where an earlier one has gone on."""
    return _finish(plan, args, None, ran=code, alerts=not args.no_alerts)


def _finish(plan: Plan, args: argparse.Namespace, day: date | None, *, ran: int | None, alerts: bool) -> int:
    """Whatever cannot be written or sent is said; it keeps nothing else from being done."""
    from evalkit.nightly.look import look
    from evalkit.nightly.records import nights_of
    from evalkit.nightly.standing import INCOMPLETE

    if not nights_of(plan):
        raise UsageError(f"there is no night in {plan.folder}", "`evalkit nightly run PLAN` makes one")
    outlook = look(plan, day)
    if ran is not None and trim(plan, args):
        outlook = look(plan, day)  # runs that are gone are named to nobody
    failed = False
    try:
        page = write(outlook, plan, args)
    except OSError as e:
        complain(f"the dashboard could not be written: {e.strerror or e}: {e.filename}")
        failed, page = True, None
    if alerts:  # whose links lead to the page
        tell(outlook, plan)
    code = outlook.code or (INCOMPLETE if ran or failed else 0)
    if not args.quiet or code:
        show(outlook, page, brief=args.quiet)
    return code


def write(outlook: Outlook, plan: Plan, args: argparse.Namespace) -> Path:
    from evalkit.nightly.job import add_to_summary
    from evalkit.nightly.outputs import folder_of, write_outputs

    page = write_outputs(outlook, args.output or folder_of(plan), args.plan, plan.folder)
    if file := os.environ.get("GITHUB_STEP_SUMMARY"):
        add_to_summary(outlook, Path(file))
    return page


def tell(outlook: Outlook, plan: Plan) -> None:
    """The plan's alerts; a line for each that did not go out."""
    from evalkit.nightly.alerts.tell import tell

    tell(outlook, plan, say)


def try_alerts(plan: Plan) -> int:
    """A message that says that it is a test, to everybody."""
    from evalkit.nightly.alerts.tell import try_out

    if not plan.alerts:
        raise UsageError(f"{plan.name} has no [alerts]", "docs/nightly.md says what goes into it")
    return 0 if try_out(plan, say) else 1


def say(text: str) -> None:
    print(one_line(text), file=sys.stderr)


def trim(plan: Plan, args: argparse.Namespace) -> int:
    """How many runs of older nights went."""
    from evalkit.nightly.phrases import many
    from evalkit.nightly.retention import trim

    freed = trim(plan, args.date)
    if freed.runs and not args.quiet:
        said = f"{many(freed.runs, 'run')} of {many(freed.nights, 'older night')}, {size(freed.bytes)}"
        print(f"removed {said}: the plan keeps {plan.keep} nights' runs; records stay")
    for trouble in freed.troubles:
        complain(trouble)
    return freed.runs


def show(outlook: Outlook, page: Path | None, *, brief: bool) -> None:
    """The night in words, on stdout. `brief`: what is news."""
    from evalkit.nightly.words import headline, lede, line

    style = Style()
    print(style.bold(one_line(headline(outlook))))
    print(one_line(lede(outlook)))
    for standing in () if brief else outlook.standings:
        print(f"  {one_line(line(standing))}")
    for series, why in outlook.missing.items():
        print(style.warn(f"  {one_line(series)}: {one_line(why)}"))
    for one in outlook.damaged:
        print(style.warn(f"  {one_line(one.told)}"))
    if page is not None:
        print(page)


def complain(text: str) -> None:
    print(f"evalkit: warning: {one_line(text)}", file=sys.stderr)
