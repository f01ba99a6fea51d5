"""evalkit nightly init [PLAN]: write a plan with comments."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from evalkit.cli.parser import Parser
from evalkit.cli.text import one_line

ABOUT = """\
Writes a plan with comments that runs as it is: the embedded suite, answered by its own gold answers. Put your
models and suites in. A file that is there is never written over.
"""
EXAMPLES = """\
  evalkit nightly init
  evalkit nightly init coding.toml
"""


def main(words: Sequence[str]) -> int:
    parser = Parser("nightly", usage="init [PLAN]", about=ABOUT, examples=EXAMPLES)
    parser.add_argument(
        "plan", nargs="?", default="nightly.toml", metavar="PLAN", help="the file (default: nightly.toml)"
    )
    args = parser.read(words)

    from evalkit.nightly.init import write_plan

    write_plan(Path(args.plan))
    name = one_line(args.plan)
    print(f"{name}  written; next: evalkit nightly run {name} --dry-run")
    return 0
