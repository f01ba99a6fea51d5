"""evalkit score RUN: judge stored answers again, and say what changed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.cli import INTERRUPTED
from evalkit.cli.find import find_run
from evalkit.cli.given import absolute, knobs_from
from evalkit.cli.options import add_knobs, add_output, add_places, add_workers
from evalkit.cli.outcome import MISSING, Outputs, exit_code
from evalkit.cli.parser import Parser
from evalkit.cli.suite_options import add_suite_options, given_options, names_among
from evalkit.cli.text import one_line
from evalkit.errors import StoreError

if TYPE_CHECKING:
    from evalkit.store import Change

ABOUT = """\
Adds a set of verdicts and shows how it differs from the one before; sets are never overwritten. The
new set becomes the run's default, unless --no-default. No model is asked: its endpoint and key need
not exist any more. Options of the run's suite that only concern judging are accepted as flags.
"""
EXAMPLES = """\
  evalkit score last
  evalkit score results/humaneval--qwen3-coder--evalplus--1a2b3c4d --no-default
  evalkit score humaneval--qwen3 --help        the options of its suite, too
"""
SHOWN = 20  # changes listed for people; --json has them all


def main(words: Sequence[str]) -> int:
    parser = build()
    # first for RUN and --results alone: they say which suite's options there are
    suite = ""
    if names := names_among(parser, words):
        first, _ = parser.parse_known_intermixed_args([w for w in words if w not in ("-h", "--help")])
        suite = suite_of(find_run(names[0], first.results))
        add_suite_options(parser, [suite], parts=("verdict",))
    args = parser.read(words)
    return carry_out(args, given_options(args, suite) if suite else {})


def build() -> Parser:
    parser = Parser("score", usage="RUN [option ...]", about=ABOUT, examples=EXAMPLES)
    parser.add_argument("run", metavar="RUN", help="a folder, its name, the beginning of it, or `last`")
    parser.add_argument("--no-default", action="store_true", help="keep the run's default set of verdicts")
    add_places(parser)
    add_knobs(parser, calls=False)
    add_workers(parser)
    add_output(parser)
    return parser


def suite_of(folder: Path) -> str:
    """The suite that the run was made with, as it was named then."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        return str(manifest["settings"]["suite"])
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise StoreError(f"cannot read {folder}/manifest.json: {e}", "is it a run of evalkit's?") from None


def carry_out(args: Any, options: Mapping[str, Any]) -> int:
    from evalkit.run.session import score

    knobs = knobs_from(args)
    outputs = Outputs(as_json=args.json, quiet=args.quiet)
    rescore = score(
        find_run(args.run, args.results),
        knobs,
        outputs.watch,
        options=options,
        data=absolute(args.data),
        make_default=not args.no_default,
    )
    outputs.say(changes_text(rescore.changes))
    outputs.show(rescore.summary, set=rescore.set_id, changes=[asdict(c) for c in rescore.changes])
    if rescore.end != "done":
        return INTERRUPTED if rescore.end == "interrupted" else MISSING
    return exit_code(rescore.summary, knobs.max_error_rate)


def changes_text(changes: Sequence[Change]) -> str:
    if not changes:
        return "no verdict changed"
    lines = [f"{len(changes)} verdict{'s' if len(changes) > 1 else ''} changed:"]
    for c in changes[:SHOWN]:
        policy = "" if c.policy == "official" else f" ({c.policy})"
        lines.append(
            f"  {one_line(c.task_id)} {c.sample}{policy}: {c.before or 'none'} -> {c.after or 'none'}"
        )
    if len(changes) > SHOWN:
        lines.append(f"  and {len(changes) - SHOWN} more: --json lists them all")
    return "\n".join(lines)
