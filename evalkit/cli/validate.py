"""evalkit validate SUITE: the gold answers score 100% and empty ones 0%, through the ordinary pipeline."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evalkit.cli.given import absolute, knobs_from
from evalkit.cli.options import add_knobs, add_output, add_places, add_selection
from evalkit.cli.parser import Parser
from evalkit.cli.progress import watcher
from evalkit.cli.suite_options import add_suite_options, given_options, names_among
from evalkit.cli.text import Style
from evalkit.cli.validation import Check, report
from evalkit.run.settings import Knobs, Settings
from evalkit.run.summary import Summary
from evalkit.run.watch import Watch
from evalkit.suite import SuiteInfo

ABOUT = """\
Runs the suite with its own gold answers, which must all pass, and with empty answers, none of which
may. Tasks without gold, or without tests, cannot be tried: their number is said. Gold that the official
scorer rejects too is listed in the suite's suite.toml, and so are tasks that pass officially as they are at
the start: both are named and tolerated. Exit code 1 where anything else comes out, or nothing was tried.
Both runs are kept under RESULTS/validate.

Where tasks have workspaces, what comes out is kept on this machine as certificates, for the image, the task
and the scorer that it was tried with: the next time only tasks without one are tried, or all with --force.
Later runs exclude tasks whose gold failed, by name, and have no strict verdict where gold had none.
"""
EXAMPLES = """\
  evalkit validate mini
  evalkit validate swebench --tasks pallets__flask-5014 --force
  evalkit validate humaneval --data humaneval.jsonl --limit 20
  evalkit validate ./my_suite
"""


UNTRIED = ("not_run", "unavailable")


def main(words: Sequence[str]) -> int:
    args = read(words)
    options = given_options(args, args.suite)
    check = validate(args, options, watcher(quiet=args.quiet))
    if "interrupted" in (check.oracle.end, check.null.end):
        raise KeyboardInterrupt  # half a proof proves nothing
    stream = sys.stderr if args.json else sys.stdout
    if not args.quiet:
        print(report(check, Style(stream)), file=stream)
    if args.json:
        print(json.dumps(check.to_json()))
    return 0 if check.good else 1


def read(words: Sequence[str]) -> argparse.Namespace:
    parser = Parser("validate", usage="SUITE [option ...]", about=ABOUT, examples=EXAMPLES)
    parser.add_argument("suite", metavar="SUITE", help="a name, or a folder with suite.toml and suite.py")
    add_selection(parser).add_argument(
        "--force", action="store_true", help="try again what has a certificate on this machine, too"
    )
    add_places(parser)
    add_knobs(parser, calls=False)
    add_output(parser)
    add_suite_options(parser, names_among(parser, words)[:1])
    return parser.read(words)


def validate(args: argparse.Namespace, options: dict[str, Any], watch: Watch) -> Check:
    from evalkit.data import load_data, tasks_of
    from evalkit.registry import from_anywhere, open_suite
    from evalkit.run.plan import make_plan
    from evalkit.run.session import Certify, carry_out

    knobs = fresh(knobs_from(args))
    settings = Settings(
        suite=from_anywhere(args.suite),
        model="oracle",
        options=options,
        limit=args.limit,
        tasks=args.tasks,
        samples=1,  # gold is the same each time
        data=absolute(args.data),
        all_tasks=True,
    )
    certify: Certify = "anew" if args.force else "missing"

    def came_out(model: str) -> Summary:
        return carry_out(make_plan(replace(settings, model=model), knobs), knobs, watch, certify=certify)

    oracle = came_out("oracle")
    null = oracle if oracle.end == "interrupted" else came_out("null")
    suite = open_suite(args.suite, options)
    tasks = tasks_of(suite, load_data(suite, Path(settings.data) if settings.data else None))
    settled = {task.id: answer == task.gold for task in tasks if (answer := suite.settled(task))}
    return compare(oracle, null, suite.info, settled, certifies=suite.workspaces)


def fresh(knobs: Knobs) -> Knobs:
    """The same with a folder of its own: what an earlier validation found must not count for this one."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    return replace(knobs, results=knobs.results / "validate" / stamp)


def compare(
    oracle: Summary, null: Summary, info: SuiteInfo, settled: Mapping[str, bool], *, certifies: bool = False
) -> Check:
    """`settled`: tasks that no model is asked, whatever its name, and whether their answer is gold.
    `certifies`: later runs know what came out."""
    exceptions, allowed = {**info.exceptions, **info.may_fail}, info.passes_untouched
    wrong, excepted, passing, untouched = [], {}, [], {}
    failing: dict[str, str] = {}
    unproven: dict[str, str] = {}
    rows = samples_of(oracle)
    tried = [r for r in rows if (r["outcome"], r["reason"]) != UNTRIED and settled.get(r["task_id"], True)]
    for row in tried:
        known = exceptions.get(row["task_id"])
        if row["outcome"] == "passed" and row["strict"] == "failed" and row["task_id"] not in allowed:
            why = row["suspect"] or "not proven"
            if certifies:
                unproven[row["task_id"]] = why
            else:
                wrong.append({**row, "detail": why})
        elif row["outcome"] == "passed":
            passing += [row["task_id"]] if row["task_id"] in info.exceptions else []
        elif known and row["outcome"] == "failed":
            excepted[row["task_id"]] = known
        else:
            wrong.append(row)
        if certifies and row["outcome"] == "failed" and row["task_id"] not in info.exceptions:
            failing[row["task_id"]] = row["reason"]
    if null is not oracle:
        expected = {row["task_id"] for row in tried}
        asked = (row for row in samples_of(null) if row["task_id"] not in settled)
        empty = [row for row in asked if row["outcome"] != "failed"]
        as_listed = (row["task_id"] for row in empty if row["outcome"] == "passed")
        untouched = {task: allowed[task] for task in as_listed if task in allowed}
        empty = [row for row in empty if row["task_id"] not in untouched]
        wrong += [row for row in empty if row["task_id"] in expected or row["outcome"] != "not_run"]
    untried, kept = oracle.tasks - len(tried), sum(row["task_id"] in settled for row in rows)
    unavailable = {r["task_id"]: r["detail"] or "" for r in rows if (r["outcome"], r["reason"]) == UNTRIED}
    taken = {"gold": taken_over(oracle), "empty": taken_over(null)}
    return Check(
        oracle,
        null,
        tuple(wrong),
        excepted,
        tuple(passing),
        untouched,
        unavailable,
        untried,
        kept,
        failing,
        unproven,
        {kind: found for kind, found in taken.items() if found},
    )


def taken_over(summary: Summary) -> dict[str, Any]:
    """How many of a run's verdicts are certificates', and from when to when; {} where none is."""
    from evalkit.store import read_run

    with read_run(Path(summary.run)) as store:
        notes = [note.payload for note in store.notes() if note.kind == "certificates"]
    return dict(notes[-1]) if notes else {}


def samples_of(summary: Summary) -> list[dict[str, Any]]:
    from evalkit.run.export import records
    from evalkit.store import read_run

    keys = ("task_id", "sample", "outcome", "reason", "detail", "strict", "suspect")
    with read_run(Path(summary.run)) as store:
        return [{"model": summary.model, **{key: record[key] for key in keys}} for record in records(store)]
