"""Two verdicts for one answer: the official one, and the strict one that no answer can talk itself into
wholesale.

official: the exit code of the official command, the test files put back, in a fresh workspace of the
image's user. strict: every expected test reported as passed (evalkit_suites.aider_polyglot.strict).

One run serves for both where the official exit code follows from the strict run: the answer changed nothing
that a strict run does not take, and it does not build, by the same commands; or is not done in time; or a
test failed and so did the run; or all tests passed but our traps, each of which came out as it must, and the
exit code is that of failed tests. In any other case the official command is run too. Where the two verdicts
differ, the sample is suspect, with the evidence.
"""

from __future__ import annotations

from dataclasses import replace
from time import monotonic

from evalkit.patch import apply_patch
from evalkit.task import TestResult, Verdict, error, failed, passed
from evalkit.witness import NoLaunch
from evalkit.workspace import Executed, NotAFile, Tree, WorkspaceSandbox, WorkspaceSpec

from .exercises import Exercise
from .runners import RUNNERS, folder_of
from .strict import Strict, run_strict
from .testing import Tested, run_official

REASONS = {"failed": "wrong", "skipped": "wrong", "missing": "crashed"}  # of single tests
DETAIL = 400  # characters of output in a verdict's detail


async def grade(exercise: Exercise, patch: str, sandbox: WorkspaceSandbox, *, image: str) -> Verdict:
    """The verdict on what the patch makes of the start files. SandboxError where the engine failed."""
    try:
        work = apply_patch(exercise.start, patch)
    except ValueError as e:
        return _not_applied(e)
    started = monotonic()
    try:
        strict = await run_strict(sandbox, image, exercise, work)
    except NotAFile as e:
        return _not_applied(e)
    except NoLaunch as e:
        return error("grader", f"{exercise.id}: {e}"[:600])
    strictly = monotonic() - started
    measured = {"strict_s": round(strictly, 3)}
    tests = tuple(TestResult(name, REASONS.get(status, status)) for name, status in strict.tests.items())
    proven = _strict_verdict(strict, tests)
    if one_run_serves(exercise, strict):
        verdict = proven
    else:
        tested = await official(exercise, work, sandbox, image)
        measured["official_s"] = round(monotonic() - started - strictly, 3)
        verdict = _official_verdict(tested)
    return Verdict(
        verdict.outcome,
        verdict.reason,
        verdict.detail,
        official="pass" if verdict.outcome == "passed" else "fail",
        tests=tests,
        suspect=_suspicion(verdict, proven, strict),
        measured=measured,
        strict=proven,
    )


def _not_applied(why: Exception) -> Verdict:
    wrong = failed("patch_apply", str(why)[:DETAIL])
    return replace(wrong, strict=wrong)


def one_run_serves(exercise: Exercise, strict: Strict) -> bool:
    """Whether the official command's exit code follows from the strict run."""
    if strict.left or strict.own_tests:
        return False
    if not strict.built or strict.executed.timed_out:
        return True
    red = any(status == "failed" for status in strict.tests.values())
    if strict.faults:
        return red and strict.status != 0
    return strict.orderly and not red and strict.status == RUNNERS[exercise.language].red


async def official(exercise: Exercise, work: Tree, sandbox: WorkspaceSandbox, image: str) -> Tested:
    workspace = await sandbox.open(WorkspaceSpec(image))
    try:
        await workspace.write(work.files, folder=folder_of(exercise))
        return await run_official(workspace, exercise)
    finally:
        await workspace.close()


def _official_verdict(tested: Tested) -> Verdict:
    if tested.passed:
        return passed()
    return _failed(tested.executed, f"exit code {tested.status}: {tested.text[-DETAIL:]}")


def _strict_verdict(strict: Strict, tests: tuple[TestResult, ...]) -> Verdict:
    if not strict.faults:
        return passed(tests=tests)
    detail = "; ".join(strict.faults)
    if not strict.built or not strict.orderly:
        detail = f"{detail}: {strict.output[-DETAIL:]}"
    verdict = _failed(strict.executed, detail)
    return failed(verdict.reason, verdict.detail, tests=tests)


def _failed(executed: Executed, detail: str) -> Verdict:
    reason = "test_timeout" if executed.timed_out else "output" if executed.ended == "disk" else "wrong"
    return failed(reason, detail)


def _suspicion(official: Verdict, proven: Verdict, strict: Strict) -> str:
    """The evidence where one passes and the other does not; "" where they agree."""
    if official.outcome == proven.outcome:
        return ""
    left = ", ".join(strict.left[:8])
    out = f"; changes that a strict run does not take: {left}" if left else ""
    if official.outcome == "passed":
        return f"the official command passes, but {'; '.join(strict.faults)}{out}"
    return f"all expected tests pass, but the official command does not{out}: {official.detail[:200]}"
