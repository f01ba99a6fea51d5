"""evalkit run SUITE... --model NAME...: each suite with each model, one run folder each."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from evalkit.cli.given import knobs_from, settings_from
from evalkit.cli.options import (
    add_budget,
    add_endpoint,
    add_knobs,
    add_output,
    add_places,
    add_roles,
    add_sampling,
    add_selection,
    add_workers,
)
from evalkit.cli.outcome import Outputs, exit_code
from evalkit.cli.parser import Parser, whole
from evalkit.cli.server_options import STARTED, add_backend
from evalkit.cli.suite_options import add_suite_options, given_options, names_among
from evalkit.errors import EvalkitError, SandboxError, UsageError
from evalkit.run.settings import Knobs

if TYPE_CHECKING:
    from evalkit.run.plan import Plan

ABOUT = """\
SUITE is a name (`evalkit suites`) or a folder; name several for a run each. The same command again
continues: finished samples stay, errors are tried again. A changed setting is another run. A suite's own
option goes to each named suite that has it.
"""
EXAMPLES = """\
  evalkit run mini --model oracle
  evalkit run humaneval mbpp --model qwen3-coder --max-cost 5
  evalkit run humaneval --model my-model --base-url http://localhost:8000/v1 --samples 10 --temperature 0.8
  evalkit run humaneval --model replay:samples.jsonl --protocol lm-eval
  evalkit run mbpp --model qwen3-coder --limit 20 --dry-run
  evalkit run humaneval --help        the options of humaneval, too
"""


def main(words: Sequence[str]) -> int:
    args = read(words)
    knobs = knobs_from(args)
    plans = make_plans(args, knobs)
    if args.dry_run:
        return dry_run(plans, knobs, as_json=args.json)
    from evalkit.serving import stop_all

    try:
        return carry_out_all(plans, knobs, Outputs(as_json=args.json, quiet=args.quiet))
    finally:
        stop_all()


def read(words: Sequence[str]) -> argparse.Namespace:
    """The command line, with the options of whichever suites it names."""
    suites = names_among(build(), words)
    while True:
        args = build(suites).read(words)
        if all(suite in suites for suite in args.suites):
            break
        suites = [*suites, *args.suites]
    if not args.suites:
        raise UsageError(
            "which suite?", "evalkit suites lists them; `evalkit run mini --model oracle` needs nothing"
        )
    if not args.model:
        raise UsageError(
            "which model? --model NAME", "evalkit models lists short names; any id of an endpoint will do"
        )
    return args


def build(suites: Sequence[str] = ()) -> Parser:
    parser = Parser(
        "run", usage="SUITE [SUITE ...] --model NAME [option ...]", about=ABOUT, examples=EXAMPLES
    )
    parser.add_argument(
        "suites", nargs="*", metavar="SUITE", help="a name, or a folder with suite.toml and suite.py"
    )
    group = add_selection(parser)
    group.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="NAME",
        help="a short name, an endpoint's model id, oracle, null or replay:FILE; repeat for a run each",
    )
    group.add_argument(
        "--samples", type=whole(1), metavar="N", help="answers per task (default: the protocol's)"
    )
    group.add_argument(
        "--scaffold",
        metavar="NAME",
        help="how the model is driven: a name, module:Class, FILE.py:Class, FILE.toml (default: the suite's)",
    )
    group.add_argument(
        "--all-tasks",
        action="store_true",
        help="also tasks whose gold answer fails on this machine, which `evalkit validate` has found",
    )
    group.add_argument("--label", default="", metavar="TEXT", help="tells repetitions of one run apart")
    group.add_argument(
        "--dry-run", action="store_true", help="say what would be done; sends and writes nothing"
    )
    add_suite_options(parser, suites)
    add_sampling(parser)
    add_endpoint(parser)
    add_backend(parser)
    add_roles(parser)
    add_budget(parser)
    add_places(parser)
    add_knobs(parser)
    add_workers(parser)
    add_output(parser)
    return parser


def make_plans(args: argparse.Namespace, knobs: Knobs) -> list[Plan]:
    """All plans before the first begins: a name mistyped in the last must not cost the night."""
    from evalkit.run.plan import make_plan

    plans = []
    for suite in dict.fromkeys(args.suites):
        options = given_options(args, suite)
        for model in dict.fromkeys(args.model):
            plans.append(make_plan(settings_from(args, suite, model, options), knobs, sends=not args.dry_run))
    if args.backend in STARTED:  # one server at a time, for all suites of its model
        plans.sort(key=lambda plan: args.model.index(plan.settings.model))
    return plans


def carry_out_all(plans: list[Plan], knobs: Knobs, outputs: Outputs) -> int:
    """One after the other; one that fails does not keep the others from running. The worst exit code."""
    from evalkit.cli import complain
    from evalkit.run.session import carry_out

    codes = []
    for plan in plans:
        try:
            summary = carry_out(plan, knobs, outputs.watch)
        except SandboxError:
            raise  # it would not be usable for the others either
        except EvalkitError as e:
            if len(plans) == 1:
                raise
            complain(f"{plan.folder_name}: {e.message}", e.hint)
            codes.append(e.exit_code)
            continue
        outputs.show(summary)
        codes.append(exit_code(summary, knobs.max_error_rate))
        if summary.end == "interrupted":
            break
    outputs.overview()
    return max(codes, default=0)


def dry_run(plans: list[Plan], knobs: Knobs, *, as_json: bool) -> int:
    from evalkit.cli.projection import projection_text
    from evalkit.run.dry_run import project

    for plan in plans:
        projection = project(plan, knobs)
        print(projection_text(projection), file=sys.stderr if as_json else sys.stdout)
        if as_json:
            print(json.dumps(projection.to_json()))
    return 0
