"""What run, resume and score say when they are done, and the exit code that it amounts to."""

from __future__ import annotations

import json
import sys
from typing import Any

from evalkit.cli import INTERRUPTED
from evalkit.cli.progress import watcher
from evalkit.cli.summary import runs_table, summary_text
from evalkit.cli.text import Style
from evalkit.run.summary import Summary

MISSING = 3


def exit_code(summary: Summary, max_error_rate: float) -> int:
    """0, 3 where more is missing than allowed, 130 where someone interrupted."""
    if summary.end == "interrupted" and not summary.complete:
        return INTERRUPTED
    return MISSING if summary.missing_rate > max_error_rate else 0


class Outputs:
    """Where summaries go: to stdout, or to stderr when stdout is for machines (`--json`)."""

    def __init__(self, *, as_json: bool, quiet: bool) -> None:
        self.as_json, self.quiet = as_json, quiet
        self.watch = watcher(quiet=quiet)
        self._stream = sys.stderr if as_json else sys.stdout
        self._shown: list[Summary] = []

    def show(self, summary: Summary, **more: Any) -> None:
        """One run's summary; `more` goes into the JSON object beside it."""
        self._shown.append(summary)
        if not self.quiet:
            print(summary_text(summary, Style(self._stream)) + "\n", file=self._stream, flush=True)
        if self.as_json:
            print(json.dumps({**summary.to_json(), **more}), flush=True)

    def say(self, text: str) -> None:
        if not self.quiet:
            print(text, file=self._stream, flush=True)

    def overview(self) -> None:
        """One line a run, where there were several."""
        if len(self._shown) > 1 and not self.quiet:
            print(runs_table(self._shown), file=self._stream, flush=True)
