"""One answer to one verdict: extract, score, and name what only the rollout knows."""

from __future__ import annotations

import asyncio
import dataclasses

from evalkit.outcome import Outcome
from evalkit.program import ProgramSandbox
from evalkit.suite import Suite
from evalkit.task import Answer, Task, Verdict, failed

CUT_SHORT = {"length": "truncated", "content_filter": "refused", "context": "context"}


async def judge(
    suite: Suite, task: Task, answer: Answer, finish_reason: str, sandbox: ProgramSandbox
) -> Verdict:
    """The official verdict. SandboxError where the sandbox broke.

    A reply that was cut short never ends as `wrong`. What is left of it is judged in any case, and said.
    """
    # a hostile reply may take seconds to read: other calls must not wait for it
    code = await asyncio.to_thread(suite.protocol().extract, task, answer)
    if code is None or not code.text.strip():
        verdict = failed("no_answer", "no code in the reply" if answer.text.strip() else "empty reply")
    else:
        verdict = await suite.score(task, code, sandbox)
        if verdict.extracted is None:
            verdict = dataclasses.replace(verdict, extracted=code.text)
    if finish_reason in CUT_SHORT and verdict.scored and not _stands(suite, task, verdict):
        left = verdict.reason or str(verdict.outcome)
        detail = f"finish_reason {finish_reason}; judged as it stood: {left}"
        outcome, reason = Outcome.FAILED, CUT_SHORT[finish_reason]
        verdict = dataclasses.replace(verdict, outcome=outcome, reason=reason, detail=detail)
    return verdict


def _stands(suite: Suite, task: Task, verdict: Verdict) -> bool:
    """Whether a good verdict on what is left of a reply counts: see CommonOptions."""
    judged = getattr(suite.options, "truncated", "fail") == "judge"
    return verdict.outcome is Outcome.PASSED and (judged or suite.protocol().prompt(task).text is not None)
