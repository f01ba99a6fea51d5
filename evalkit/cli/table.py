"""evalkit table: the table of a report, for a paper, a README, a spreadsheet or a program."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from evalkit.cli.export import destination
from evalkit.cli.find import find_run
from evalkit.cli.options import add_results, add_same, names_of
from evalkit.cli.parser import Parser, byte_size, choice
from evalkit.errors import UsageError
from evalkit.text import one_line

ABOUT = """\
One row a benchmark and setting, one column a model: published values, and runs under the published values of
the same benchmark. Best and second are marked in each row, among comparable values only. docs/tables.md
"""
EXAMPLES = """\
  evalkit table --published launch
  evalkit table humaneval--qwen3-coder humaneval--my-model --format markdown >> "$GITHUB_STEP_SUMMARY"
  evalkit table last --published launch --models qwen3-coder,claude-sonnet-4 --format latex -o table.tex
  evalkit table --published launch --table summary --format csv --long -o summary.csv
"""
FORMATS = ("text", "markdown", "latex", "html", "csv", "json")
SUFFIXES = {
    ".txt": "text",
    ".md": "markdown",
    ".tex": "latex",
    ".html": "html",
    ".csv": "csv",
    ".json": "json",
}
LANGUAGES = ("en", "uk", "tr")


def main(words: Sequence[str]) -> int:
    args = parser().read(words)
    format = args.format or (SUFFIXES.get(args.output.suffix, "text") if args.output else "text")
    if args.long and format != "csv":
        raise UsageError(f"--long is of CSV, and this is {format}", "--format csv")

    from evalkit.report.formats import Show, render_all
    from evalkit.report.gather import gather
    from evalkit.report.labels import labels
    from evalkit.report.names import parse_aliases
    from evalkit.report.published import load_published

    if not args.runs and not args.published:
        raise UsageError("a table of what?", "name runs, or published values: --published launch")
    report = gather(
        [find_run(name, args.results) for name in args.runs],
        [load_published(name) for name in args.published],
        models=names_of(args.models),
        suites=names_of(args.suites),
        aliases=parse_aliases(args.same),
        said=labels(args.language),
    )
    tables = report.tables
    if args.table:
        tables = tuple(table for table in tables if table.id == args.table)
        if not tables:
            from evalkit.registry import did_you_mean

            ids = [table.id for table in report.tables]
            raise UsageError(f"no table {args.table!r} here", did_you_mean(args.table, ids))
    elif format == "csv" and not args.long and len(tables) > 1:
        left = ", ".join(table.id for table in tables[1:])
        print(f"CSV holds one table: {tables[0].id}; --table names another: {left}", file=sys.stderr)
        tables = tables[:1]
    show = Show(
        notes=not args.no_notes,
        intervals=args.intervals,
        tied=args.bold == "tied",
        long=args.long,
        limit=args.limit_bytes,
        sources=report.documents if args.sources else None,
    )
    for warning in report.warnings:
        print(one_line(warning), file=sys.stderr)
    write(render_all(tables, format, labels(args.language), show), format, args.output)
    return 0


def parser() -> Parser:
    parser = Parser("table", usage="[RUN ...] [option ...]", about=ABOUT, examples=EXAMPLES)
    parser.add_argument("runs", nargs="*", metavar="RUN", help="a folder, its name, its beginning, or `last`")
    parser.add_argument(
        "--published",
        action="append",
        default=[],
        metavar="NAME",
        help="published values beside them: `launch`, or a JSON file of your own; may be repeated",
    )
    parser.add_argument("--models", metavar="A,B", help="these columns only, by id or name")
    parser.add_argument("--suites", metavar="A,B", help="these benchmarks only, by id or name")
    add_same(parser)
    parser.add_argument("--table", metavar="ID", help="one of the tables (default: all, one below the other)")
    parser.add_argument(
        "--format",
        type=choice(*FORMATS),
        metavar="NAME",
        help=", ".join(FORMATS) + " (default: as the file's name says, else text)",
    )
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write there (default: stdout)")
    parser.add_argument(
        "--language", type=choice(*LANGUAGES), default="en", metavar="CODE", help="en, uk or tr (default: en)"
    )
    group = parser.add_argument_group("what is shown")
    group.add_argument("--intervals", action="store_true", help="95%% intervals and numbers of tasks, too")
    group.add_argument("--no-notes", action="store_true", help="no letters, and no notes below")
    group.add_argument("--sources", action="store_true", help="the documents and runs below the table")
    group.add_argument(
        "--bold",
        type=choice("best", "tied"),
        default="best",
        metavar="WHICH",
        help="best: the highest of a row; tied: all that cannot be told apart from it (default: best)",
    )
    group.add_argument("--long", action="store_true", help="CSV with a line a value and all its fields")
    group.add_argument(
        "--limit-bytes",
        type=byte_size,
        default=900_000,
        metavar="SIZE",
        help="Markdown ends within this, with a line that says so (default: 900kB, for a job's summary)",
    )
    add_results(parser)
    return parser


def write(text: str, format: str, path: Path | None) -> None:
    """UTF-8, whole or not at all; a terminal gets what it can show of plain text."""
    if format == "text" and path is None:
        sys.stdout.write(text)
        return
    with destination(path) as out:
        out.write(text.encode("utf-8"))
