"""How a verdict is kept: one word, digests of report and statuses; and a run whose report is kept whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .case import Case


def told(case: Case, report: Mapping[str, Any], statuses: Mapping[str, str]) -> list[Any]:
    """[source, number, the case's sha256, word, the report's sha256, the statuses' sha256].

    `statuses`: what the parser makes of the whole log, whose order counts; {"raises": ...} where it breaks.
    """
    said = json.dumps(report, sort_keys=True), json.dumps(list(statuses.items()))
    digests = [hashlib.sha256(text.encode()).hexdigest()[:16] for text in said]
    return [case.source, case.number, case.sha256, word(report), *digests]


def word(report: Mapping[str, Any]) -> str:
    if "raises" in report:
        return f"raises {report['raises']}"
    if report["patch_is_None"]:
        return "no patch"
    if not report["patch_successfully_applied"]:
        return f"invalid {report.get('infra_failure_reason', '')}".strip()
    return "resolved" if report["resolved"] else "unresolved"


def plain(resolved: bool) -> dict[str, Any]:
    return {"resolved": resolved}


@dataclass(frozen=True)
class Run:
    """A run of ten instances, one of each fate."""

    instance_ids: list[str] = field(
        default_factory=lambda: [f"a__b-{n}" for n in (9, 8, 7, 6, 5, 4, 3, 2, 1, 10)]
    )
    predictions: list[dict[str, Any]] = field(
        default_factory=lambda: [
            {"instance_id": name, "model_name_or_path": "org/model", "model_patch": patch}
            for name, patch in [
                ("a__b-9", "x"),
                ("a__b-8", "x"),
                ("a__b-7", None),
                ("a__b-6", ""),
                ("a__b-5", "\n"),
                ("a__b-4", "x"),
                ("a__b-3", "x"),
                ("a__b-2", "x"),
                ("c__d-1", "x"),
            ]
        ]
    )
    graded: dict[str, tuple[dict[str, Any] | None, str]] = field(
        default_factory=lambda: {
            "a__b-9": (plain(True), "Could not resolve host: but resolved"),
            "a__b-8": (plain(False), "wrong"),
            "a__b-5": (None, "no patch in it"),
            "a__b-4": (None, "half\n\nTimeout error: 1800 seconds exceeded."),
            "a__b-3": (plain(False), "a\nKilled\nb"),
            "a__b-2": (plain(False), "ModuleNotFoundError: x\ncollected 0 items"),
        }
    )


RUN = Run()
