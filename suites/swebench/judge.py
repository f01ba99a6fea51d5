"""From an instance and a patch to a verdict.

The official one: the official run, its log by the official rules. In the official classes: "resolved",
"unresolved", "empty_patch", and "error", which the harness calls whatever has no report: a patch that does
not apply, tests that are late, a log that its parser cannot read. Here those are the model's, each with its
own reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from evalkit.task import TestResult, Verdict, failed, passed
from evalkit.workspace import WorkspaceSandbox

from .grading import Ungradable, grade_log
from .instances import Instance, read_instance
from .official import LOG_BYTES, OfficialRun, run_official

RESOLVED, UNRESOLVED, EMPTY, ERROR = "resolved", "unresolved", "empty_patch", "error"
TEST_TIMEOUT_S = 1800.0  # the official default
DETAIL = 400  # characters of output in a verdict's detail
SHOWN = 3


async def grade(
    row: Mapping[str, Any],
    patch: str | None,
    sandbox: WorkspaceSandbox,
    *,
    image: str,
    test_timeout_s: float = TEST_TIMEOUT_S,
    network: bool = False,
) -> Verdict:
    """The verdict on a patch of an instance (a row of the 5.x schema), as text of git's with last newline.

    `image`: where the repository lies in /testbed. SandboxError where the engine failed, DataError for a row
    that is none.
    """
    instance = read_instance(row)
    if not patch:
        return failed("empty_patch", official=EMPTY)
    try:
        data = patch.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return failed("patch_apply", "half a surrogate pair in the patch: no UTF-8", official=ERROR)
    run = await run_official(
        instance, data, sandbox, image=image, test_timeout_s=test_timeout_s, network=network
    )
    return await official_verdict(row, instance, patch, run)


async def official_verdict(
    row: Mapping[str, Any], instance: Instance, patch: str, run: OfficialRun
) -> Verdict:
    if not run.applied:
        return failed("patch_apply", run.said[-DETAIL:], official=ERROR)
    executed = run.executed
    if executed is None:
        return failed("crashed", "the tests ended their workspace, twice", official=ERROR)
    measured = {"test_s": round(executed.wall_s, 3)}
    if executed.timed_out:
        detail = f"not done in time: {run.log.decode('utf-8', 'replace')[-DETAIL:]}"
        return failed("test_timeout", detail, official=ERROR, log=run.log, measured=measured)
    if executed.ended or executed.dropped:
        why = executed.ended or f"more than {LOG_BYTES >> 20} MiB of output"
        reason = "crashed" if executed.ended == "unkillable" else "output"
        return failed(reason, why, official=ERROR, log=run.log, measured=measured)
    prediction = {"instance_id": instance.id, "model_patch": patch}
    try:
        # a hostile log may take seconds to read: others must not wait for it
        report = await asyncio.to_thread(grade_log, row, prediction, run.log)
    except Ungradable as e:
        return failed("wrong", str(e)[:DETAIL], official=ERROR, log=run.log, measured=measured)
    tests = results(report)
    if report["resolved"]:
        return passed(official=RESOLVED, tests=tests, log=run.log, measured=measured)
    return failed("wrong", _why(report), official=UNRESOLVED, tests=tests, log=run.log, measured=measured)


def results(report: Mapping[str, Any]) -> tuple[TestResult, ...]:
    """Of each expected test, as the official report has them."""
    return tuple(
        TestResult(name, status)
        for lists in report.get("tests_status", {}).values()
        for status, names in (("passed", lists["success"]), ("wrong", lists["failure"]))
        for name in names
    )


def _why(report: Mapping[str, Any]) -> str:
    if "tests_status" not in report:
        sign = report.get("infra_failure_reason")
        return "the log describes no run of the tests" + (f" ({sign})" if sign else "")
    parts = []
    for key, lists in report["tests_status"].items():
        if names := lists["failure"]:
            more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
            total = len(names) + len(lists["success"])
            parts.append(f"{len(names)} of {total} {key} failed: {', '.join(names[:SHOWN])}{more}")
    return "; ".join(parts)
