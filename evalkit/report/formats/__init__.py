"""The same table as LaTeX, Markdown, CSV, JSON, HTML or plain text, with the same scores in each.

Every format is one module with a function from tables to text; this one picks it (docs/tables.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from evalkit.errors import UsageError
from evalkit.registry import did_you_mean
from evalkit.report.formats import csv, html, json, latex, markdown, text
from evalkit.report.formats.lines import Show
from evalkit.report.labels import Labels
from evalkit.report.values import Table

__all__ = ["FORMATS", "Show", "render", "render_all"]

Render = Callable[[Sequence[Table], Labels, Show], str]
FORMATS: Mapping[str, Render] = {
    "latex": latex.render,
    "markdown": markdown.render,
    "csv": csv.render,
    "json": json.render,
    "html": html.render,
    "text": text.render,
}


def render(table: Table, format: str, labels: Labels, show: Show | None = None) -> str:
    """One table, with a line feed at the end. The same table gives the same characters."""
    return render_all([table], format, labels, show)


def render_all(tables: Sequence[Table], format: str, labels: Labels, show: Show | None = None) -> str:
    """Tables one below the other. UsageError for a format that there is not, or that holds one table only."""
    if format not in FORMATS:
        raise UsageError(f"no format {format!r}", did_you_mean(format, FORMATS))
    return FORMATS[format](tables, labels, show or Show())
