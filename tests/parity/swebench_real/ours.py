"""The same answers graded by us, without a network."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from evalkit_suites.swebench.judge import grade

from evalkit.sandbox import open_workspace_sandbox
from evalkit.task import Verdict


async def graded(
    row: Mapping[str, Any], patches: Mapping[str, str], timeout_s: float
) -> dict[str, dict[str, Any]]:
    """By kind: the official class, every test, the strict verdict, seconds."""
    image = str(row["image"])
    sandbox = await open_workspace_sandbox(images=(image,), computing=1, run_label="parity")
    try:
        told = {}
        for kind, patch in patches.items():
            started = time.monotonic()
            verdict = await grade(row, patch, sandbox, image=image, test_timeout_s=timeout_s, network=False)
            told[kind] = facts(verdict, time.monotonic() - started)
        return told
    finally:
        await sandbox.close()


def facts(verdict: Verdict, wall_s: float) -> dict[str, Any]:
    strict = verdict.strict
    return {
        "class": verdict.official,
        "outcome": verdict.outcome.value,
        "reason": verdict.reason,
        "detail": verdict.detail,
        "passed": sorted(test.name for test in verdict.tests if test.status == "passed"),
        "failed": sorted(test.name for test in verdict.tests if test.status != "passed"),
        "strict": strict.outcome.value if strict else None,
        "strict_why": f"{strict.reason}: {strict.detail}"[:300] if strict else None,
        "suspect": verdict.suspect,
        "measured": dict(verdict.measured),
        "wall_s": round(wall_s, 1),
        "log_end": verdict.log[-400:].decode("utf-8", "replace"),
    }
