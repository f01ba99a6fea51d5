"""Aider-Polyglot's real exercises, where a checkout of them is at hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

NAMES = ("aider-polyglot/polyglot-benchmark", "polyglot-benchmark")


def checkout() -> Path:
    """EVALKIT_AIDER_POLYGLOT, or a folder of the data folder; skips with the reason where there is none."""
    places = [Path(os.environ["EVALKIT_AIDER_POLYGLOT"])] if "EVALKIT_AIDER_POLYGLOT" in os.environ else []
    if data := os.environ.get("EVALKIT_DATA"):
        places += [Path(data) / name for name in NAMES]
    for place in places:
        if (place / "python" / "exercises" / "practice").is_dir():
            return place
    pytest.skip("no checkout of polyglot-benchmark: EVALKIT_AIDER_POLYGLOT is its root")


def index() -> Path:
    """The index of the exercises that the research made."""
    path = Path(os.environ.get("EVALKIT_DATA", "")) / "aider-polyglot" / "exercises.jsonl"
    if not path.is_file():
        pytest.skip("no index of the exercises: EVALKIT_DATA/aider-polyglot/exercises.jsonl")
    return path
