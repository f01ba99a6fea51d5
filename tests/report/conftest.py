"""Runs that all tests of reports share; nobody changes them."""

from __future__ import annotations

import pytest

from tests.report.runs import Runs, make_runs


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory, docker_engine: object) -> Runs:
    return make_runs(tmp_path_factory.mktemp("runs"))
