"""One answer to one verdict: extract, score, and name what only the rollout knows."""

from __future__ import annotations

import asyncio
import dataclasses

from evalkit.outcome import REASONS, Outcome
from evalkit.program import ProgramSandbox
from evalkit.suite import Suite
from evalkit.task import WORK, Answer, Task, Verdict, failed, not_run
from evalkit.workspace import WorkspaceSandbox

CUT_SHORT = {"length": "truncated", "content_filter": "refused", "context": "context"}


async def judge(
    suite: Suite, task: Task, answer: Answer, finish_reason: str, sandbox: ProgramSandbox | WorkspaceSandbox
) -> Verdict:
    """The verdict, with the strict one where the suite has both. SandboxError where the sandbox broke.

    A reply that was cut short never ends as `wrong`. What is left of it is judged in any case, and said.
    """
    if answer.form in WORK:
        return ended_early(await suite.score(task, answer, sandbox), finish_reason)
    cut = finish_reason in CUT_SHORT and not (finish_reason == "context" and answer.form != "reply")
    # a hostile reply may take seconds to read: other calls must not wait for it
    code = await asyncio.to_thread(suite.protocol().extract, task, answer)
    if code is None or not code.text.strip():
        verdict = failed("no_answer", "no code in the reply" if answer.text.strip() else "empty reply")
    else:
        verdict = await suite.score(task, code, sandbox)
        if verdict.extracted is None:
            verdict = dataclasses.replace(verdict, extracted=code.text)
    if cut and verdict.scored:
        counts = _counts(suite, task)
        if not (counts and verdict.outcome is Outcome.PASSED):
            left = verdict.reason or str(verdict.outcome)
            verdict = dataclasses.replace(
                verdict,
                outcome=Outcome.FAILED,
                reason=CUT_SHORT[finish_reason],
                detail=f"finish_reason {finish_reason}; judged as it stood: {left}",
                # what does not count in the score does not count in a part of it either
                parts=verdict.parts if counts else dict.fromkeys(verdict.parts, False),
            )
        return verdict
    return ended_early(verdict, finish_reason)


def ended_early(verdict: Verdict, end: str) -> Verdict:
    """Work that ran into a limit is judged as it stands: it may pass; what fails, fails for that."""
    if verdict.strict:
        verdict = dataclasses.replace(verdict, strict=ended_early(verdict.strict, end))
    if verdict.outcome is not Outcome.FAILED or end not in REASONS[Outcome.FAILED]:
        return verdict
    left = f"judged as it stood: {verdict.reason}"
    return dataclasses.replace(verdict, reason=end, detail=f"{left}; {verdict.detail}".rstrip("; "))


def proven(verdict: Verdict, why: str | None) -> Verdict:
    """The verdict; where not even gold passes strictly (`why`), the strict one is not available: no suspicion
    comes of it."""
    if not why or verdict.strict is None:
        return verdict
    return dataclasses.replace(verdict, strict=not_run("unavailable", why))


def _counts(suite: Suite, task: Task) -> bool:
    """Whether what is left of a cut reply counts: see CommonOptions."""
    judged = getattr(suite.options, "truncated", "fail") == "judge"
    return judged or suite.protocol().prompt(task).text is not None
