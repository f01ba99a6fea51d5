"""A result as a judge's container sends it, where a stranger's test may have written it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit.outcome import REASONS, Outcome
from evalkit.program import Judgement
from evalkit.task import TestResult

STATUSES = ("passed", "grader", *REASONS[Outcome.FAILED])


def judgement(result: Mapping[str, Any]) -> Judgement:
    """A result with every part forced into its type. One of another form is a fault of the judge's side."""
    status, data = result.get("status", "grader"), result.get("data", {})
    try:
        if status not in STATUSES:
            raise ValueError(f"no such status: {status!r:.100}")
        tests = tuple(TestResult(str(t[0]), str(t[1]), str(t[2])) for t in result.get("tests", ()))
        measured = {str(k): float(v) for k, v in result.get("measured", {}).items()}
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError) as e:
        return Judgement("grader", f"the judge's result has another form than due: {e}")
    return Judgement(
        status=str(status),
        detail=str(result.get("detail", "")),
        tests=tests,
        measured=measured,
        stdout=str(result.get("stdout", "")),
        data=data if isinstance(data, dict) else {},
        again=bool(result.get("again", False)),
    )
