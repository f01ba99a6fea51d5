"""evalkit nightly report PLAN: the dashboard again, from what there is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from evalkit.cli.nightly_options import add_outputs, add_plan, day
from evalkit.cli.parser import Parser

ABOUT = """\
Writes the dashboard, the feed and the badges anew from the nights there are: after an `ack`, a `quarantine`
or runs judged again. It runs nothing, and sends nothing but the message of --test-alerts.

Exit codes: 0 nothing new, 10 a regression that nobody has spoken for, 3 the last night is incomplete.
"""
EXAMPLES = """\
  evalkit nightly report nightly.toml
  evalkit nightly report nightly.toml --date 2026-11-20 -o /tmp/then
"""


def main(words: Sequence[str]) -> int:
    parser = Parser("nightly", usage="report PLAN [option ...]", about=ABOUT, examples=EXAMPLES)
    add_plan(parser)
    parser.add_argument(
        "--date", type=day, metavar="DAY", help="as things stood that night (default: the last one)"
    )
    parser.add_argument(
        "--test-alerts", action="store_true", help="send a message that says it is a test to whom alerts go"
    )
    add_outputs(parser)
    args = parser.read(words)

    from evalkit.cli.nightly_outcome import finish, try_alerts
    from evalkit.nightly.plan import read_plan

    plan = read_plan(Path(args.plan))
    if args.test_alerts:
        return try_alerts(plan)
    return finish(plan, args, args.date)
