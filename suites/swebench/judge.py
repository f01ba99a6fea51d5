"""From an instance and a patch to two verdicts.

official: the official run, its log by the official rules. In the official classes: "resolved", "unresolved",
"empty_patch", and "error", which the harness calls whatever has no report: a patch that does not apply, tests
that are late, a log that its parser cannot read. Here those are the model's, each with its own reason.

strict: every expected test seen to pass where the patch could not make it seem so (evalkit_suites.swebench.
strict). What fails officially with nothing left out of it fails strictly too, and is not run again. Where the
two part ways the sample is suspect, with the evidence, unless the reference itself does not pass strictly
here: then there is no strict verdict on this task.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypedDict

from evalkit.task import TestResult, Verdict, error, failed, not_run, passed
from evalkit.witness import NoLaunch
from evalkit.workspace import WorkspaceSandbox

from .changes import Changes
from .grading import Ungradable, grade_log
from .instances import Instance, read_instance
from .official import LOG_BYTES, OfficialRun, apply_alone, run_official
from .strict import Strict, left_out, run_strict, taken, unsupported
from .suspicion import in_log, in_patch, paths_of

RESOLVED, UNRESOLVED, EMPTY, ERROR = "resolved", "unresolved", "empty_patch", "error"
TEST_TIMEOUT_S = 1800.0  # the official default
DETAIL = 400  # characters of output in a verdict's detail
SHOWN = 3


class How(TypedDict):
    image: str
    test_timeout_s: float
    network: bool


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
        return both(failed("empty_patch", official=EMPTY))
    try:
        data = patch.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return both(failed("patch_apply", "half a surrogate pair in the patch: no UTF-8", official=ERROR))
    how: How = {"image": image, "test_timeout_s": test_timeout_s, "network": network}
    run = await run_official(instance, data, sandbox, **how)
    verdict = await official_verdict(row, instance, patch, run)
    if not run.applied:
        return both(verdict)
    return await with_strict(verdict, row, instance, run, sandbox, how)


def both(verdict: Verdict) -> Verdict:
    return replace(verdict, strict=replace(verdict, log=b"", measured={}))


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


async def with_strict(
    verdict: Verdict,
    row: Mapping[str, Any],
    instance: Instance,
    run: OfficialRun,
    sandbox: WorkspaceSandbox,
    how: How,
) -> Verdict:
    """The official verdict with the strict one. What makes them part ways is the strict one's `suspect`; the
    official one's is what its log shows, unless that was proven."""
    tests = tuple(paths_of(str(row.get("test_patch") or "")))
    passes = verdict.outcome == "passed"
    signs = in_log(instance, verdict.log) if passes else []
    known = run.changes
    if isinstance(known, str):
        proven = failed("wrong", known)
    elif not passes and not left_out(known, tests):
        return both(verdict)
    else:
        try:
            proven = await strictly(row, instance, verdict, known, tests, sandbox, how)
            apart = passes and proven.outcome == "failed" and run.patch != reference(row)
            if apart and not await reference_passes(row, instance, tests, sandbox, how):
                proven = not_run("unavailable", "the reference itself does not pass strictly here")
        except NoLaunch as e:
            proven = error("grader", str(e)[:DETAIL])
    if passes and proven.outcome == "failed":
        touched = [] if isinstance(known, str) else in_patch(known.paths, tests)
        said = "; ".join([f"the official verdict is resolved, but {proven.detail[:DETAIL]}", *touched])
        proven = replace(proven, suspect=said)
    return replace(
        verdict,
        strict=replace(proven, measured={}),
        suspect="" if proven.outcome == "passed" else "; ".join(signs),
        measured={**verdict.measured, **{f"strict_{key}": value for key, value in proven.measured.items()}},
    )


async def strictly(
    row: Mapping[str, Any],
    instance: Instance,
    verdict: Verdict,
    changes: Changes,
    tests: tuple[str, ...],
    sandbox: WorkspaceSandbox,
    how: How,
) -> Verdict:
    """Where no witness can be among the tests: the official run again without what steers them, if there was
    any, and nothing odd in its log."""
    if not unsupported(instance):
        return strict_verdict(await run_strict(instance, changes, tests, sandbox, **how))
    chosen, left = taken(changes, tests, start=())
    again = verdict
    if left:
        run = await run_official(instance, chosen, sandbox, **how)
        again = await official_verdict(row, instance, "taken", run)
    signs = in_log(instance, again.log)
    if again.outcome != "passed" or not signs:
        return replace(again, log=b"", official="")
    return failed("wrong", f"the log is not to be believed: {'; '.join(signs)}", tests=again.tests)


def strict_verdict(strict: Strict) -> Verdict:
    measured = {"test_s": round(strict.wall_s, 3)}
    if not strict.faults:
        return passed(tests=strict.tests, measured=measured)
    out = f"; not taken: {', '.join(strict.left[:SHOWN])}" if strict.left else ""
    detail = f"{'; '.join(strict.faults)}{out}: {strict.output[-DETAIL:]}"
    return failed(strict.reason, detail, tests=strict.tests, measured=measured)


def reference(row: Mapping[str, Any]) -> bytes:
    return str(row.get("patch") or "").encode("utf-8", "surrogateescape")


async def reference_passes(
    row: Mapping[str, Any],
    instance: Instance,
    tests: tuple[str, ...],
    sandbox: WorkspaceSandbox,
    how: How,
) -> bool:
    """Whether the row's own patch passes strictly in this image: if not, failing so means nothing. Asked only
    where the verdicts part ways."""
    if not unsupported(instance):
        changes = await apply_alone(reference(row), sandbox, image=how["image"])
        if isinstance(changes, str):
            return False
        return not (await run_strict(instance, changes, tests, sandbox, **how)).faults
    run = await run_official(instance, reference(row), sandbox, **how)
    if isinstance(run.changes, str) or not run.applied:
        return False
    verdict = await official_verdict(row, instance, "reference", run)
    return (await strictly(row, instance, verdict, run.changes, tests, sandbox, how)).outcome == "passed"
