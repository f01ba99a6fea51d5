"""Runs that all tests of reports share; nobody changes them."""

from __future__ import annotations

import pytest

from tests.report.runs import Runs


@pytest.fixture(scope="session")
def runs(real_runs: Runs) -> Runs:
    return real_runs
