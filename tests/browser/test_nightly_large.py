"""The dashboard of a year, as issue 10 promises it: a few megabytes, opened in about a second."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.steady import steady

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "nightly_page.py"


@pytest.mark.full
@steady
def test_a_year_of_eighteen_series(tmp_path: Path) -> None:
    """By the benchmark: 18 series x 365 nights x 500 tasks, read from records and opened in Chromium."""
    done = subprocess.run(
        [sys.executable, str(BENCHMARK), "--json"], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert (found["series"], found["nights"], found["tasks"]) == (18, 365, 500)
    assert found["same_twice"]
    assert found["size_mb"] < 4
    assert found["open_ms"] < 1500
    assert found["map_ms"] < 400
