"""Let Aider's summarize_results make the figures of the stories' counts, and write them down.

    VENV/bin/python -m tests.parity.aider_chat.record_figures CHECKOUT > tests/parity/aider_chat/figures.json

CHECKOUT is a checkout of Aider-AI/aider at 5dc9490, VENV holds aider-chat. Each story is one exercise; its
result file is what run_test_real of benchmark.py would write. Packages that benchmark.py imports for other
things (progress, plots, data frames) may be missing.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import re
import sys
import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

TOLD = Path(__file__).with_name("told.jsonl")
LINE = re.compile(r"^  (\w+): ([\d.]+)$", re.MULTILINE)
NAMES = {
    "outcomes": "tests_outcomes",
    "error_outputs": "num_error_outputs",
    "user_asks": "num_user_asks",
    "exhausted_context_windows": "num_exhausted_context_windows",
    "malformed_responses": "num_malformed_responses",
}
BROKEN = {"exception": "Traceback"}  # of an exercise that raised: completed, and so failed


def benchmark(checkout: Path) -> Any:
    for name in ("git", "lox", "pandas", "plots", "prompts", "typer", "dotenv"):
        sys.modules.setdefault(name, MagicMock())
    sys.path.insert(0, str(checkout / "benchmark"))
    return importlib.import_module("benchmark")


def result(number: int, told: dict[str, Any]) -> dict[str, Any]:
    counts = {NAMES.get(name, name): count for name, count in told["counts"].items()}
    return {
        **counts,
        "testcase": told["story"],
        "cost": 0.25,
        "duration": 2.0 + number,
        "edit_format": "whole",
    }


def main(checkout: Path) -> None:
    official = benchmark(checkout)
    official.get_versions = lambda commits: set()
    results = [result(n, json.loads(line)) for n, line in enumerate(TOLD.read_text().splitlines())]
    found = {
        "whole": figures(official, results),
        "with one that broke": figures(official, [*results, BROKEN]),
    }
    print(json.dumps(found, indent=1))


def figures(official: Any, results: list[dict[str, Any]]) -> dict[str, float]:
    """What it prints of them, in its order."""
    printed = io.StringIO()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(printed):
        run = Path(folder) / "2026-01-01-00-00-00--run"
        for number, row in enumerate(results):
            exercise = run / "python" / "exercises" / "practice" / str(number)
            exercise.mkdir(parents=True)
            (exercise / ".aider.results.json").write_text(json.dumps(row))
        official.summarize_results(run)
    return {name: float(value) for name, value in LINE.findall(printed.getvalue())}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
