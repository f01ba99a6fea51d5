"""A pytest plugin that reports each test by name as it ends."""

from __future__ import annotations

import json
import os
from typing import Any

_pipe = os.open(os.environ.pop("REPORT"), os.O_WRONLY)
_status: dict[str, str] = {}


def pytest_runtest_logreport(report: Any) -> None:
    """Called for set-up, the test itself and tear-down; subtests report as their test."""
    name = "::".join(report.nodeid.split("::")[1:])
    if report.outcome != "passed" and _status.get(name) != "failed":
        _status[name] = "skipped" if report.skipped else "failed"
    if report.when == "teardown":
        fact = {"name": name, "status": _status.get(name, "passed")}
        os.write(_pipe, json.dumps(fact).encode() + b"\n")
