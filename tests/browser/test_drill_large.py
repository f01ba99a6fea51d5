"""A report over 50,000 samples, as the issue promises it: built, opened and sorted within its bounds."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.steady import steady

REPORT = Path(__file__).parents[2] / "benchmarks" / "report.py"


@pytest.mark.full
@steady
def test_fifty_thousand_samples(tmp_path: Path) -> None:
    """By the benchmark, which writes the run through the store and opens the page in Chromium."""
    import json

    command = [sys.executable, str(REPORT), "--rounds", "3", "--json"]
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    one, two = json.loads(done.stdout.splitlines()[-1])["blocks"]
    assert time.monotonic() - began < 1200
    for block in (one, two):
        assert block["build_s"] < 60
        assert block["size_mb"] < 2.5
        assert block["rows_ms"] < 1000
        assert block["sort_ms"] < 150
        assert block["peak_mb"] < 1000
