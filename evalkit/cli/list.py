"""evalkit list: the runs there are."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from evalkit.cli.find import made_at, runs_in
from evalkit.cli.options import add_results
from evalkit.cli.parser import Parser
from evalkit.cli.summary import names_of, score_of, with_footnote
from evalkit.cli.text import one_line, table
from evalkit.errors import EvalkitError
from evalkit.run.summary import Summary

EXAMPLES = """\
  evalkit list
  evalkit list --suite humaneval --results /data/results
"""


def main(words: Sequence[str]) -> int:
    parser = Parser(
        "list", about="Oldest first. A run that cannot be read is named on stderr.", examples=EXAMPLES
    )
    parser.add_argument("--suite", metavar="NAME", help="runs of this suite only")
    parser.add_argument("--model", metavar="NAME", help="runs of this model only")
    parser.add_argument("--json", action="store_true", help="one JSON object a run, each on a line")
    add_results(parser)
    args = parser.read(words)

    from evalkit.run.result import summarize

    found: list[tuple[Path, Summary]] = []
    for folder in runs_in(args.results):
        try:
            summary = summarize(folder)
        except EvalkitError as e:
            print(f"{one_line(folder.name)}: {one_line(e.message)}", file=sys.stderr)
            continue
        if args.suite in (None, summary.suite) and args.model in (None, summary.model):
            found.append((folder, summary))
    if args.json:
        for _, summary in found:
            print(json.dumps(summary.to_json()))
    elif found:
        print(runs_table(found))
    else:
        print(f"no runs in {args.results}", file=sys.stderr)
    return 0


def runs_table(found: list[tuple[Path, Summary]]) -> str:
    rows = [["suite", "model", "protocol", "pass@1", "scored", "when", "run"]]
    for folder, s in found:
        when = datetime.fromtimestamp(made_at(folder)).strftime("%Y-%m-%d %H:%M")
        scored = f"{s.scored:,}/{s.expected:,}"
        rows.append([*names_of(s), score_of(s), scored, when, one_line(folder.name)])
    return with_footnote(table(rows, right=frozenset((3, 4))), [s for _, s in found])
