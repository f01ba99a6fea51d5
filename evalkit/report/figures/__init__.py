"""A report's figures as files for papers and slides: SVG, PDF and PNG, the same bytes whenever built.

One colour and one shape for each model in all of them, and on the page; published values hollow, measured
ones filled. docs/figures.md lists the files.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from evalkit.errors import UsageError
from evalkit.registry import did_you_mean
from evalkit.report.content import Report
from evalkit.report.figures.sheet import Format
from evalkit.report.labels import Labels
from evalkit.report.labels import labels as catalog
from evalkit.report.palette import Theme, marks

if TYPE_CHECKING:
    from evalkit.report.figures.sheet import Sheet

FORMATS: tuple[Format, ...] = get_args(Format)


def write_figures(
    report: Report,
    folder: Path,
    formats: Sequence[str] = FORMATS,
    labels: Labels | None = None,
    theme: Theme = "light",
) -> list[Path]:
    """Write every figure that the report has something for, and return the files, in order.

    UsageError for a format that there is not, and where matplotlib is missing.
    """
    for format in formats:
        if format not in FORMATS:
            raise UsageError(f"no figures in format {format!r}", did_you_mean(format, FORMATS))
    if importlib.util.find_spec("matplotlib") is None:
        raise UsageError("figures need matplotlib", "pip install 'evalkit[plots]'")
    from evalkit.report.figures.sheet import typeset

    wanted = tuple(format for format in FORMATS if format in formats)
    folder.mkdir(parents=True, exist_ok=True)
    with typeset():
        drawn = distinct(sheets(report, labels or catalog("en"), theme))
        return [path for name, sheet in drawn for path in sheet.write(folder, name, wanted, report.title)]


def sheets(report: Report, said: Labels, theme: Theme) -> Iterator[tuple[str, Sheet]]:
    """Every figure by its file's name."""
    from evalkit.report.figures.accounts import accounts
    from evalkit.report.figures.differences import differences
    from evalkit.report.figures.pareto import pareto
    from evalkit.report.figures.reliability import reliability
    from evalkit.report.figures.runs import by_suite, slug
    from evalkit.report.figures.strip import strip

    drawn = marks(report)
    found: list[tuple[str, Sheet | None]] = []
    if report.tables:
        found.append(("scores", strip(report.tables[0], drawn, said, theme)))
    for forest in report.forests:
        name = f"differences-{slug(forest.a.id)}-{slug(forest.b.id)}"
        found.append((name, differences(forest, drawn, said, theme)))
    found.append(("outcomes", accounts(report.runs, said, theme)))
    for suite, runs in by_suite(report.runs).items():
        found.append((f"reliability-{slug(suite)}", reliability(runs, drawn, said, theme)))
        found.append((f"cost-{slug(suite)}", pareto(runs, drawn, said, theme)))
    yield from ((name, sheet) for name, sheet in found if sheet is not None)


def distinct(named: Iterator[tuple[str, Sheet]]) -> Iterator[tuple[str, Sheet]]:
    """Names that differ, where two ids are written alike."""
    used: set[str] = set()
    for name, sheet in named:
        n, free = 2, name
        while free in used:
            n, free = n + 1, f"{name}-{n}"
        used.add(free)
        yield free, sheet
