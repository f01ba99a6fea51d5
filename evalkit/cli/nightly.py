"""evalkit nightly: a matrix of runs every night, and what got worse in them. One module an action."""

from __future__ import annotations

import importlib
from collections.abc import Sequence

from evalkit.cli.parser import Parser, choice

ABOUT = """\
init        write a plan with comments: which models over which suites, what a night may cost
run         one night of a plan: its runs, the dashboard, alerts; a night that was cut short goes on
report      the dashboard again, from what there is
ack         say of an alarm that it is known: who, why, until when
expect      say that a new level is what is wanted: a new baseline begins
quarantine  leave a flaky task out of alarms for a while; it still runs and counts in the score

ACTION --help says more. Exit codes: 0 nothing new, 10 a regression that nobody has spoken for, 3 the night is
incomplete. docs/nightly.md
"""
EXAMPLES = """\
  evalkit nightly init nightly.toml
  evalkit nightly run nightly.toml --dry-run
  evalkit nightly run nightly.toml
  evalkit nightly ack nightly.toml swebench--qwen3-coder --why "vLLM moved" --until 2026-12-24
"""
ACTIONS = ("init", "run", "report", "ack", "expect", "quarantine")


def main(words: Sequence[str]) -> int:
    if words and words[0] in ACTIONS:
        code: int = importlib.import_module(f"evalkit.cli.nightly_{words[0]}").main(words[1:])
        return code
    parser = Parser("nightly", usage="ACTION PLAN [option ...]", about=ABOUT, examples=EXAMPLES)
    parser.add_argument("action", metavar="ACTION", type=choice(*ACTIONS), help=", ".join(ACTIONS))
    parser.read(words)
    return 2
