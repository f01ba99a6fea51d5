"""What `nightly ack`, `expect` and `quarantine` share: who says it, until when, and what is said already."""

from __future__ import annotations

import argparse
import getpass
import subprocess
from argparse import Namespace
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.cli.nightly_options import add_plan, day
from evalkit.cli.parser import Parser
from evalkit.cli.text import one_line, table
from evalkit.errors import DataError, UsageError

if TYPE_CHECKING:
    from evalkit.nightly.plan import Plan
    from evalkit.nightly.states import States

LONG = 60  # characters of what people wrote, in a table
NEEDED = "it is what the next reader has to go by"


def add_note(parser: Parser, *, about: str) -> None:
    """Flags of something that is said of an alarm."""
    parser.add_argument("--why", metavar="TEXT", help=f"why: {about}")
    parser.add_argument("--who", metavar="NAME", help="who says it (default: you, as git knows you)")
    parser.add_argument("--issue", default="", metavar="TEXT", help="where it is worked on: a link, a number")
    add_stock(parser)


def add_stock(parser: Parser) -> None:
    """Flags about what is said already."""
    parser.add_argument(
        "--list", action="store_true", dest="listed", help="say what there is, change nothing"
    )
    parser.add_argument("--remove", action="store_true", help="take back what was said")


def add_which(parser: Parser, *names: str) -> None:
    """PLAN, and names that `--list` goes without."""
    add_plan(parser)
    for name in names:
        parser.add_argument(name.lower(), nargs="?", metavar=name)


def until(text: str) -> date:
    """A day, or so many days from now: 30d."""
    if text.endswith("d") and text[:-1].isdigit():
        if int(text[:-1]) > 36_500:
            raise argparse.ArgumentTypeError(f"{text!r} is more than a hundred years")
        return date.today() + timedelta(int(text[:-1]))
    return day(text)


def wanted(args: Namespace, **needed: str) -> None:
    """UsageError names the first of these arguments that is not there: its name -> what to write."""
    for name, words in needed.items():
        if not str(getattr(args, name) or "").strip():
            raise UsageError(f"{words} is missing", NEEDED if words.startswith("--") else "--list names them")


def states_of(plan: Plan) -> States:
    """What was said already. DataError names a file that cannot be read: it may say the same."""
    from evalkit.nightly.states import read_states

    states = read_states(plan.states)
    if states.damaged:
        raise DataError(states.damaged[0].why, "docs/nightly.md says what such a file holds")
    return states


def who(args: Namespace) -> str:
    """As said, or as git knows the user where the plan is, or as the system does."""
    if args.who and args.who.strip():
        return str(args.who)
    command = ["git", "-C", str(Path(args.plan).resolve().parent), "config", "user.name"]
    try:
        name = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False).stdout.strip()
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        name = ""
    if name:
        return name
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        raise UsageError("who says it is not known", "--who NAME") from None


def shown(rows: Sequence[Sequence[str]], none: str) -> None:
    """A table with its head, its first column whole for copying; or what to say where there is none."""
    if len(rows) < 2:
        print(none)
        return
    print(table([[one_line(row[0]), *(one_line(cell, LONG) for cell in row[1:])] for row in rows]))


def written(path: Path) -> None:
    print(f"written: {one_line(str(path))}")


def removed(path: Path) -> None:
    print(f"removed: {one_line(str(path))}")
