"""evalkit suites: the suites there are."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Sequence

from evalkit.cli.options import add_data
from evalkit.cli.parser import Parser
from evalkit.cli.text import count, one_line, table
from evalkit.errors import DataError, EvalkitError, UsageError
from evalkit.registry import open_suite, suite_names
from evalkit.suite import Suite, SuiteInfo

EXAMPLES = """\
  evalkit suites
  evalkit suites humaneval mbpp
  evalkit run humaneval --help        a suite's own options
"""


def main(words: Sequence[str]) -> int:
    about = "Tasks are counted where the data is on this machine; nothing is downloaded."
    parser = Parser("suites", about=about, examples=EXAMPLES)
    parser.add_argument(
        "names", nargs="*", metavar="SUITE", help="a name or a folder (default: all that are installed)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a suite, each on a line")
    add_data(parser)
    args = parser.read(words)

    facts = []
    for name in args.names or suite_names():
        try:
            facts.append(suite_facts(open_suite(name), args.data))
        except EvalkitError as e:
            if args.names:
                raise
            # one broken plug-in must not hide the others
            print(f"{one_line(name)}: {one_line(e.message)}", file=sys.stderr)
    if args.json:
        for row in facts:
            print(json.dumps(row))
    else:
        header = ["suite", "title", "tasks", "licence", "data"]
        print(
            table(
                [header, *([one_line(_word(row[key])) for key in header] for row in facts)], frozenset((2,))
            )
        )
    return 0


def suite_facts(suite: Suite, data: str | None = None) -> dict[str, str | int | None]:
    """A suite's facts; `tasks` is None where its data is not on this machine, or does not tell."""
    info = suite.info
    tasks, source = count_tasks(suite, data)
    return {
        "suite": info.name,
        "title": info.title,
        "tasks": tasks,
        "licence": info.licence,
        "data": source,
        "homepage": info.homepage,
        "protocol": suite.protocol().name,
        "scorer": f"{suite.scorer().name} {suite.scorer().version}",
    }


def count_tasks(suite: Suite, data: str | None = None) -> tuple[int | None, str]:
    """How many tasks there are, and where their data is or would come from."""
    from pathlib import Path

    from evalkit.data import find_local, load_data, tasks_of

    info = suite.source()
    path = Path(data) if data else None
    try:
        local = find_local(info, path)
    except DataError:  # a folder of other suites' data
        local = ()
    if not local:
        return None, _elsewhere(info)
    where = (
        f"{'folder' if info.checkout else 'file'}: {local[0]}"
        if len(local) == 1
        else f"files: {local[0].parent}"
    )
    try:
        return len(tasks_of(suite, load_data(suite, path))), where
    except UsageError:  # it has to be told more than where its data is
        return None, where


def _elsewhere(info: SuiteInfo) -> str:
    if info.checkout:
        return f"git: {info.checkout.git}"
    return f"hub: {info.hub.dataset}{hub_missing()}" if info.hub else "not here: --data PATH"


def hub_missing() -> str:
    return "" if importlib.util.find_spec("datasets") else " (needs pip install 'evalkit[hub]')"


def _word(value: str | int | None) -> str:
    return value if isinstance(value, str) else count(value)
