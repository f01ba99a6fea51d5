"""evalkit report: runs and published values as one HTML file."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.cli.find import find_run
from evalkit.cli.options import add_results, add_same, names_of
from evalkit.cli.parser import Parser, choice
from evalkit.cli.text import count, one_line, size
from evalkit.errors import UsageError

if TYPE_CHECKING:
    from evalkit.report.content import RunFacts

ABOUT = """\
Puts runs beside published values: scores with intervals, what cannot be told apart, where documents disagree,
where every sample went, what it cost, and how to do it again. The page is one file that loads nothing. A run
in progress is shown as incomplete and has no rank. docs/reports.md
"""
EXAMPLES = """\
  evalkit report --published launch -o reports/launch.html
  evalkit report humaneval--qwen3-coder mbpp--qwen3-coder -o reports/qwen.html
  evalkit report last --published launch --models qwen3-coder,kimi-k2 --transcripts failed
"""
LANGUAGES = ("en", "uk", "tr")
TRANSCRIPTS = ("none", "failed", "all")


def main(words: Sequence[str]) -> int:
    args = parser().read(words)
    if not args.runs and not args.published:
        raise UsageError("nothing to report", "name runs, or published values: --published launch")
    out = Path(args.output)
    if out.is_dir():
        raise UsageError(f"{out} is a folder", f"name a file: -o {out / 'report.html'}")

    from evalkit.report.drill import drill
    from evalkit.report.gather import gather
    from evalkit.report.labels import labels
    from evalkit.report.names import parse_aliases
    from evalkit.report.page import page
    from evalkit.report.published import load_published

    said = labels(args.language)
    report = gather(
        [find_run(name, args.results) for name in args.runs],
        [load_published(name) for name in args.published],
        models=names_of(args.models),
        suites=names_of(args.suites),
        subject=args.subject,
        title=args.title,
        aliases=parse_aliases(args.same),
        said=said,
        command=shlex.join(["evalkit", "report", *words]),
    )
    drilled = drill(report, transcripts=args.transcripts, name=out.name, said=said, watch=watched)
    text = page(report, labels=said, drill=drilled)
    if args.figures:
        from evalkit.report.figures import write_figures

        drawn = write_figures(report, Path(args.figures), labels=said)
    beside = write_pages(out, drilled.pages())
    write(out, text)
    for warning in report.warnings:
        print(f"note: {one_line(warning)}")
    print(f"{out}  {size(len(text.encode()))}")
    if beside:
        pages = count(sum(1 for _ in beside.rglob("*.html")))
        print(f"{beside}  {pages} transcripts, linked from the page: keep them beside it")
    if args.figures:
        print(f"{args.figures}  {count(len(drawn))} files of figures")
    return 0


def parser() -> Parser:
    made = Parser("report", usage="[RUN ...] [option ...]", about=ABOUT, examples=EXAMPLES)
    made.add_argument(
        "runs", nargs="*", metavar="RUN", help="a folder, its name, the beginning of it, or `last`"
    )
    made.add_argument(
        "--published",
        action="append",
        default=[],
        metavar="NAME|FILE",
        help="values of documents: `launch`, or a file of your own (docs/published-values.md); repeatable",
    )
    made.add_argument(
        "-o", "--output", default="reports/report.html", metavar="FILE", help="default: %(default)s"
    )
    group = made.add_argument_group("what to show")
    group.add_argument("--models", metavar="NAMES", help="these models only: A,B,C")
    group.add_argument("--suites", metavar="NAMES", help="these benchmarks only: A,B,C")
    group.add_argument(
        "--subject", metavar="MODEL", help="whom the others are compared with (default: the first model)"
    )
    add_same(group)
    group.add_argument("--title", metavar="TEXT", help="the page's heading")
    group.add_argument(
        "--language", type=choice(*LANGUAGES), default="en", metavar="CODE", help="en, uk or tr (default: en)"
    )
    group.add_argument(
        "--transcripts",
        type=choice(*TRANSCRIPTS),
        default="none",
        metavar="WHICH",
        help="none, failed or all: inside the page up to 10 MB, else as pages in a folder beside it "
        "(default: none)",
    )
    group.add_argument(
        "--figures",
        metavar="DIR",
        help="its figures as files too: SVG, PDF and PNG for papers (docs/figures.md)",
    )
    add_results(made)
    return made


def watched(samples: Iterable[Any], run: RunFacts) -> Iterable[Any]:
    """Show on a terminal how far the samples of a run are gone through."""
    if not sys.stderr.isatty():
        return samples
    from evalkit.cli.progress import bar

    shown: Iterable[Any] = bar(
        iterable=samples, total=run.summary.planned, desc=one_line(run.folder.name, 40), unit=" samples"
    )
    return shown


def write(path: Path, text: str) -> None:
    """All of it or nothing: whoever has the old page open or serves it never sees half of a new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write_pages(out: Path, pages: Iterable[tuple[str, str]]) -> Path | None:
    """Pages by their path relative to the report; the folder that they are in, None where there are none.
    One that an earlier report left there goes, if it holds nothing but pages."""
    top: Path | None = None
    beside = out.with_name(f".{out.name}.{os.getpid()}.pages")
    try:
        for name, text in pages:
            top = out.parent / Path(name).parts[0]
            path = beside.joinpath(*Path(name).parts[1:])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        if top:
            clear(top)
            beside.replace(top)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return top


def clear(folder: Path) -> None:
    if any(path.is_file() and path.suffix != ".html" for path in folder.rglob("*")):
        raise UsageError(f"{folder} holds other files than pages", "move them, or give -o another name")
    if folder.is_dir():
        shutil.rmtree(folder)
